/*
 * control.h - the control socket: one JSON object per line, each way
 *
 * {"cmd":"status"} is answered with {"ok":true,"result":{...}}, what cannot be
 * with {"ok":false,"error":"..."}.  Read only.  One command may be for root
 * only, whoever else may connect.
 */
#ifndef HOST_AGENT_CONTROL_H
#define HOST_AGENT_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

#define CONTROL_REQUEST_MAX 4096 /* bytes, newline included */
#define CONTROL_PEERS_MAX   16
#define CONTROL_IDLE_S	    10 /* neither asks nor reads for so long: closed */

struct event_base;
struct control;

/* A new reference, or NULL for a command it does not know. */
typedef json_t *(*control_answer_fn)(void *ctx, const char *cmd);

/* As above, of the whole request; NULL with *why (static text). */
typedef json_t *(*control_root_fn)(void *ctx, const json_t *request,
				   const char **why);

/* NULL with why (USOCK_WHY_MAX bytes); it listens on return. */
struct control *control_new(struct event_base *base, const char *path,
			    gid_t gid, char *why);
void control_set_answer(struct control *c, control_answer_fn fn, void *ctx);
/* cmd is answered by fn if the peer's user ID is 0. */
void control_set_root_command(struct control *c, const char *cmd,
			      control_root_fn fn, void *ctx);
void control_free(struct control *c); /* NULL is fine */

/*
 * The reply to one request of len bytes without its newline: a string to be
 * freed, NULL when out of memory.
 */
char *control_reply(const char *request, size_t len, control_answer_fn fn,
		    void *ctx);

#endif /* HOST_AGENT_CONTROL_H */

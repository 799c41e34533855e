/*
 * control.h - the control socket: one JSON object per line, each way
 *
 * {"cmd":"status"} is answered with {"ok":true,"result":{...}}, what cannot be
 * with {"ok":false,"error":"..."}.  Questions are answered to every peer;
 * commands that change something are for uid 0 (SO_PEERCRED).
 */
#ifndef HOST_AGENT_CONTROL_H
#define HOST_AGENT_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

#define CONTROL_REQUEST_MAX  4096 /* bytes, newline included */
#define CONTROL_PEERS_MAX    16
#define CONTROL_COMMANDS_MAX 8
#define CONTROL_WHY_MAX	     256
#define CONTROL_IDLE_S	     10 /* neither asks nor reads for so long: closed */

struct event_base;
struct control;
struct listener_at;

/* A new reference, or NULL for a command it does not know. */
typedef json_t *(*control_answer_fn)(void *ctx, const char *cmd);

/*
 * Does what the request asks, cmd included.  A new reference, or NULL with why
 * (CONTROL_WHY_MAX bytes).
 */
typedef json_t *(*control_command_fn)(void *ctx, const json_t *request,
				      char *why);

/*
 * Goes on with the connection, of which it gets a descriptor of its own, and
 * writes the reply itself.  0, or -errno with why (CONTROL_WHY_MAX bytes).
 */
typedef int (*control_stream_fn)(void *ctx, int fd, const json_t *request,
				 char *why);

/*
 * The path is copied, the key is static.  A socket that cannot be made is
 * logged and tried again (listener.h).  NULL: no memory.
 */
struct control *control_new(struct event_base *base,
			    const struct listener_at *at);
/* Why it does not listen; NULL: it does. */
const char *control_lacks(const struct control *c);
/* Once a second. */
void control_tick(struct control *c);
void control_set_answer(struct control *c, control_answer_fn fn, void *ctx);

/* A command that changes something.  name is static; at most _COMMANDS_MAX. */
void control_add_command(struct control *c, const char *name,
			 control_command_fn fn, void *ctx);
/* The same of a command that goes on with the connection. */
void control_add_stream(struct control *c, const char *name,
			control_stream_fn fn, void *ctx);
/* Its commands are also for this user, not for root alone. */
void control_allow(struct control *c, uid_t uid);

/* As control_reply(), of a request by uid. */
char *control_execute(const struct control *c, uid_t uid, const char *request,
		      size_t len);
void control_free(struct control *c); /* NULL is fine */

/*
 * The reply to one request of len bytes without its newline: a string to be
 * freed, NULL when out of memory.
 */
char *control_reply(const char *request, size_t len, control_answer_fn fn,
		    void *ctx);

#endif /* HOST_AGENT_CONTROL_H */

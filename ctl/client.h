/*
 * client.h - one question to the host agent over its control socket
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stddef.h>

#include <jansson.h>

#define CLIENT_TIMEOUT_S 5 /* to connect, and between pieces of the reply */
#define CLIENT_REPLY_MAX (16u << 20) /* bytes; 4096 domains need 3 million */
#define CLIENT_WHY_MAX	 512

/*
 * Asks {"cmd":cmd}.  *result receives the reply's "result", a new reference.
 * 0, or -errno with why: what happened and what to do.
 */
int client_ask(const char *socket_path, const char *cmd, json_t **result,
	       char why[static CLIENT_WHY_MAX]);

/* The same of a whole request. */
int client_request(const char *socket_path, const json_t *request,
		   json_t **result, char why[static CLIENT_WHY_MAX]);

/*
 * Sends a request and leaves the rest to the caller: a socket that stops
 * waiting after CLIENT_TIMEOUT_S, or -errno with why.
 */
int client_start(const char *socket_path, const json_t *request,
		 char why[static CLIENT_WHY_MAX]);

/* One more line each way over such a socket.  0 or -errno with why. */
int client_say(int fd, const json_t *line, char why[static CLIENT_WHY_MAX]);
int client_hear(int fd, json_t **result, char why[static CLIENT_WHY_MAX]);

/*
 * The result in a reply of len bytes, newline included or not.  0, or -EPROTO
 * (no reply) or -EINVAL (the agent refused) with why.
 */
int client_parse(const char *reply, size_t len, json_t **result,
		 char why[static CLIENT_WHY_MAX]);

#endif /* CTL_CLIENT_H */

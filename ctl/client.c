#include "ctl/client.h"

#include <errno.h>
#include <stdint.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define REPLY_FIRST 65536 /* bytes; doubled as needed */

/* Whose members may connect, as far as it can be found out. */
static void explain_permission(const char *path, char *why)
{
	const struct group *g = NULL;
	struct stat st;

	if (stat(path, &st) == 0)
		g = getgrgid(st.st_gid);
	if (g && g->gr_gid)
		snprintf(why, CLIENT_WHY_MAX,
			 "%s: permission denied: for members of group %s and "
			 "root",
			 path, g->gr_name);
	else
		snprintf(why, CLIENT_WHY_MAX,
			 "%s: permission denied: for members of control_group "
			 "(onerng-hostd.conf(5)) and root",
			 path);
}

static int explain_connect(const char *path, int err, char *why)
{
	if (err == EACCES)
		explain_permission(path, why);
	else if (err == EAGAIN || err == EINPROGRESS)
		snprintf(why, CLIENT_WHY_MAX,
			 "%s: no answer within %d s: onerng-hostd is stuck?",
			 path, CLIENT_TIMEOUT_S);
	else
		snprintf(why, CLIENT_WHY_MAX,
			 "onerng-hostd is not running? (%s: %s)", path,
			 strerror(err));
	return -err;
}

static int client_connect(const char *path, char *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = CLIENT_TIMEOUT_S };
	size_t len = strlen(path);
	int fd, err;

	if (len >= sizeof(sa.sun_path))
		return explain_connect(path, ENAMETOOLONG, why);
	memcpy(sa.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain_connect(path, errno, why);
	/* the send timeout bounds connect(2) too, see unix(7) */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0 ||
	    connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		err = errno;
		close(fd);
		return explain_connect(path, err, why);
	}
	return fd;
}

/* More room, up to CLIENT_REPLY_MAX.  0 or -errno; *buf stays valid. */
static int reserve(char **buf, size_t *size, size_t used)
{
	size_t bigger = *size ? *size * 2 : REPLY_FIRST;
	char *grown;

	if (used < *size)
		return 0;
	if (bigger > CLIENT_REPLY_MAX)
		return -EMSGSIZE;
	grown = realloc(*buf, bigger);
	if (!grown)
		return -ENOMEM;
	*buf = grown;
	*size = bigger;
	return 0;
}

/* Reads one line.  Its length, or -errno; *buf is the caller's either way. */
static ssize_t receive(int fd, char **buf)
{
	size_t size = 0, used = 0;
	ssize_t n;
	int r;

	for (;;) {
		r = reserve(buf, &size, used);
		if (r < 0)
			return r;
		n = recv(fd, *buf + used, size - used, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -EPROTO;
		used += (size_t)n;
		if ((*buf)[used - 1] == '\n')
			return (ssize_t)used;
	}
}

int client_parse(const char *reply, size_t len, json_t **result,
		 char why[static CLIENT_WHY_MAX])
{
	json_t *root = json_loadb(reply, len, 0, NULL);
	const char *error = NULL;
	char shown[200];
	int ok = 0, r = -EPROTO;

	*result = NULL;
	snprintf(why, CLIENT_WHY_MAX,
		 "the agent's reply is not understood: "
		 "is it of another version?");
	if (!root || json_unpack(root, "{s:b}", "ok", &ok) < 0)
		goto out;
	if (!ok && json_unpack(root, "{s:s}", "error", &error) == 0) {
		snprintf(
			why, CLIENT_WHY_MAX, "the agent says: %s",
			log_escape(shown, sizeof(shown), error, strlen(error)));
		r = -EINVAL;
	} else if (ok && json_unpack(root, "{s:O}", "result", result) == 0) {
		r = 0;
	}
out:
	json_decref(root);
	return r;
}

/* len bytes and a newline.  0 or -errno. */
static int send_line(int fd, const char *line, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)line, .iov_len = len },
		{ .iov_base = (char[]){ '\n' }, .iov_len = 1 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)len + 1)
		return 0;
	return errno ? -errno : -EIO;
}

static int explain_silence(int err, char *why)
{
	snprintf(why, CLIENT_WHY_MAX, "no reply from the agent: %s",
		 strerror(-err));
	return err;
}

int client_say(int fd, const json_t *line, char why[static CLIENT_WHY_MAX])
{
	char *text = json_dumps(line, JSON_COMPACT);
	int r = text ? send_line(fd, text, strlen(text)) : -ENOMEM;

	free(text);
	return r < 0 ? explain_silence(r, why) : 0;
}

int client_hear(int fd, json_t **result, char why[static CLIENT_WHY_MAX])
{
	char *reply = NULL;
	ssize_t n = receive(fd, &reply);
	int r;

	*result = NULL;
	if (n < 0)
		r = explain_silence((int)n, why);
	else
		r = client_parse(reply, (size_t)n, result, why);
	free(reply);
	return r;
}

int client_request(const char *socket_path, const json_t *request,
		   json_t **result, char why[static CLIENT_WHY_MAX])
{
	int fd = client_connect(socket_path, why);
	int r;

	*result = NULL;
	if (fd < 0)
		return fd;
	r = client_say(fd, request, why);
	if (r == 0)
		r = client_hear(fd, result, why);
	close(fd);
	return r;
}

int client_ask(const char *socket_path, const char *cmd, json_t **result,
	       char why[static CLIENT_WHY_MAX])
{
	json_t *request = json_pack("{s:s}", "cmd", cmd);
	int r = client_request(socket_path, request, result, why);

	json_decref(request);
	return r;
}

int client_start(const char *socket_path, const json_t *request,
		 char why[static CLIENT_WHY_MAX])
{
	char *line = json_dumps(request, JSON_COMPACT);
	int fd = client_connect(socket_path, why), r;

	if (fd >= 0) {
		r = line ? send_line(fd, line, strlen(line)) : -ENOMEM;
		if (r < 0) {
			snprintf(why, CLIENT_WHY_MAX, "no agent listens: %s",
				 strerror(-r));
			close(fd);
			fd = r;
		}
	}
	free(line);
	return fd;
}

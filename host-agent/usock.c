#include "host-agent/usock.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/textfile.h"

#define USOCK_BACKLOG 16

/* What an operator can do about it. */
static const char *advice(int err)
{
	switch (err) {
	case EEXIST:
		return ": move it away";
	case ENOSPC:
	case EDQUOT:
		return ": make room there (df, df -i)";
	case EADDRINUSE:
		return ": end that one";
	default:
		return "";
	}
}

static int explain(char *why, const char *path, const char *what, int err)
{
	snprintf(why, USOCK_WHY_MAX, "%s: %s: %s%s", path, what, strerror(err),
		 advice(err));
	return -err;
}

static int stream_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* -EADDRINUSE while somebody accepts there, 0 once the path is free. */
static int remove_stale(const struct sockaddr_un *sa, char *why)
{
	struct stat st;
	int fd, err;

	if (lstat(sa->sun_path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : explain(why, sa->sun_path, "lstat", errno);
	if (!S_ISSOCK(st.st_mode))
		return explain(why, sa->sun_path, "in the way, no socket",
			       EEXIST);
	fd = stream_socket();
	if (fd < 0)
		return explain(why, sa->sun_path, "socket", errno);
	err = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) ? errno : 0;
	close(fd);
	/* EAGAIN: its backlog is full, so it has one */
	if (!err || err == EAGAIN)
		return explain(why, sa->sun_path, "another process listens",
			       EADDRINUSE);
	if (unlink(sa->sun_path) < 0 && errno != ENOENT)
		return explain(why, sa->sun_path, "unlink", errno);
	return 0;
}

static int give(const char *path, gid_t gid, mode_t mode, char *why)
{
	if (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) < 0)
		return explain(why, path,
			       errno == EPERM
				       ? "cannot give it to its group: be a "
					 "member of that (SupplementaryGroups=)"
				       : "cannot give it to its group",
			       errno);
	if (chmod(path, mode) < 0)
		return explain(why, path, "chmod", errno);
	return 0;
}

static int make_address(struct sockaddr_un *sa, const char *path, char *why)
{
	size_t len = strlen(path);

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (len >= sizeof(sa->sun_path))
		return explain(why, path, "socket address", ENAMETOOLONG);
	memcpy(sa->sun_path, path, len + 1);
	return 0;
}

int usock_listen(const char *path, gid_t gid, mode_t mode, char *why)
{
	struct sockaddr_un sa;
	int fd, r = make_address(&sa, path, why);

	if (r == 0)
		r = remove_stale(&sa, why);
	if (r < 0)
		return r;
	fd = stream_socket();
	if (fd < 0)
		return explain(why, path, "socket", errno);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		r = explain(why, path, "bind", errno);
		close(fd);
		return r;
	}
	r = give(path, gid, mode, why);
	if (r == 0 && listen(fd, USOCK_BACKLOG) < 0)
		r = explain(why, path, "listen", errno);
	if (r < 0) {
		usock_unlisten(fd, path);
		return r;
	}
	return fd;
}

/* Is it a listening socket of that path, by its own word? */
static int check_left(int fd, const char *path, char *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(sa), size = sizeof(int);
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0 ||
	    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return explain(why, path, "socket of the last process", errno);
	if (!listens || sa.sun_family != AF_UNIX ||
	    strncmp(sa.sun_path, path, sizeof(sa.sun_path)))
		return explain(why, path, "socket of the last process",
			       EADDRNOTAVAIL);
	return 0;
}

/*
 * Does its file lead to it, or to another that was bound there meanwhile?  Who
 * connects sees the process that called listen(2) last, which for ours is this
 * one.  The connection is known by its name (usock_is_probe()).
 */
static int check_file(int fd, const char *path, char *why)
{
	const struct sockaddr_un none = { .sun_family = AF_UNIX };
	struct consumer_peer seen = { .pid = 0 };
	struct sockaddr_un sa;
	int probe, err = 0, r = make_address(&sa, path, why);

	if (r < 0)
		return r;
	if (listen(fd, USOCK_BACKLOG) < 0)
		return explain(why, path, "listen", errno);
	probe = stream_socket();
	if (probe < 0)
		return explain(why, path, "socket", errno);
	if (bind(probe, (const struct sockaddr *)&none,
		 sizeof(none.sun_family)) < 0 ||
	    connect(probe, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		err = errno;
	else if (usock_peer(probe, &seen) == 0 && seen.pid != getpid())
		err = EADDRINUSE;
	close(probe);
	/* so many wait there that it cannot be asked */
	return !err || err == EAGAIN ? 0 : explain(why, path, "its file", err);
}

int usock_adopt(int fd, const char *path, gid_t gid, mode_t mode, char *why)
{
	int r = check_left(fd, path, why);

	if (r == 0)
		r = check_file(fd, path, why);
	if (r < 0)
		return r;
	r = give(path, gid, mode, why);
	/* the next one is not to find that somebody listens there */
	if (r < 0)
		unlink(path);
	return r;
}

bool usock_is_probe(int fd, const struct consumer_peer *peer)
{
	struct sockaddr_un sa = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);

	return peer->pid == getpid() &&
	       getpeername(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       len > sizeof(sa.sun_family);
}

void usock_unlisten(int fd, const char *path)
{
	if (fd < 0)
		return;
	unlink(path);
	close(fd);
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything. */
static uint64_t start_time(pid_t pid)
{
	char text[512], *p;
	uint64_t start = 0;
	int field;

	if (textfile_read_proc(pid, "stat", text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ')');
	for (field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p && sscanf(p, " %" SCNu64, &start) == 1 ? start : 0;
}

int usock_peer(int fd, struct consumer_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	out->pid = cred.pid;
	out->uid = cred.uid;
	out->gid = cred.gid;
	out->start = start_time(cred.pid);
	return 0;
}

bool usock_peer_is_dead(const struct consumer_peer *peer)
{
	uint64_t start;

	if (peer->pid <= 0)
		return false; /* of another pid namespace: cannot tell */
	if (kill(peer->pid, 0) < 0 && errno == ESRCH)
		return true;
	start = start_time(peer->pid);
	return start && peer->start && start != peer->start;
}

#include "host-agent/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/handover_priv.h"

#define SELF "/proc/self/exe"

bool adopt_add(struct adopt *a, pid_t pid, int fd, const char *port)
{
	struct adopt_reader *r = &a->readers[a->count];

	if (a->count == ADOPT_MAX)
		return false;
	r->pid = pid;
	r->fd = fd;
	r->ino = handover_identity(fd);
	snprintf(r->port, sizeof(r->port), "%s", port);
	a->count++;
	return true;
}

void adopt_kill(pid_t pid, int fd)
{
	close(fd);
	kill(pid, SIGKILL);
}

/*
 * What all of them have to have in common with this process: who it is, and
 * the very file that it runs, which no other can be as long as it is run.
 */
static int describe(char *text, size_t size, const char *sandbox)
{
	struct stat st;
	int n;

	if (stat(SELF, &st) < 0)
		return -errno;
	n = snprintf(text, size, "%d %d %" PRIu64 ":%" PRIu64 " %s", ADOPT_FORM,
		     (int)getpid(), (uint64_t)st.st_dev, (uint64_t)st.st_ino,
		     sandbox);
	return (size_t)n < size ? n : -ENAMETOOLONG;
}

int adopt_arm(struct adopt *a, const char *sandbox)
{
	char text[ADOPT_TEXT];
	int n = describe(text, sizeof(text), sandbox);
	const struct adopt_reader *r;
	size_t i;

	if (!a->count)
		return 0;
	for (i = 0; i < a->count && n > 0 && (size_t)n < sizeof(text); i++) {
		r = &a->readers[i];
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      " %d:%d:%" PRIu64 ":%s", (int)r->pid, r->fd,
			      r->ino, r->port);
	}
	if (n < 0 || (size_t)n >= sizeof(text))
		return n < 0 ? n : -ENAMETOOLONG;
	for (i = 0; i < a->count; i++)
		if (fcntl(a->readers[i].fd, F_SETFD, 0) < 0)
			return -errno;
	return setenv(ADOPT_ENV, text, 1) < 0 ? -errno : 0;
}

void adopt_disarm(struct adopt *a)
{
	const struct adopt_reader *r;

	unsetenv(ADOPT_ENV);
	while (a->count) {
		r = &a->readers[--a->count];
		if (r->pid)
			adopt_kill(r->pid, r->fd);
	}
}

/* A number and the colon behind it; *s is moved.  False: it is none. */
static bool number(const char **s, uint64_t most, uint64_t *value)
{
	char *end;

	if (**s < '0' || **s > '9')
		return false;
	errno = 0;
	*value = strtoull(*s, &end, 10);
	if (errno || *value > most || *end != ':')
		return false;
	*s = end + 1;
	return true;
}

int adopt_parse(struct adopt_reader *r, const char *text)
{
	uint64_t pid, fd, ino;

	if (!number(&text, INT_MAX, &pid) || !number(&text, INT_MAX, &fd) ||
	    !number(&text, UINT64_MAX, &ino) || pid < 2 || fd <= 2 || !ino ||
	    strlen(text) >= sizeof(r->port) || !rawmsg_port_valid(text))
		return -EINVAL;
	r->pid = (pid_t)pid;
	r->fd = (int)fd;
	r->ino = ino;
	snprintf(r->port, sizeof(r->port), "%s", text);
	return 0;
}

static bool is_reader_socket(const struct adopt_reader *r)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int), type_len = sizeof(int);

	return handover_identity(r->fd) == r->ino &&
	       !(fcntl(r->fd, F_GETFD) & FD_CLOEXEC) &&
	       getsockopt(r->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       getsockopt(r->fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET &&
	       fcntl(r->fd, F_SETFD, FD_CLOEXEC) == 0 &&
	       fcntl(r->fd, F_SETFL, O_NONBLOCK) == 0;
}

/* -ECHILD: not ours to kill; 1: it lives; 0: it has ended. */
static int is_child(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -ECHILD;
	return info.si_pid == 0;
}

static void take(struct adopt *a, const char *text, bool same)
{
	struct adopt_reader r;
	bool usable;
	int child;

	if (adopt_parse(&r, text) < 0) {
		log_warn("hand-over: a reader that makes no sense: dropped");
		return;
	}
	child = is_child(r.pid);
	usable = is_reader_socket(&r);
	if (child > 0 && usable && same && adopt_add(a, r.pid, r.fd, r.port))
		return;
	if (usable)
		close(r.fd);
	if (child > 0)
		kill(r.pid, SIGKILL);
	log_warn("hand-over: port %s: its reader %s", r.port,
		 child < 0    ? "is no child of ours: left alone"
		 : child == 0 ? "has ended"
			      : "is of no use: killed");
}

static void collect(struct adopt *a, char *text, const char *sandbox)
{
	char mine[ADOPT_TEXT];
	int n = describe(mine, sizeof(mine), sandbox), form, pid, at = 0;
	char *save, *word;
	bool same;

	/* of another process or form nothing is known, its readers neither */
	if (sscanf(text, "%d %d %n", &form, &pid, &at) < 2 || !at ||
	    form != ADOPT_FORM || pid != getpid())
		return;
	same = n > 0 && !strncmp(text, mine, (size_t)n) && text[n] == ' ';
	word = strtok_r(text + at, " ", &save); /* DEVICE:INODE */
	if (word)
		word = strtok_r(NULL, " ", &save); /* SANDBOX */
	while (word && (word = strtok_r(NULL, " ", &save)))
		take(a, word, same);
}

void adopt_collect(struct adopt *a, const char *sandbox)
{
	const char *how = getenv(ADOPT_ENV);
	char *text = how ? strdup(how) : NULL;

	a->count = 0;
	unsetenv(ADOPT_ENV);
	if (text)
		collect(a, text, sandbox);
	free(text);
}

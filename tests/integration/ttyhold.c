/*
 * ttyhold.c - whoever has a container's terminal holds its locks, without end
 *
 * A read(2) of more than 64 bytes from a terminal keeps its locks while it
 * copies.  Here it copies to a page that never comes (fusepage.h), so it keeps
 * them for as long as this process likes.
 *
 * ttyhold FOLDER read NODE   opens NODE and reads so, what it inserts or is sent
 * ttyhold FOLDER probe       says of each call on a master, of a terminal of
 *     its own that is held so: "waits CALL BEHIND" or "returns CALL BEHIND",
 *     where BEHIND is what waits already
 * ttyhold FOLDER close       the same of the last close of a master
 *
 * FOLDER is mounted on, in a namespace of its own.  "held PID" is printed once
 * PID is in it.  SIGTERM lets go.  Exit status: 0; 77 if there is no FUSE.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tty.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/lib/fusepage.h"

#define MANY	400 /* bytes that are read, more than 64 */
#define FEW	100 /* likewise, where there is no time for more */
#define TRIES	2000
#define SKIP	77
#define CALL_MS 700 /* that a call is given before it is said to wait */

static volatile sig_atomic_t let_go;
static int fuse; /* while a process has it, nobody is let go */

static void on_term(int number)
{
	(void)number;
	let_go = 1;
}

static int open_node(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(node);
		_exit(1);
	}
	return fd;
}

/* Returns only when it is let go. */
static void hold(int fd, void *page)
{
	if (read(fd, page, MANY) < 0)
		perror("read");
	_exit(0);
}

static void wait_for_bytes(int fd)
{
	int n = 0;

	while (ioctl(fd, FIONREAD, &n) == 0 && n < FEW)
		usleep(1000);
}

/* What is inserted is read as if somebody had sent it. */
static void insert(int fd)
{
	for (unsigned int i = 0; i < FEW; i++)
		ioctl(fd, TIOCSTI, &"hold"[i % 4]);
}

static void act(const char *node, const char *folder)
{
	void *page = fusepage_map(folder);
	int fd;

	/* so that it becomes its controlling terminal, for TIOCSTI */
	setsid();
	signal(SIGHUP, SIG_IGN);
	fd = open_node(node);
	insert(fd);
	wait_for_bytes(fd);
	hold(fd, page);
}

/* Its process, once it is in it; -1: it did not come so far. */
static pid_t start_holder(const char *node, const char *folder)
{
	pid_t pid = fork();

	if (pid == 0) {
		/* nobody else keeps a master */
		close_range(STDERR_FILENO + 1, ~0u, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_DFL);
		act(node, folder);
	}
	if (fusepage_serve(fuse, &let_go) < 0)
		return -1;
	printf("held %d\n", (int)pid);
	fflush(stdout);
	return pid;
}

static int call_read(int fd)
{
	char buf[64];

	return (int)read(fd, buf, sizeof(buf));
}

static int call_write(int fd)
{
	return (int)write(fd, "0123456789abcdef", 16);
}

/* More than any buffer of it takes. */
static int call_flood(int fd)
{
	static const char much[65536];

	return (int)write(fd, much, sizeof(much));
}

static int call_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0);
}

static int call_epoll(int fd)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int e = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(e, EPOLL_CTL_ADD, fd, &ev);
	return epoll_wait(e, &ev, 1, 0);
}

static int call_number(int fd)
{
	int number;

	return ioctl(fd, TIOCGPTN, &number);
}

static int call_packet(int fd)
{
	int on = 1, off = 0;

	return ioctl(fd, TIOCPKT, &on) + ioctl(fd, TIOCPKT, &off);
}

static int call_stat(int fd)
{
	struct stat st;

	return fstat(fd, &st);
}

static int call_tcgetattr(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t);
}

static int call_tcsetattr(int fd)
{
	struct termios t = { .c_cflag = CS8 | CREAD };

	return tcsetattr(fd, TCSANOW, &t);
}

static int call_close(int fd)
{
	return close(fd);
}

/* A terminal is made while others are held. */
static int call_make(int fd)
{
	int slave, other = posix_openpt(O_RDWR | O_NOCTTY);

	(void)fd;
	unlockpt(other);
	slave = ioctl(other, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	close(slave);
	return close(other);
}

/* What those do besides who have the slave, too. */
static int call_hangup(int fd)
{
	return ioctl(open(ptsname(fd), O_RDWR | O_NOCTTY), TIOCVHANGUP);
}

static int call_discipline(int fd)
{
	int number = N_NULL;

	return ioctl(open(ptsname(fd), O_RDWR | O_NOCTTY), TIOCSETD, &number);
}

struct call {
	const char *name;
	int (*fn)(int fd);
};

static const struct call harmless[] = {
	{ "read", call_read },	     { "write", call_write },
	{ "poll", call_poll },	     { "epoll", call_epoll },
	{ "TIOCGPTN", call_number }, { "TIOCPKT", call_packet },
	{ "fstat", call_stat },	     { "make", call_make },
	{ "flood", call_flood },     { NULL, NULL },
};

/* Each waits, and the next ones are behind it. */
static const struct call harmful[] = {
	{ "tcsetattr", call_tcsetattr },
	{ "tcgetattr", call_tcgetattr },
	{ "slave-TIOCSETD", call_discipline },
	{ "slave-TIOCVHANGUP", call_hangup },
	{ NULL, NULL },
};

static const struct call last[] = { { "close", call_close }, { NULL, NULL } };

/* Once the parent, which lets everybody go, has closed its own. */
static void be_last(int after[2])
{
	char end;

	close(after[1]);
	if (read(after[0], &end, 1) < 0)
		perror("pipe");
}

/* In a process of its own, which cannot be killed while it waits. */
static void try_call(const struct call *call, int master, const char *behind)
{
	unsigned int ms = 0;
	int after[2];
	pid_t pid;

	if (pipe(after) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(fuse);
		if (call == last)
			be_last(after);
		call->fn(master);
		_exit(0);
	}
	if (call == last)
		close(master);
	close(after[0]);
	close(after[1]);
	while (waitpid(pid, NULL, WNOHANG) == 0 && ms++ < CALL_MS)
		usleep(1000);
	printf("%s %s %s\n", ms >= CALL_MS ? "waits" : "returns", call->name,
	       behind);
	fflush(stdout);
}

static void try_all(int master, const char *behind)
{
	for (const struct call *c = harmless; c->name; c++)
		try_call(c, master, behind);
}

static int make_master(char node[static 32])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	unlockpt(master);
	snprintf(node, 32, "%s", ptsname(master));
	tcgetattr(master, &t);
	cfmakeraw(&t);
	tcsetattr(master, TCSANOW, &t);
	for (unsigned int i = 0; i < MANY; i++)
		call_write(master);
	return master;
}

static int probe(const char *folder, bool closes)
{
	char node[32];
	int master = make_master(node);

	if (start_holder(node, folder) < 0)
		return 1;
	if (closes) {
		try_call(last, master, "read");
		return 0;
	}
	try_all(master, "read");
	for (const struct call *c = harmful; c->name; c++) {
		try_call(c, master, "read");
		try_all(master, c->name);
	}
	return 0;
}

static bool is_probe(const char *what)
{
	return !strcmp(what, "probe") || !strcmp(what, "close");
}

int main(int argc, char *argv[])
{
	const struct sigaction term = { .sa_handler = on_term };
	int r;

	if (argc < 3 || (argc < 4 && !is_probe(argv[2]))) {
		fprintf(stderr, "ttyhold: see the head of ttyhold.c\n");
		return 2;
	}
	sigaction(SIGTERM, &term, NULL);
	fuse = fusepage_mount(argv[1]);
	if (fuse < 0)
		return SKIP;
	if (is_probe(argv[2]))
		return probe(argv[1], !strcmp(argv[2], "close"));
	r = start_holder(argv[3], argv[1]) < 0;
	while (!r && !let_go)
		usleep(10000);
	return r;
}

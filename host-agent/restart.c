#include "host-agent/restart.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESTART_SELF "/proc/self/exe"

int restart_init(struct restart *r, char **argv)
{
	ssize_t n = readlink(RESTART_SELF, r->path, sizeof(r->path) - 1);

	if (n < 0)
		return -errno;
	r->path[n] = '\0';
	r->argv = argv;
	return 0;
}

bool restart_is_same(const struct restart *r)
{
	struct stat mine, there;

	return stat(RESTART_SELF, &mine) == 0 && stat(r->path, &there) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

pid_t restart_rehearse(const struct restart *r)
{
	static char test[] = "--test";
	size_t n = 0, i;
	pid_t pid = 0;
	char **argv;
	int err;

	while (r->argv[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = r->argv[0];
	argv[1] = test;
	for (i = 1; i < n; i++)
		argv[i + 1] = r->argv[i];
	err = posix_spawn(&pid, r->path, NULL, NULL, argv, environ);
	free(argv);
	return err ? -err : pid;
}

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

int restart_exec(const struct restart *r)
{
	sigset_t set;
	int err;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	execv(r->path, r->argv);
	err = errno;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return -err;
}

void restart_listens(void)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

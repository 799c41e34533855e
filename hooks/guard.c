#include "hooks/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t deadline_status;
static const char *volatile last_words;

static void on_deadline(int signo)
{
	const char *said = last_words;
	ssize_t ignored = 0;

	(void)signo;
	if (said)
		ignored = write(STDERR_FILENO, said, strlen(said));
	(void)ignored;
	_exit(deadline_status);
}

static void set_timer(void)
{
	const struct itimerval when = { .it_value.tv_usec = GUARD_US };
	struct sigaction act = { .sa_handler = on_deadline };
	sigset_t set;

	sigaction(SIGALRM, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void guard_deadline(int status, const char *said)
{
	static bool set;

	deadline_status = status;
	last_words = said;
	if (!set)
		set_timer();
	set = true;
}

void guard_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

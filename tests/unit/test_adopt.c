/*
 * test_adopt.c - readers from one program to the next, without leaving this one
 */
#include "host-agent/adopt.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

static struct adopt old, new;
static pid_t reader;
static int pair[2];

/* It does nothing. */
static pid_t start_reader(void)
{
	pid_t pid;

	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	close(pair[1]);
	return pid;
}

static void set_up(void)
{
	log_init("test", LOG_LEVEL_ERR);
	unsetenv(ADOPT_ENV);
	memset(&old, 0, sizeof(old));
	reader = start_reader();
	cr_assert(adopt_add(&old, reader, pair[0], "1-2.3"));
}

static void tear_down(void)
{
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
}

TestSuite(adopt, .init = set_up, .fini = tear_down);

/* The signal that ended it, 0 if it ended by itself. */
static int ended_by(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static bool lives(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(adopt, a_reader_and_its_socket_go_on)
{
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	cr_assert_eq(fcntl(pair[0], F_GETFD), 0, "exec would close it");
	adopt_collect(&new, "kill");
	cr_assert_null(getenv(ADOPT_ENV));
	cr_assert_eq(new.count, 1);
	cr_assert_eq(new.readers[0].pid, reader);
	cr_assert_eq(new.readers[0].fd, pair[0]);
	cr_assert_str_eq(new.readers[0].port, "1-2.3");
	cr_assert_eq(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
	cr_assert(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
	cr_assert(lives(reader));
	/* once */
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert(lives(reader));
}

Test(adopt, several_go_on_in_their_order)
{
	pid_t second = start_reader();

	cr_assert(adopt_add(&old, second, pair[0], "3-1"));
	cr_assert_eq(adopt_arm(&old, "errno"), 0);
	adopt_collect(&new, "errno");
	cr_assert_eq(new.count, 2);
	cr_assert_eq(new.readers[0].pid, reader);
	cr_assert_eq(new.readers[1].pid, second);
	new.readers[0].pid = 0; /* taken */
	adopt_disarm(&new);
	cr_assert_eq(ended_by(second), SIGKILL);
	cr_assert(lives(reader));
}

Test(adopt, without_an_exec_they_are_killed)
{
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	adopt_disarm(&old);
	cr_assert_null(getenv(ADOPT_ENV));
	cr_assert_eq(ended_by(reader), SIGKILL);
	cr_assert(!is_open(pair[0]));
}

Test(adopt, one_behind_another_filter_is_killed)
{
	cr_assert_eq(adopt_arm(&old, "errno"), 0);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert_eq(ended_by(reader), SIGKILL);
	cr_assert(!is_open(pair[0]));
}

/* What stands in the environment, with the first from replaced by to. */
static void forge(const char *from, const char *to)
{
	char text[ADOPT_TEXT], made[ADOPT_TEXT];
	char *at;

	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	snprintf(text, sizeof(text), "%s", getenv(ADOPT_ENV));
	at = strstr(text, from);
	cr_assert_not_null(at);
	*at = '\0';
	snprintf(made, sizeof(made), "%s%s%s", text, to, at + strlen(from));
	setenv(ADOPT_ENV, made, 1);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert_null(getenv(ADOPT_ENV));
}

Test(adopt, one_of_another_program_is_killed)
{
	char here[32], there[32];

	/* a digit more of its device's number */
	snprintf(here, sizeof(here), "1 %d ", (int)getpid());
	snprintf(there, sizeof(there), "1 %d 9", (int)getpid());
	forge(here, there);
	cr_assert_eq(ended_by(reader), SIGKILL);
	cr_assert(!is_open(pair[0]));
}

Test(adopt, what_another_process_or_form_left_is_nobodys)
{
	char here[32];

	forge("1 ", "2 ");
	snprintf(here, sizeof(here), "1 %d ", (int)getpid());
	forge(here, "1 1 ");
	forge(here, "");
	forge(here, "garbage");
	setenv(ADOPT_ENV, "", 1);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert(lives(reader));
}

Test(adopt, a_socket_that_is_not_what_it_was_is_not_taken)
{
	int other[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, other), 0);
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	dup2(other[0], pair[0]);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert(is_open(pair[0]), "nor closed");
	cr_assert_eq(ended_by(reader), SIGKILL);
}

Test(adopt, nor_is_one_of_another_kind)
{
	int stream[2];
	pid_t pid = start_reader();

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
	old.count = 0;
	cr_assert(adopt_add(&old, pid, stream[0], "1-1"));
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert_eq(ended_by(pid), SIGKILL);
}

Test(adopt, no_child_of_ours_is_neither_taken_nor_killed)
{
	pid_t stranger;
	int told[2];

	/* a grandchild, whose parent waits for the end of its own */
	cr_assert_eq(pipe(told), 0);
	if (!fork()) {
		stranger = fork();
		if (stranger)
			_exit(write(told[1], &stranger, sizeof(stranger)) < 0);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(told[0], &stranger, sizeof(stranger)),
		     (ssize_t)sizeof(stranger));
	old.readers[0].pid = stranger;
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert(!is_open(pair[0]));
	cr_assert_eq(kill(stranger, SIGTERM), 0);
}

Test(adopt, one_that_has_ended_is_not_taken)
{
	cr_assert_eq(adopt_arm(&old, "kill"), 0);
	kill(reader, SIGTERM);
	waitid(P_PID, (id_t)reader, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	adopt_collect(&new, "kill");
	cr_assert_eq(new.count, 0);
	cr_assert(!is_open(pair[0]));
	cr_assert_eq(ended_by(reader), SIGTERM, "it is still to be reaped");
}

Test(adopt, there_is_room_for_so_many)
{
	while (old.count < ADOPT_MAX)
		cr_assert(adopt_add(&old, reader, pair[0],
				    "255-255.255.255.255.255.255"));
	cr_assert(!adopt_add(&old, reader, pair[0], "1-1"));
	for (size_t i = 0; i < ADOPT_MAX; i++) {
		old.readers[i].pid = 0x7fffffff;
		old.readers[i].ino = UINT64_MAX;
	}
	cr_assert_eq(adopt_arm(&old, "errno"), 0, "the text holds them all");
}

Test(adopt, a_reader_is_four_fields_and_nothing_else)
{
	static const char *const bad[] = {
		"",
		"12",
		"12:4",
		"12:4:99",
		"12:4:99:",
		":4:99:1-1",
		"1:4:99:1-1",
		"12:2:99:1-1",
		"12:4:0:1-1",
		"12::99:1-1",
		"12:4::1-1",
		"-12:4:99:1-1",
		"+12:4:99:1-1",
		" 12:4:99:1-1",
		"12:4:99:1-1 ",
		"12:4:99:1-1:",
		"2147483648:4:99:1-1",
		"12:2147483648:99:1-1",
		"12:4:18446744073709551616:1-1",
		"12:4:99:0-1",
		"x:4:99:1-1",
		"12:4:99:11111111111111111111111111111111111111111111111-1",
	};
	struct adopt_reader r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(adopt_parse(&r, bad[i]), -EINVAL, "%s", bad[i]);
	cr_assert_eq(adopt_parse(&r, "2147483647:3:18446744073709551615:1-1.2"),
		     0);
	cr_assert_eq(r.pid, 2147483647);
	cr_assert_eq(r.fd, 3);
	cr_assert_eq(r.ino, UINT64_MAX);
	cr_assert_str_eq(r.port, "1-1.2");
}

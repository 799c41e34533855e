/*
 * test_handover.c - from one process to the next, without leaving this one:
 * what exec would keep is still there
 */
#include "host-agent/handover.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/account.h"
#include "host-agent/consumer.h"
#include "host-agent/usock.h"

#define KEY "0123abcd-4567-89ef-0123-456789abcdef"

static char folder[] = "/tmp/onerng-handover-XXXXXX";
static char path[64], notify_path[64], why[USOCK_WHY_MAX];
static struct handover *h;
static struct handover_record *record;
static struct handover_state state;
static int listener, peer, client;
static bool known;

static int connect_to(const char *to)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", to);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* A process with a consumer, its socket and its peer. */
static void set_up(void)
{
	log_init("test", LOG_LEVEL_ERR);
	unsetenv("NOTIFY_SOCKET");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(notify_path, sizeof(notify_path), "%s/notify", folder);
	listener = usock_listen(path, (gid_t)-1, 0600, why);
	cr_assert_geq(listener, 0);
	client = connect_to(path);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	h = handover_new();
	cr_assert_not_null(h);
	handover_settle(h);
	record = handover_join(h, KEY);
	handover_add_listener(h, record, listener);
	handover_add_peer(h, record, peer);
	record->state.requested = 1;
	record->state.asked = 128;
	record->state.delivered = 64;
}

static void tear_down(void)
{
	handover_free(h);
	unlink(path);
	unlink(notify_path);
	rmdir(folder);
}

TestSuite(handover, .init = set_up, .fini = tear_down);

/* The table stays open under another number. */
static void next_process(void)
{
	char text[32];
	int pid, fd;

	cr_assert_eq(handover_arm(h), 0);
	cr_assert_eq(sscanf(getenv(HANDOVER_ENV), "%d:%d", &pid, &fd), 2);
	snprintf(text, sizeof(text), "%d:%d", pid, dup(fd));
	setenv(HANDOVER_ENV, text, 1);
	handover_free(h);
	h = handover_new();
	cr_assert_not_null(h);
	cr_assert_null(getenv(HANDOVER_ENV));
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(handover, socket_peer_and_counts_go_on)
{
	next_process();
	cr_assert_eq(handover_take_listener(h, KEY), listener);
	cr_assert_eq(usock_adopt(listener, path, (gid_t)-1, 0600, why), 0);
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), peer);
	cr_assert(known);
	cr_assert_eq(state.asked, 128);
	cr_assert_eq(state.delivered, 64);
	cr_assert(fcntl(listener, F_GETFD) & FD_CLOEXEC);
	cr_assert(fcntl(peer, F_GETFD) & FD_CLOEXEC);
	/* once */
	cr_assert_eq(handover_take_listener(h, KEY), -1);
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), -1);
	handover_settle(h);
	cr_assert(is_open(listener) && is_open(peer));
}

/* As in the publishers: begun, counted, kept; then another process. */
Test(handover, what_status_counts_goes_on)
{
	struct consumer c = { .connected = true };

	account_begin(&c, h, record);
	cr_assert_neq(c.since_s, 0);
	c.since_s = 1700000000;
	c.asked = 1;
	c.delivered = 2;
	c.discarded = 3;
	c.pushed = 4;
	c.requests = 5;
	c.connections = 6;
	c.refused = 7;
	c.service.kernel_bytes = 8;
	account_save(&c);
	next_process();
	memset(&c, 0, sizeof(c));
	record = handover_join(h, KEY);
	account_begin(&c, h, record);
	cr_assert_eq(c.since_s, 1700000000);
	cr_assert(c.asked == 1 && c.delivered == 2 && c.discarded == 3 &&
		  c.pushed == 4 && c.requests == 5 && c.connections == 6 &&
		  c.refused == 7 && c.service.kernel_bytes == 8);
	/* the same connection is counted once */
	c.connected = true;
	c.connections++;
	account_goes_on(&c);
	cr_assert_eq(c.connections, 6);
	cr_assert_eq(record->account.counts.delivered, 2,
		     "and for a third one");
}

Test(handover, counts_of_who_was_not_there_begin)
{
	struct consumer c = { .connected = true, .connections = 1 };

	next_process();
	record = handover_join(h, HANDOVER_HOST);
	account_begin(&c, h, record);
	account_goes_on(&c);
	cr_assert_eq(c.connections, 1);
	cr_assert_eq(c.delivered, 0);
	cr_assert_neq(c.since_s, 0);
	account_begin(&c, NULL, NULL);
	account_save(&c);
	cr_assert_null(c.account);
}

Test(handover, what_nobody_takes_is_closed_and_its_file_removed)
{
	next_process();
	cr_assert_eq(handover_take_listener(h, HANDOVER_HOST), -1);
	handover_settle(h);
	cr_assert(!is_open(listener) && !is_open(peer));
	cr_assert_eq(access(path, F_OK), -1);
}

Test(handover, counts_that_make_no_sense_leave_the_peer)
{
	record->state.delivered = 1000;
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), peer);
	cr_assert(!known);
}

Test(handover, another_socket_of_that_number_is_not_taken)
{
	int other = socket(AF_UNIX, SOCK_STREAM, 0);

	dup2(other, peer);
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), -1);
	cr_assert_eq(handover_take_listener(h, KEY), listener);
}

Test(handover, no_descriptor_goes_to_two_consumers)
{
	struct handover_record *second = handover_join(h, HANDOVER_HOST);

	handover_add_peer(h, second, peer);
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), peer);
	cr_assert_eq(handover_take_peer(h, HANDOVER_HOST, path, &state, &known),
		     -1);
}

Test(handover, a_peer_of_another_path_is_closed)
{
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, "/elsewhere", &state, &known),
		     -1);
	cr_assert(!is_open(peer));
}

Test(handover, a_peer_that_hung_up_is_closed)
{
	close(client);
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), -1);
}

Test(handover, a_socket_without_its_file_is_not_adopted)
{
	unlink(path);
	cr_assert_eq(usock_adopt(listener, path, (gid_t)-1, 0600, why),
		     -ENOENT);
	cr_assert_eq(usock_adopt(peer, path, (gid_t)-1, 0600, why),
		     -EADDRNOTAVAIL);
	cr_assert_eq(usock_adopt(listener, "/elsewhere", (gid_t)-1, 0600, why),
		     -EADDRNOTAVAIL);
	cr_assert_lt(usock_adopt(-1, path, (gid_t)-1, 0600, why), 0);
}

/* Another one was bound at its path meanwhile, in another process. */
Test(handover, a_socket_whose_file_is_anothers_is_not_adopted)
{
	char byte, reason[USOCK_WHY_MAX];
	int pair[2], status;
	pid_t pid;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	unlink(path);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		close(pair[0]);
		if (usock_listen(path, (gid_t)-1, 0600, reason) < 0)
			_exit(1);
		(void)!write(pair[1], "x", 1);
		(void)!read(pair[1], &byte, 1);
		_exit(0);
	}
	close(pair[1]);
	cr_assert_eq(read(pair[0], &byte, 1), 1);
	cr_assert_eq(usock_adopt(listener, path, (gid_t)-1, 0600, why),
		     -EADDRINUSE, "%s", why);
	close(pair[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

/* It asks by a connection, which is none of a peer. */
Test(handover, an_adopted_socket_has_the_mode_that_is_wanted)
{
	struct consumer_peer who;
	struct stat st;
	int fd;

	cr_assert_eq(usock_adopt(listener, path, (gid_t)-1, 0666, why), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0666);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_eq(usock_peer(fd, &who), 0);
	cr_assert(usock_is_probe(fd, &who));
	close(fd);
	fd = connect_to(path);
	close(fd);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_eq(usock_peer(fd, &who), 0);
	cr_assert_not(usock_is_probe(fd, &who));
	close(fd);
}

Test(handover, what_has_left_is_not_handed_over)
{
	handover_drop_peer(h, record);
	next_process();
	cr_assert_eq(handover_take_peer(h, KEY, path, &state, &known), -1);
	cr_assert_eq(handover_take_listener(h, KEY), listener);
	handover_settle(h);
	record = handover_join(h, KEY);
	handover_add_listener(h, record, listener);
	handover_leave(h, record);
	next_process();
	cr_assert_eq(handover_take_listener(h, KEY), -1);
}

Test(handover, when_exec_failed_nothing_is_inheritable)
{
	cr_assert_eq(handover_arm(h), 0);
	cr_assert(!(fcntl(peer, F_GETFD) & FD_CLOEXEC));
	handover_disarm(h);
	cr_assert_null(getenv(HANDOVER_ENV));
	cr_assert(fcntl(peer, F_GETFD) & FD_CLOEXEC);
	cr_assert(fcntl(listener, F_GETFD) & FD_CLOEXEC);
}

Test(handover, a_table_of_another_process_or_form_is_not_used)
{
	static const char *const ways[] = { "",	     ":-1", ":0", ":2",
					    ":9999", ":7x", "x" };
	char text[64];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(text, sizeof(text), "%d%s", (int)getpid() + !i,
			 i ? ways[i] : ":3");
		setenv(HANDOVER_ENV, text, 1);
		handover_free(h);
		h = handover_new();
		cr_assert_not_null(h);
		cr_assert_eq(handover_take_listener(h, KEY), -1);
	}
	fd = memfd_create("garbage", 0);
	cr_assert_eq(write(fd, "garbage", 7), 7);
	snprintf(text, sizeof(text), "%d:%d", (int)getpid(), fd);
	setenv(HANDOVER_ENV, text, 1);
	handover_free(h);
	h = handover_new();
	cr_assert_not_null(h);
	cr_assert(!is_open(fd));
}

Test(handover, records_are_used_again_and_run_out)
{
	struct handover_record *r = record;
	int i;

	for (i = 1; i < HANDOVER_RECORDS_MAX; i++)
		cr_assert_not_null(r = handover_join(h, HANDOVER_HOST));
	cr_assert_null(handover_join(h, HANDOVER_HOST));
	handover_leave(h, r);
	cr_assert_not_null(handover_join(h, HANDOVER_HOST));
	/* nothing is handed over without a record */
	handover_add_listener(h, NULL, listener);
	handover_add_peer(h, NULL, peer);
	handover_drop_peer(h, NULL);
	handover_leave(h, NULL);
	cr_assert_null(handover_join(NULL, KEY));
	cr_assert_eq(handover_take_listener(NULL, KEY), -1);
}

/* Everything that was said to the service manager, one after the other. */
static const char *told(int notify)
{
	static char text[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(notify, text + len, sizeof(text) - len - 2,
			 MSG_DONTWAIT)) > 0) {
		len += (size_t)n;
		text[len++] = '|';
	}
	text[len] = '\0';
	return text;
}

Test(handover, a_peer_that_stays_is_stored_one_that_does_not_is_not)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int notify = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", notify_path);
	cr_assert_eq(bind(notify, (struct sockaddr *)&sa, sizeof(sa)), 0);
	setenv("NOTIFY_SOCKET", notify_path, 1);
	handover_free(h);
	h = handover_new();
	record = handover_join(h, KEY);
	handover_add_listener(h, record, listener);
	handover_settle(h);
	cr_assert_str_eq(told(notify), "FDSTORE=1\nFDNAME=listen-" KEY "|"
				       "FDSTORE=1\nFDNAME=records-1|"
				       "FDSTOREREMOVE=1\nFDNAME=records-0|");
	handover_add_peer(h, record, peer);
	handover_tick(h);
	handover_drop_peer(h, record);
	handover_add_peer(h, record, peer);
	handover_tick(h);
	cr_assert_str_eq(told(notify), "");
	handover_tick(h);
	cr_assert_str_eq(told(notify), "FDSTORE=1\nFDNAME=peer-" KEY "|");
	handover_tick(h);
	cr_assert_str_eq(told(notify), "");
	handover_drop_peer(h, record);
	cr_assert_str_eq(told(notify), "FDSTOREREMOVE=1\nFDNAME=peer-" KEY "|");
	/* at the end also one that came just now, and nothing is dropped */
	handover_add_peer(h, record, peer);
	cr_assert(handover_end(h));
	cr_assert_str_eq(told(notify), "FDSTORE=1\nFDNAME=peer-" KEY "|");
	handover_drop_peer(h, record);
	handover_leave(h, record);
	cr_assert_str_eq(told(notify), "");
	cr_assert_eq(record->peer_fd, peer);
	unsetenv("NOTIFY_SOCKET");
	close(notify);
}

#include "host-agent/listener.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

static char folder[64], path[96];
static struct event_base *base;
static struct listener l;
static unsigned int peers;

static void accepted(void *ctx, int fd, const struct consumer_peer *peer)
{
	(void)ctx;
	cr_assert_eq(peer->pid, getpid());
	peers++;
	close(fd);
}

static void set_up(void)
{
	const struct listener_at at = {
		.path = path, .key = "control", .gid = (gid_t)-1, .mode = 0640
	};

	log_init("test", LOG_LEVEL_ERR);
	snprintf(folder, sizeof(folder), "/tmp/onerng-listener-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	base = event_base_new();
	peers = 0;
	listener_init(&l, base, &at, accepted, NULL);
}

static void tear_down(void)
{
	listener_close(&l);
	event_base_free(base);
	unlink(path);
	rmdir(folder);
}

TestSuite(listener, .init = set_up, .fini = tear_down);

static int connect_to_it(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	memcpy(sa.sun_path, path, strlen(path));
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* What the loop does when it finds something to do. */
static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void block_path(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
}

Test(listener, it_listens_with_the_mode_that_is_wanted)
{
	struct stat st;

	cr_assert_eq(listener_open(&l), 0);
	cr_assert_null(l.why);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0640);
	close(connect_to_it());
	turn();
	cr_assert_eq(peers, 1);
}

Test(listener, what_is_in_the_way_is_told_and_it_tries_again)
{
	int i;

	block_path();
	cr_assert_eq(listener_open(&l), -EEXIST);
	cr_assert(strstr(l.why, "in the way, no socket: File exists: "
				"move it away"),
		  "%s", l.why);
	for (i = 0; i < 3 * LISTENER_RETRY_S; i++)
		cr_assert_not(listener_tick(&l));
	cr_assert_not_null(l.why);
	unlink(path);
	for (i = 1; i < LISTENER_RETRY_S; i++)
		cr_assert_not(listener_tick(&l));
	cr_assert(listener_tick(&l));
	cr_assert_null(l.why);
	close(connect_to_it());
	turn();
	cr_assert_eq(peers, 1);
}

Test(listener, one_that_was_never_open_leaves_what_is_in_its_way)
{
	block_path();
	cr_assert_lt(listener_open(&l), 0);
	listener_close(&l);
	cr_assert_eq(access(path, F_OK), 0);
}

Test(listener, its_file_goes_with_it)
{
	cr_assert_eq(listener_open(&l), 0);
	listener_close(&l);
	cr_assert_eq(access(path, F_OK), -1);
}

Test(listener, without_descriptors_it_is_deaf_until_the_next_tick)
{
	struct rlimit all, few;
	int fd;

	cr_assert_eq(listener_open(&l), 0);
	fd = connect_to_it();
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = 3; /* none that is not open already */
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	turn();
	/* else the loop would come back to it at once, for ever */
	cr_assert(l.deaf);
	cr_assert_not(event_pending(&l.ev, EV_READ, NULL));
	cr_assert_not(listener_tick(&l));
	cr_assert_not(l.deaf);
	turn();
	cr_assert(l.deaf);
	cr_assert_eq(peers, 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	listener_tick(&l);
	turn();
	cr_assert_eq(peers, 1);
	close(fd);
}

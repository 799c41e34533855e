/*
 * test_rawmsg.c - messages between the core and its reader and watcher
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-agent/onerng.h"
#include "host-agent/rawmsg.h"

#define HEAD 16 /* u32 type, u32 zero, u64 seq */

static int pair[2];
static struct rawmsg *got;

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	cr_assert_eq(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
	got = malloc(sizeof(*got));
	cr_assert_not_null(got);
	memset(got, 0xa5, sizeof(*got));
}

static void teardown(void)
{
	free(got);
	close(pair[0]);
	close(pair[1]);
}

TestSuite(rawmsg, .init = setup, .fini = teardown);

/* Decodes payload under a header of this type from an exact-size packet. */
static int decode(uint32_t type, const void *payload, size_t len)
{
	uint8_t *packet = malloc(HEAD + len);
	int rc;

	cr_assert_not_null(packet);
	memset(packet, 0, HEAD);
	memcpy(packet, &type, sizeof(type));
	if (len)
		memcpy(packet + HEAD, payload, len);
	rc = rawmsg_decode(got, packet, HEAD + len);
	free(packet);
	return rc;
}

static struct rawmsg_ident good_ident(void)
{
	struct rawmsg_ident i;

	memset(&i, 0, sizeof(i));
	i.firmware = 3;
	i.text_size = 12000;
	i.image_bytes = FIRMWARE_IMAGE;
	strcpy(i.id, "0123456789ABCDEF0123456789ABCDEF");
	return i;
}

Test(rawmsg, samples_arrive_with_their_sequence_number)
{
	uint8_t data[RAWMSG_SAMPLES_MAX];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	cr_assert_eq(rawmsg_send(pair[0], RAWMSG_SAMPLES, UINT64_MAX - 1, data,
				 sizeof(data)),
		     0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->type, RAWMSG_SAMPLES);
	cr_assert_eq(got->seq, UINT64_MAX - 1);
	cr_assert_eq(got->len, sizeof(data));
	cr_assert_arr_eq(got->u.samples, data, sizeof(data));
}

Test(rawmsg, packets_keep_their_borders)
{
	cr_assert_eq(rawmsg_send(pair[0], RAWMSG_SAMPLES, 1, "a", 1), 0);
	cr_assert_eq(rawmsg_send(pair[0], RAWMSG_RUN, 0, NULL, 0), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->len, 1);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->type, RAWMSG_RUN);
	cr_assert_eq(got->len, 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 0, "nothing more");
}

Test(rawmsg, state_carries_its_text)
{
	cr_assert_eq(rawmsg_send_state(pair[0], READER_FAILED, "why"), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->u.state.s.state, READER_FAILED);
	cr_assert_eq(got->len, sizeof(struct rawmsg_state) + 3);
	cr_assert_arr_eq(got->u.state.text, "why", 3);
}

Test(rawmsg, state_text_is_cut)
{
	char text[RAWMSG_TEXT_MAX + 50];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_eq(rawmsg_send_state(pair[0], READER_GONE, text), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->len, sizeof(struct rawmsg_state) + RAWMSG_TEXT_MAX);
}

Test(rawmsg, state_may_be_without_text)
{
	cr_assert_eq(rawmsg_send_state(pair[0], READER_OPENING, ""), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->len, sizeof(struct rawmsg_state));
}

Test(rawmsg, closed_peer_is_epipe_both_ways)
{
	cr_assert_eq(rawmsg_send(pair[1], RAWMSG_RUN, 0, NULL, 0), 0);
	close(pair[0]);
	/* something was left unread: the kernel says ECONNRESET first */
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPIPE);
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPIPE);
	cr_assert_eq(rawmsg_send(pair[1], RAWMSG_RUN, 0, NULL, 0), -EPIPE);
	pair[0] = -1;
}

Test(rawmsg, a_full_socket_that_may_not_block_says_eagain)
{
	uint8_t data[RAWMSG_SAMPLES_MAX] = { 0 };
	int rc = 0;

	for (int i = 0; i < 10000 && rc == 0; i++)
		rc = rawmsg_send(pair[1], RAWMSG_SAMPLES, 0, data,
				 sizeof(data));
	cr_assert_eq(rc, -EAGAIN);
}

Test(rawmsg, a_bad_descriptor_is_its_errno)
{
	cr_assert_eq(rawmsg_recv(-1, got), -EBADF);
	cr_assert_eq(rawmsg_send(-1, RAWMSG_RUN, 0, NULL, 0), -EBADF);
}

/* Sends a packet with count descriptors of our standard input. */
static void send_with(const void *packet, size_t len, size_t count)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen =
				     CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	int fds[4] = { pair[0], pair[0], pair[0], pair[0] };

	memcpy(&iov.iov_base, &packet, sizeof(packet));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	cr_assert_gt(sendmsg(pair[0], &mh, 0), 0);
}

/* The lowest descriptor that is free. */
static int next_fd(void)
{
	int fd = dup(pair[0]);

	close(fd);
	return fd;
}

Test(rawmsg, a_descriptor_where_none_belongs_is_closed_and_refused)
{
	uint8_t packet[HEAD] = { RAWMSG_RUN };
	int before = next_fd();

	for (size_t count = 1; count <= 4; count++) {
		send_with(packet, sizeof(packet), count);
		cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
		cr_assert_eq(next_fd(), before, "one was left open");
	}
	send_with(packet, HEAD - 1, 1);
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
	cr_assert_eq(next_fd(), before, "one was left open");
}

Test(rawmsg, identity_comes_with_exactly_one_descriptor)
{
	struct {
		uint8_t head[HEAD];
		struct rawmsg_ident ident;
	} packet = { { RAWMSG_IDENT }, good_ident() };
	size_t len = HEAD + sizeof(packet.ident);
	int before = next_fd();

	cr_assert_eq(send(pair[0], &packet, len, 0), (ssize_t)len);
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO, "none");
	for (size_t count = 2; count <= 4; count++) {
		send_with(&packet, len, count);
		cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
	}
	packet.ident.firmware = 4;
	send_with(&packet, len, 1);
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO, "bad contents");
	cr_assert_eq(next_fd(), before, "one was left open");
	packet.ident.firmware = 3;
	cr_assert_eq(rawmsg_send_ident(pair[0], 7, &packet.ident, pair[0]), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->seq, 7, "the number of the question");
	cr_assert_eq(got->fd, before);
	cr_assert_eq(fcntl(got->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_assert_eq(got->u.ident.text_size, 12000);
	close(got->fd);
	cr_assert_eq(rawmsg_send(pair[0], RAWMSG_RUN, 0, NULL, 0), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->fd, -1);
}

Test(rawmsg, oversized_packet_is_refused_and_wiped)
{
	uint8_t packet[HEAD + RAWMSG_SAMPLES_MAX + 1];

	memset(packet, 0x5a, sizeof(packet));
	memset(packet, 0, HEAD);
	packet[0] = RAWMSG_SAMPLES;
	cr_assert_eq(send(pair[0], packet, sizeof(packet), 0),
		     (ssize_t)sizeof(packet));
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
	for (size_t i = 0; i < sizeof(*got); i++)
		cr_assert_eq(((uint8_t *)got)[i], 0);
	cr_assert_eq(rawmsg_decode(got, packet, sizeof(packet)), -EPROTO);
}

Test(rawmsg, packet_shorter_than_its_header_is_refused)
{
	uint8_t packet[HEAD] = { RAWMSG_RUN };

	for (size_t len = 1; len < HEAD; len++) {
		cr_assert_eq(send(pair[0], packet, len, 0), (ssize_t)len);
		cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
		cr_assert_eq(rawmsg_decode(got, packet, len), -EPROTO);
	}
	cr_assert_eq(rawmsg_decode(got, packet, 0), -EPROTO);
	cr_assert_eq(rawmsg_decode(got, packet, HEAD), 0);
}

Test(rawmsg, unknown_types_are_refused)
{
	for (uint32_t type = 0; type < 300; type++) {
		int known = type >= RAWMSG_RUN && type <= RAWMSG_TTY_CLOSE;

		cr_assert_eq(decode(type, NULL, 0), known ? 0 : -EPROTO);
	}
	cr_assert_eq(decode(UINT32_MAX, NULL, 0), -EPROTO);
}

Test(rawmsg, spare_header_field_must_be_zero)
{
	uint8_t packet[HEAD] = { RAWMSG_RUN, 0, 0, 0, 1 };

	cr_assert_eq(rawmsg_decode(got, packet, HEAD), -EPROTO);
}

Test(rawmsg, commands_have_no_payload)
{
	cr_assert_eq(decode(RAWMSG_RUN, "x", 1), -EPROTO);
	cr_assert_eq(decode(RAWMSG_PAUSE, "x", 1), -EPROTO);
	cr_assert_eq(decode(RAWMSG_STOP, "x", 1), -EPROTO);
	cr_assert_eq(decode(RAWMSG_IDENTIFY, "x", 1), -EPROTO);
}

Test(rawmsg, a_master_comes_with_its_descriptor_and_not_without)
{
	cr_assert_eq(rawmsg_send_master(pair[0], 9, pair[0]), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), 1);
	cr_assert_eq(got->type, RAWMSG_TTY_HOLD);
	cr_assert_eq(got->seq, 9);
	cr_assert_geq(got->fd, 0);
	close(got->fd);
	cr_assert_eq(rawmsg_send(pair[0], RAWMSG_TTY_HOLD, 9, NULL, 0), 0);
	cr_assert_eq(rawmsg_recv(pair[1], got), -EPROTO);
}

static int decode_done(uint32_t what, int32_t error, size_t len)
{
	struct rawmsg_done done[2] = { { .what = what, .error = error } };

	return decode(RAWMSG_TTY_DONE, done, len);
}

Test(rawmsg, what_is_done_to_a_terminal_is_one_of_three_things)
{
	size_t len = sizeof(struct rawmsg_done);

	for (uint32_t what = 0; what < 300; what++) {
		int known = what >= RAWMSG_TTY_RAW && what <= RAWMSG_TTY_CLOSE;

		cr_assert_eq(decode_done(what, 0, len), known ? 0 : -EPROTO);
	}
	cr_assert_eq(decode_done(RAWMSG_TTY_RAW, -EIO, len), 0);
	cr_assert_eq(decode_done(RAWMSG_TTY_RAW, 1, len), -EPROTO);
	cr_assert_eq(decode_done(RAWMSG_TTY_RAW, 0, len - 1), -EPROTO);
	cr_assert_eq(decode_done(RAWMSG_TTY_RAW, 0, len + 1), -EPROTO);
}

Test(rawmsg, sample_sizes_have_bounds)
{
	uint8_t data[RAWMSG_SAMPLES_MAX + 1] = { 0 };

	cr_assert_eq(decode(RAWMSG_SAMPLES, data, 0), -EPROTO);
	cr_assert_eq(decode(RAWMSG_SAMPLES, data, 1), 0);
	cr_assert_eq(decode(RAWMSG_SAMPLES, data, RAWMSG_SAMPLES_MAX), 0);
	cr_assert_eq(decode(RAWMSG_SAMPLES, data, RAWMSG_SAMPLES_MAX + 1),
		     -EPROTO);
}

Test(rawmsg, state_sizes_range_and_text_are_checked)
{
	struct {
		uint32_t state;
		char text[RAWMSG_TEXT_MAX + 1];
	} s = { .state = READER_GONE };

	memset(s.text, 'a', sizeof(s.text));
	cr_assert_eq(decode(RAWMSG_STATE, &s, 0), -EPROTO);
	cr_assert_eq(decode(RAWMSG_STATE, &s, 3), -EPROTO);
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4), 0);
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4 + RAWMSG_TEXT_MAX), 0);
	cr_assert_eq(decode(RAWMSG_STATE, &s, 5 + RAWMSG_TEXT_MAX), -EPROTO);
	s.text[7] = '\n';
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4 + 7), 0);
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4 + 8), -EPROTO);
	s.text[7] = '\x7f';
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4 + 8), -EPROTO);
	s.text[7] = '\xe4';
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4 + 8), -EPROTO);
	s.state = READER_STATES;
	cr_assert_eq(decode(RAWMSG_STATE, &s, 4), -EPROTO);
}

Test(rawmsg, identity_is_checked_field_by_field)
{
	struct rawmsg_ident i = good_ident();

	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), 0);
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i) - 1), -EPROTO);
	i.id[0] = '\0';
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), 0, "no id is fine");
	i.id[0] = 'G';
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO);
	i.id[0] = '0';
	i.id[31] = '\0';
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO);
	i.id[31] = i.id[32] = '0';
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO,
		     "an id that does not end");
	i = good_ident();
	i.firmware = 0;
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO);
	i.firmware = 4;
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO);
	i = good_ident();
	i.image_bytes--;
	cr_assert_eq(decode(RAWMSG_IDENT, &i, sizeof(i)), -EPROTO);
}

Test(rawmsg, a_port_must_be_one_and_end)
{
	struct rawmsg_port p = { "1-1" };

	cr_assert_eq(decode(RAWMSG_ARRIVED, &p, sizeof(p)), 0);
	cr_assert_eq(decode(RAWMSG_LEFT, &p, sizeof(p)), 0);
	cr_assert_eq(decode(RAWMSG_LEFT, &p, sizeof(p) - 1), -EPROTO);
	strcpy(p.port, "1-x");
	cr_assert_eq(decode(RAWMSG_ARRIVED, &p, sizeof(p)), -EPROTO);
	memset(p.port, '1', sizeof(p.port));
	p.port[1] = '-';
	cr_assert_eq(decode(RAWMSG_ARRIVED, &p, sizeof(p)), -EPROTO);
}

Test(rawmsg, garbage_is_refused_or_in_range)
{
	unsigned int seed = (unsigned int)getpid();
	uint8_t packet[HEAD + 256];

	cr_log_info("seed %u", seed);
	srand(seed);
	for (int round = 0; round < 100000; round++) {
		size_t len = (size_t)rand() % (sizeof(packet) + 1);

		for (size_t i = 0; i < len; i++)
			packet[i] = (uint8_t)rand();
		if (len >= 8 && round % 2) {
			memset(packet, 0, 8);
			packet[0] = (uint8_t)(rand() % 10);
		}
		if (rawmsg_decode(got, packet, len) == 0)
			cr_assert_leq(got->len, sizeof(got->u));
	}
}

Test(rawmsg_port, good_paths_are_valid)
{
	static const char *const good[] = { "1-1",
					    "2-14",
					    "255-255",
					    "1-1.4",
					    "1-1.2.3.4.5.6.7",
					    "255-255.255.255.255.255.255.255" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect(rawmsg_port_valid(good[i]), "%s", good[i]);
}

Test(rawmsg_port, bad_paths_are_not)
{
	static const char *const bad[] = {
		"",
		"1",
		"-",
		"1-",
		"-1",
		"1-1.",
		"1-.1",
		"1.1",
		"1-1-1",
		"1-1..2",
		"0-1",
		"1-0",
		"01-1",
		"1-01",
		"256-1",
		"1-256",
		"1-1 ",
		" 1-1",
		"1-1\n",
		"a-1",
		"1-1/..",
		"usb1",
		"1-1:1.0",
		"+1-1",
		"1-1.2.3.4.5.6.7.8",
		"99999999999999999999-1",
		"255-255.255.255.255.255.255.255.255.255",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!rawmsg_port_valid(bad[i]), "%s", bad[i]);
}

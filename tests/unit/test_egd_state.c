/*
 * test_egd_state.c - a connection that another process goes on with: what the
 * peer gets is what it would have got from the first
 */
#include "host-agent/egd_state.h"

#include <errno.h>

#include "tests/unit/egd_fixture.h"

static struct handover_state record;
static int ours; /* a second descriptor of our end */

static void new_process(void)
{
	publish();
	conn.record = &record;
}

static void end_process(void)
{
	conn.record = NULL;
	unpublish();
}

static void set_up(void)
{
	int fd = pair();

	memset(&record, 0, sizeof(record));
	ours = dup(fd);
	new_process();
	cr_assert_eq(egd_conn_open(&conn, fd), 0);
}

static void tear_down(void)
{
	end_process();
	close(peer);
	close(ours);
}

TestSuite(egd_state, .init = set_up, .fini = tear_down);

/* Another process goes on with what the first left. */
static int restart(void)
{
	struct handover_state left = record;

	cr_assert(handover_state_valid(&left));
	end_process();
	new_process();
	return egd_conn_resume(&conn, dup(ours), &left);
}

static size_t hear(void)
{
	uint8_t buf[4096];

	return hear_into(buf, sizeof(buf));
}

/* Blocks arrive in the pool and are given out. */
static void give(int blocks)
{
	fill(blocks);
	serve(NULL);
}

Test(egd_state, owed_bytes_are_paid_by_the_next_process)
{
	say("\x02\xff\x02\xff", 4);
	give(1);
	cr_assert_eq(hear(), 64);
	cr_assert_eq(restart(), 0);
	cr_assert_eq(consumer.owed, 510 - 64);
	turn();
	give(20);
	cr_assert_eq(hear(), 7 * 64);
	cr_assert_eq(consumer.ahead, 2);
}

Test(egd_state, a_block_given_ahead_is_not_given_again)
{
	give(10);
	say("\x02\x40", 2);
	cr_assert_eq(consumer.ahead, 64);
	cr_assert_eq(restart(), 0);
	cr_assert_eq(consumer.ahead, 64);
	turn();
	give(10);
	cr_assert_eq(hear(), 128);
	say("\x02\x40", 2);
	cr_assert_eq(hear(), 64);
}

Test(egd_state, a_process_that_had_its_seed_is_known_to)
{
	say("\x02\x40", 2);
	give(1);
	cr_assert_eq(hear(), 64);
	memset(&consumer.service, 0, sizeof(consumer.service));
	cr_assert_eq(restart(), 0);
	cr_assert_eq(consumer.service.process_bytes, 64);
}

Test(egd_state, what_is_asked_between_two_processes_is_answered)
{
	say("\x02\x40", 2);
	cr_assert_eq(send(peer, "\x02\x40", 2, MSG_NOSIGNAL), 2);
	cr_assert_eq(restart(), 0);
	turn();
	give(10);
	cr_assert_eq(hear(), 3 * 64);
}

Test(egd_state, half_a_command_is_completed)
{
	give(10);
	say("\x02\x01\x02", 3);
	cr_assert_eq(restart(), 0);
	turn();
	give(10);
	hear();
	cr_assert_eq(consumer.ahead, 63);
	say("\x3f", 1);
	cr_assert_eq(hear(), 64);
	cr_assert_eq(consumer.ahead, 64);
}

Test(egd_state, what_is_offered_is_dropped_on_both_sides)
{
	say("\x03\x00\x08\x04\xff\xff", 6);
	cr_assert_eq(record.skip, 2);
	cr_assert_eq(restart(), 0);
	say("\xff\xff", 2);
	cr_assert(consumer.connected);
	say("\xff", 1);
	cr_assert(!consumer.connected);
}

Test(egd_state, waiting_commands_keep_their_turn)
{
	say("\x04\x02\x40\x00\x01\x02", 6);
	cr_assert_gt(hear(), 1);
	cr_assert_eq(record.pending_count, 2);
	cr_assert_eq(restart(), 0);
	turn();
	cr_assert_eq(hear(), 0);
	give(1);
	cr_assert_eq(hear(), 64 + 4 + 1);
	give(1);
	cr_assert_eq(consumer.owed, 0);
	cr_assert_eq(consumer.ahead, 0);
}

Test(egd_state, an_answer_that_was_due_is_given)
{
	say("\x04\x02\x01\x04", 4);
	hear();
	/* the first process ends between paying and answering */
	record.delivered = record.asked;
	cr_assert_eq(restart(), 0);
	turn();
	cr_assert_gt(hear(), 1);
	cr_assert_eq(conn.pending_count, 0);
}

Test(egd_state, a_kill_amid_a_send_pays_again_rather_than_not)
{
	say("\x02\x40", 2);
	egd_state_begin(&conn, HANDOVER_SENDING);
	cr_assert_eq(restart(), 0);
	cr_assert_eq(consumer.owed, 64);
	turn();
	give(10);
	cr_assert_eq(hear(), 128);
}

Test(egd_state, a_kill_amid_a_read_is_mended_by_a_push)
{
	give(10);
	say("\x02\x40", 2);
	cr_assert_eq(hear(), 128);
	egd_state_begin(&conn, HANDOVER_READING);
	cr_assert_eq(restart(), 0);
	turn();
	give(10);
	cr_assert_eq(hear(), 0);
	event_base_loop(env.base, EVLOOP_ONCE);
	cr_assert_eq(hear(), 64);
	cr_assert_eq(consumer.pushed, 64);
}

Test(egd_state, a_classic_peer_is_not_gone_on_with_amid_a_reply)
{
	say("\x04\x02\x40", 3);
	egd_state_begin(&conn, HANDOVER_SENDING);
	cr_assert_eq(restart(), -EPROTO);
	cr_assert(!consumer.connected);
}

Test(egd_state, a_push_goes_on_up_to_its_limit)
{
	int i;

	for (i = 0; i < 4; i++) {
		turn();
		give(1);
		event_base_loop(env.base, EVLOOP_ONCE);
		hear();
		cr_assert_eq(restart(), 0);
	}
	cr_assert_eq(record.push_bytes, 256);
	give(5);
	event_base_loop(env.base, EVLOOP_ONCE);
	turn();
	cr_assert_eq(hear(), 0);
}

Test(egd_state, nothing_known_is_a_new_connection)
{
	say("\x02\x40", 2);
	end_process();
	new_process();
	cr_assert_eq(egd_conn_resume(&conn, dup(ours), NULL), 0);
	give(10);
	event_base_loop(env.base, EVLOOP_ONCE);
	cr_assert_eq(hear(), 64);
}

/* What arrives of want bytes while blocks are served. */
static size_t read_for(size_t want, unsigned int turns)
{
	uint8_t buf[256];
	size_t have = 0;
	ssize_t n;

	for (; turns && have < want; turns--) {
		if (pool_blocks(env.pool) < 20)
			give(20);
		turn();
		serve(NULL);
		n = recv(peer, buf, want - have, MSG_DONTWAIT);
		have += n > 0 ? (size_t)n : 0;
	}
	return have;
}

/* A request is read and lost; it is made good, and so is every one after it. */
static void lose_a_request(size_t size)
{
	const uint8_t ask[] = { 2, (uint8_t)size };
	size_t have = 0;

	give(20);
	say(ask, sizeof(ask));
	cr_assert_eq(read_for(size, 20), size);
	record.activity = HANDOVER_READING;
	cr_assert_eq(restart(), 0);
	for (int i = 0; i < 60 && have < size; i++) {
		usleep(50000); /* pushes come ever later */
		have += read_for(size - have, 1);
	}
	cr_assert_eq(have, size, "the lost one: %zu of %zu", have, size);
	for (int i = 0; i < 20; i++) {
		say(ask, sizeof(ask));
		have = read_for(size, 20);
		cr_assert_eq(have, size, "number %d behind it: %zu of %zu", i,
			     have, size);
	}
}

Test(egd_state, a_lost_request_of_any_size_leaves_no_debt)
{
	lose_a_request(255);
}

Test(egd_state, nor_one_of_less_than_two_blocks)
{
	lose_a_request(100);
}

Test(egd_state, nor_one_of_a_block)
{
	lose_a_request(64);
}

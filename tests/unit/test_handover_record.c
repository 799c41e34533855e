#include "host-agent/handover_record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/egd.h"
#include "tests/unit/testrand.h"

#define UUID "0123abcd-4567-89ef-0123-456789abcdef"
#define HEAD sizeof(struct handover_header)

static struct {
	struct handover_header header;
	struct handover_record r[3];
} table;

static struct handover_left got[4];
static size_t got_count;
static uint64_t generation;

static void take(void *ctx, const struct handover_left *left)
{
	(void)ctx;
	got[got_count++] = *left;
}

static int parse(size_t len)
{
	got_count = 0;
	return handover_parse((const uint8_t *)&table, len, &generation, take,
			      NULL);
}

/* Two records around an unused one. */
static void set_up(void)
{
	struct handover_state *s = &table.r[0].state;

	memset(&table, 0, sizeof(table));
	handover_header_init(&table.header, 7);
	table.header.records = 3;
	strcpy(table.r[0].key, UUID);
	table.r[0].listen_fd = 10;
	table.r[0].listen_ino = 1000;
	table.r[0].peer_fd = 11;
	table.r[0].peer_ino = 1001;
	s->requested = 1;
	s->asked = 640;
	s->delivered = 600;
	strcpy(table.r[2].key, HANDOVER_HOST);
	table.r[2].listen_fd = -1;
	table.r[2].peer_fd = -1;
}

TestSuite(handover_record, .init = set_up);

Test(handover_record, used_records_are_parsed_in_their_order)
{
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(generation, 7);
	cr_assert_eq(got_count, 2);
	cr_assert_str_eq(got[0].key, UUID);
	cr_assert_eq(got[0].listen_fd, 10);
	cr_assert_eq(got[0].peer_fd, 11);
	cr_assert_eq(got[0].peer_ino, 1001);
	cr_assert(got[0].known);
	cr_assert_eq(got[0].state.asked, 640);
	cr_assert_eq(got[0].state.delivered, 600);
	cr_assert_str_eq(got[1].key, "host");
	cr_assert(got[1].known);
}

Test(handover_record, counts_are_taken_as_far_as_they_are_counts)
{
	struct counts *a = &table.r[0].account.counts;

	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].account.counts.since_s, 0, "none were kept");
	a->since_s = 1700000000;
	a->delivered = HANDOVER_COUNT_MAX;
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].account.counts.since_s, 1700000000);
	cr_assert_eq(got[0].account.counts.delivered, HANDOVER_COUNT_MAX);
	cr_assert_eq(got[1].account.counts.since_s, 0);
	a->delivered++;
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].account.counts.since_s, 0, "one count too high");
	cr_assert(got[0].known, "which is no fault of its peer");
	a->delivered = 1;
	a->since_s = -1;
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].account.counts.since_s, 0);
	a->since_s = 1;
	table.header.version++;
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].account.counts.since_s, 0, "of another version");
}

Test(handover_record, no_other_length_is_a_table)
{
	cr_assert_eq(parse(0), -EINVAL);
	cr_assert_eq(parse(HEAD - 1), -EINVAL);
	cr_assert_eq(parse(HEAD), -EINVAL);
	cr_assert_eq(parse(sizeof(table) - 1), -EINVAL);
	table.header.records = 2;
	cr_assert_eq(parse(sizeof(table)), -EINVAL);
	table.header.records = 0;
	cr_assert_eq(parse(HEAD), 0);
	cr_assert_eq(got_count, 0);
}

Test(handover_record, no_other_header_is_a_table)
{
	table.header.magic[0] ^= 1;
	cr_assert_eq(parse(sizeof(table)), -EINVAL);
	set_up();
	table.header.version = 0;
	cr_assert_eq(parse(sizeof(table)), -EINVAL);
	set_up();
	table.header.record_size = HANDOVER_HEAD_SIZE;
	cr_assert_eq(parse(HEAD + 3 * HANDOVER_HEAD_SIZE), -EINVAL);
	set_up();
	table.header.records = HANDOVER_RECORDS_MAX + 1;
	cr_assert_eq(parse(sizeof(table)), -EINVAL);
	set_up();
	table.header.records = UINT32_MAX;
	cr_assert_eq(parse(sizeof(table)), -EINVAL);
}

Test(handover_record, of_another_version_only_the_heads_are_used)
{
	table.header.version = HANDOVER_VERSION + 1;
	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got_count, 2);
	cr_assert_eq(got[0].peer_fd, 11);
	cr_assert(!got[0].known);
	cr_assert_eq(got[0].state.asked, 0);
	/* its records may be of another size */
	table.header.record_size = HANDOVER_HEAD_SIZE;
	table.header.records = 1;
	cr_assert_eq(parse(HEAD + HANDOVER_HEAD_SIZE), 0);
	cr_assert_eq(got_count, 1);
	table.header.record_size = HANDOVER_HEAD_SIZE - 1;
	cr_assert_eq(parse(HEAD + HANDOVER_HEAD_SIZE - 1), -EINVAL);
	table.header.record_size = HANDOVER_RECORD_MAX + 1;
	cr_assert_eq(parse(HEAD + HANDOVER_RECORD_MAX + 1), -EINVAL);
}

static void drops_the_first(void)
{
	cr_assert_eq(parse(sizeof(table)), 1);
	cr_assert_eq(got_count, 1);
	cr_assert_str_eq(got[0].key, "host");
	set_up();
}

Test(handover_record, a_head_that_makes_no_sense_is_dropped)
{
	table.r[0].key[0] = 'G';
	drops_the_first();
	table.r[0].key[35] = '\0';
	drops_the_first();
	table.r[0].key[36] = '0';
	drops_the_first();
	table.r[0].key[8] = '0';
	drops_the_first();
	memset(table.r[0].key, 'a', sizeof(table.r[0].key));
	drops_the_first();
	table.r[0].listen_fd = -2;
	drops_the_first();
	table.r[0].listen_fd = 2;
	drops_the_first();
	table.r[0].listen_ino = 0;
	drops_the_first();
	table.r[0].peer_fd = INT32_MIN;
	drops_the_first();
	table.r[0].peer_fd = 0;
	drops_the_first();
	table.r[0].peer_ino = 0;
	drops_the_first();
}

static bool valid(void)
{
	bool is = handover_state_valid(&table.r[0].state);

	cr_assert_eq(parse(sizeof(table)), 0);
	cr_assert_eq(got[0].known, is);
	set_up();
	return is;
}

Test(handover_record, totals_may_differ_by_what_is_owed_or_one_block)
{
	struct handover_state *s = &table.r[0].state;

	s->delivered = 640 + 64;
	cr_assert(valid());
	s->delivered = 640 + 65;
	cr_assert(!valid());
	s->delivered = UINT64_MAX;
	cr_assert(!valid());
	s->asked = UINT64_MAX;
	cr_assert(valid());
	s->delivered = 641;
	s->classic = 1;
	cr_assert(!valid());
	s->asked = 0;
	s->requested = 0;
	s->delivered = 64;
	cr_assert(valid());
	s->requested = 0;
	cr_assert(!valid());
}

Test(handover_record, every_field_has_its_range)
{
	struct handover_state *s = &table.r[0].state;

	s->activity = HANDOVER_SENDING;
	cr_assert(valid());
	s->activity = HANDOVER_ACTIVITIES;
	cr_assert(!valid());
	s->requested = 2;
	cr_assert(!valid());
	s->classic = 2;
	cr_assert(!valid());
	s->push_bytes = HANDOVER_PUSH_MAX;
	cr_assert(valid());
	s->push_bytes = HANDOVER_PUSH_MAX + 1;
	cr_assert(!valid());
	s->process_bytes = HANDOVER_SEED_MAX;
	cr_assert(valid());
	s->process_bytes = HANDOVER_SEED_MAX + 1;
	cr_assert(!valid());
}

Test(handover_record, a_half_read_command_is_one_that_the_parser_knows)
{
	struct handover_state *s = &table.r[0].state;

	s->skip = 255;
	cr_assert(valid());
	s->have = 1;
	s->head[0] = EGD_READ;
	cr_assert(valid());
	s->have = 2;
	s->head[0] = EGD_READ;
	cr_assert(!valid());
	s->have = 3;
	s->head[0] = EGD_WRITE;
	cr_assert(valid());
	s->have = 4;
	s->head[0] = EGD_WRITE;
	cr_assert(!valid());
	s->have = 1;
	s->head[0] = EGD_PID;
	cr_assert(!valid());
	s->have = 1;
	s->head[0] = EGD_PID + 1;
	cr_assert(!valid());
	s->have = 1;
	s->head[0] = EGD_READ;
	s->skip = 1;
	cr_assert(!valid());
}

/* One waiting command of a classic peer. */
static struct handover_state *one_pending(uint8_t op, uint64_t at)
{
	struct handover_state *s = &table.r[0].state;

	s->classic = 1;
	s->pending_count = 1;
	s->pending[0].op = op;
	s->pending[0].at = at;
	return s;
}

Test(handover_record, waiting_commands_are_classic_ones_in_their_order)
{
	struct handover_state *s;

	one_pending(EGD_LEVEL, 640);
	cr_assert(valid());
	one_pending(EGD_READ_NOW, 0);
	cr_assert(valid());
	one_pending(EGD_READ, 640);
	cr_assert(!valid());
	one_pending(EGD_WRITE, 640);
	cr_assert(!valid());
	one_pending(255, 640);
	cr_assert(!valid());
	one_pending(EGD_PID, 641);
	cr_assert(!valid());
	s = one_pending(EGD_PID, 640);
	s->classic = 0;
	cr_assert(!valid());
	s = one_pending(EGD_PID, 640);
	s->pending_count = 2;
	s->pending[1].at = 639;
	cr_assert(!valid());
	s = one_pending(EGD_LEVEL, 0);
	s->pending_count = HANDOVER_PENDING_MAX;
	cr_assert(valid());
	s = one_pending(EGD_LEVEL, 0);
	s->pending_count = HANDOVER_PENDING_MAX + 1;
	cr_assert(!valid());
}

Test(handover_record, garbage_never_becomes_a_peer)
{
	struct testrand r = testrand_new("garbage_never_becomes_a_peer");
	int round;

	for (round = 0; round < 10000; round++) {
		testrand_fill(&r, (uint8_t *)&table, sizeof(table));
		cr_assert_eq(parse(sizeof(table)), -EINVAL);
		handover_header_init(&table.header, 1);
		table.header.records = 3;
		cr_assert_leq(parse(sizeof(table)), 3);
		cr_assert_eq(got_count, 0);
	}
}

#include "common/egd.h"

#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/testrand.h"

#define REQUESTS_MAX 512

struct parsed {
	struct egd_request req[REQUESTS_MAX];
	size_t count;
	int error;
};

/* Parses what one piece holds, on behalf of a reader that goes on until 0. */
static void parse_piece(struct egd_parser *p, const uint8_t *buf, size_t len,
			struct parsed *out)
{
	int r;

	do {
		cr_assert_lt(out->count, REQUESTS_MAX);
		r = egd_next(p, &buf, &len, &out->req[out->count]);
		if (r == 1)
			out->count++;
	} while (r == 1);
	if (r == 0)
		cr_assert_eq(len, 0);
	out->error = r;
}

static struct parsed parse(const void *buf, size_t len)
{
	struct parsed out = { .count = 0 };
	struct egd_parser p;

	egd_parser_init(&p);
	parse_piece(&p, buf, len, &out);
	return out;
}

static void assert_request(const struct parsed *parsed, size_t i,
			   enum egd_op op, unsigned int n)
{
	cr_assert_lt(i, parsed->count);
	cr_assert_eq(parsed->req[i].op, op);
	cr_assert_eq(parsed->req[i].n, n);
}

Test(egd, nothing_is_no_request)
{
	struct parsed got = parse("", 0);

	cr_assert_eq(got.count, 0);
	cr_assert_eq(got.error, 0);
}

Test(egd, each_command_is_known)
{
	static const uint8_t in[] = { 0, 1, 7, 2, 64, 3, 0, 16, 2, 9, 9, 4 };
	struct parsed got = parse(in, sizeof(in));

	cr_assert_eq(got.count, 5);
	assert_request(&got, 0, EGD_LEVEL, 0);
	assert_request(&got, 1, EGD_READ_NOW, 7);
	assert_request(&got, 2, EGD_READ, 64);
	assert_request(&got, 3, EGD_WRITE, 2);
	assert_request(&got, 4, EGD_PID, 0);
}

Test(egd, read_of_every_size_is_legal)
{
	for (unsigned int n = 0; n <= 255; n++) {
		uint8_t in[] = { EGD_READ, (uint8_t)n, EGD_READ_NOW,
				 (uint8_t)n };
		struct parsed got = parse(in, sizeof(in));

		cr_assert_eq(got.count, 2);
		assert_request(&got, 0, EGD_READ, n);
		assert_request(&got, 1, EGD_READ_NOW, n);
	}
}

Test(egd, request_is_not_returned_one_byte_short)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
	} cases[] = {
		{ { 1, 5 }, 2 },
		{ { 2, 5 }, 2 },
		{ { 3, 0, 8, 1 }, 4 },
	};

	for (size_t i = 0; i < 3; i++) {
		struct parsed got = parse(cases[i].bytes, cases[i].len - 1);

		cr_assert_eq(got.count, 0);
		cr_assert_eq(got.error, 0);
		got = parse(cases[i].bytes, cases[i].len);
		cr_assert_eq(got.count, 1);
	}
}

Test(egd, byte_that_is_no_command_is_refused_and_left_in_place)
{
	for (unsigned int op = 5; op <= 255; op++) {
		uint8_t in[] = { EGD_READ, 1, (uint8_t)op, 0 };
		const uint8_t *buf = in;
		size_t len = sizeof(in);
		struct egd_request req;
		struct egd_parser p;

		egd_parser_init(&p);
		cr_assert_eq(egd_next(&p, &buf, &len, &req), 1);
		for (int again = 0; again < 2; again++) {
			cr_assert_eq(egd_next(&p, &buf, &len, &req), -EPROTO);
			cr_assert_eq(*buf, op);
			cr_assert_eq(len, 2);
		}
	}
}

Test(egd, what_write_offers_is_dropped_whatever_it_holds)
{
	uint8_t in[4 + 255 + 2] = { EGD_WRITE, 0xff, 0xff, 255 };
	struct parsed got;

	memset(in + 4, 0xee, 255);
	in[4 + 255] = EGD_READ;
	in[4 + 255 + 1] = 9;
	got = parse(in, sizeof(in));
	cr_assert_eq(got.count, 2);
	assert_request(&got, 0, EGD_WRITE, 255);
	assert_request(&got, 1, EGD_READ, 9);
}

Test(egd, write_of_nothing_is_legal)
{
	static const uint8_t in[] = { EGD_WRITE, 0, 0, 0, EGD_LEVEL };
	struct parsed got = parse(in, sizeof(in));

	cr_assert_eq(got.count, 2);
	assert_request(&got, 0, EGD_WRITE, 0);
	assert_request(&got, 1, EGD_LEVEL, 0);
}

Test(egd, every_split_in_three_gives_the_same_requests)
{
	static const uint8_t in[] = { 0, 1, 200, 3, 1, 2, 5, 2, 2, 2, 2,
				      2, 2, 64,	 3, 0, 0, 0, 4, 1, 0 };
	struct parsed whole = parse(in, sizeof(in));

	cr_assert_eq(whole.count, 7);
	for (size_t a = 0; a <= sizeof(in); a++) {
		for (size_t b = a; b <= sizeof(in); b++) {
			struct parsed got = { .count = 0 };
			struct egd_parser p;

			egd_parser_init(&p);
			parse_piece(&p, in, a, &got);
			parse_piece(&p, in + a, b - a, &got);
			parse_piece(&p, in + b, sizeof(in) - b, &got);
			cr_assert_eq(got.count, whole.count);
			for (size_t i = 0; i < got.count; i++)
				assert_request(&got, i, whole.req[i].op,
					       whole.req[i].n);
		}
	}
}

Test(egd, garbage_ends_in_an_error_or_in_requests)
{
	struct testrand r = testrand_new("egd garbage");

	for (int i = 0; i < 10000; i++) {
		uint8_t in[256];
		struct parsed got;

		testrand_fill(&r, in, sizeof(in));
		got = parse(in, testrand_below(&r, sizeof(in) + 1));
		cr_assert(got.error == 0 || got.error == -EPROTO);
	}
}

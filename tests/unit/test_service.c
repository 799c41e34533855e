#include "host-agent/service.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "host-agent/drbg.h"

#define US 1000000ull

static struct service s;
static struct service_view v;

static void start(enum service_class class, enum service_absent absent)
{
	memset(&s, 0, sizeof(s));
	memset(&v, 0, sizeof(v));
	s.policy.class = class;
	s.policy.when_absent = absent;
	v.now_us = 1000 * US;
	cr_assert_eq(service_open(&s, "test consumer 1"), 0);
}

static void seed(uint8_t value)
{
	uint8_t block[64];
	size_t i;

	memset(block, value, sizeof(block));
	cr_assert_eq(service_seed(&s, block, v.now_us), 0);
	for (i = 0; i < sizeof(block); i++)
		cr_assert_eq(block[i], 0, "the seed is left behind");
}

static void make(size_t len)
{
	static uint8_t out[65536];

	for (; len; len -= len < sizeof(out) ? len : sizeof(out)) {
		size_t n = len < sizeof(out) ? len : sizeof(out);

		cr_assert_eq(service_make(&s, SUPPLY_DRBG, out, n, v.now_us),
			     0);
		service_account(&s, SUPPLY_DRBG, n);
	}
}

Test(service, names_are_parsed_and_printed)
{
	cr_assert_eq(service_class_parse("raw"), SERVICE_RAW);
	cr_assert_eq(service_class_parse("drbg"), SERVICE_DRBG);
	cr_assert_eq(service_class_parse("seed"), SERVICE_SEED);
	cr_assert_eq(service_class_parse(""), -EINVAL);
	cr_assert_eq(service_class_parse("raww"), -EINVAL);
	cr_assert_eq(service_absent_parse("hold"), SERVICE_HOLD);
	cr_assert_eq(service_absent_parse("kernel"), SERVICE_KERNEL);
	cr_assert_eq(service_absent_parse("refuse"), SERVICE_REFUSE);
	cr_assert_eq(service_absent_parse("raw"), -EINVAL);
	cr_assert_str_eq(service_class_name(SERVICE_DRBG), "drbg");
	cr_assert_str_eq(service_absent_name(SERVICE_REFUSE), "refuse");
	cr_assert_str_eq(service_supply_name(SUPPLY_KERNEL), "kernel");
}

Test(service, raw_is_served_from_the_pool)
{
	start(SERVICE_RAW, SERVICE_HOLD);
	cr_assert_null(s.drbg);
	cr_assert_eq(service_supply(&s, &v), SUPPLY_POOL);
	cr_assert(service_wants_pool(&s, &v, true));
	cr_assert_not(service_wants_pool(&s, &v, false));
	cr_assert_not(service_wants_made(&s, &v, true));
	cr_assert_not(service_takes_seed(&s));
	v.absent = v.dry = true;
	cr_assert(service_wants_pool(&s, &v, true), "hold waits for the pool");
	cr_assert_not(service_wants_made(&s, &v, true));
}

Test(service, raw_turns_to_the_kernel_once_the_pool_is_dry)
{
	uint8_t out[64] = { 0 }, none[64] = { 0 };

	start(SERVICE_RAW, SERVICE_KERNEL);
	v.absent = true;
	cr_assert(service_wants_pool(&s, &v, true));
	cr_assert_not(service_wants_made(&s, &v, true));
	v.dry = true;
	cr_assert_eq(service_supply(&s, &v), SUPPLY_KERNEL);
	cr_assert_not(service_wants_pool(&s, &v, true));
	cr_assert(service_wants_made(&s, &v, true));
	cr_assert_eq(service_make(&s, SUPPLY_KERNEL, out, sizeof(out), 0), 0);
	cr_assert(memcmp(out, none, sizeof(out)));
	service_account(&s, SUPPLY_KERNEL, sizeof(out));
	service_account(&s, SUPPLY_POOL, sizeof(out));
	cr_assert_eq(s.kernel_bytes, 64);
}

Test(service, a_drbg_gives_nothing_before_its_seed)
{
	uint8_t out[64];

	start(SERVICE_DRBG, SERVICE_HOLD);
	cr_assert(service_takes_seed(&s));
	cr_assert_not(service_wants_pool(&s, &v, false), "nobody asks");
	cr_assert(service_wants_pool(&s, &v, true));
	cr_assert_not(service_wants_made(&s, &v, true));
	cr_assert_eq(service_make(&s, SUPPLY_DRBG, out, 64, v.now_us), -EAGAIN);
	seed(1);
	cr_assert_not(service_wants_pool(&s, &v, true));
	cr_assert(service_wants_made(&s, &v, true));
	cr_assert_eq(s.seeds, 1);
	service_close(&s);
	cr_assert_null(s.drbg);
	cr_assert_not(s.seeded);
}

Test(service, a_drbg_wishes_for_a_seed_out_of_plenty_only)
{
	start(SERVICE_DRBG, SERVICE_HOLD);
	seed(1);
	make(DRBG_WISH_BYTES);
	cr_assert_not(service_wants_pool(&s, &v, true));
	v.plenty = true;
	cr_assert(service_wants_pool(&s, &v, true));
	cr_assert(service_wants_made(&s, &v, true), "it gives meanwhile");
	seed(2);
	cr_assert_eq(s.reseeds, 1);
	cr_assert_eq(s.since_seed_bytes, 0);
	cr_assert_not(service_wants_pool(&s, &v, true));
	v.now_us += DRBG_WISH_US;
	cr_assert(service_wants_pool(&s, &v, true));
	cr_assert_not(service_wants_pool(&s, &v, false), "it gave nothing");
	service_close(&s);
}

Test(service, a_drbg_needs_a_seed_out_of_any_pool)
{
	start(SERVICE_DRBG, SERVICE_HOLD);
	seed(1);
	make(DRBG_NEED_BYTES);
	cr_assert(service_wants_pool(&s, &v, false));
	cr_assert(service_wants_made(&s, &v, true));
	service_close(&s);
}

Test(service, a_drbg_past_its_limit_waits_for_a_seed)
{
	uint8_t out[64];

	start(SERVICE_DRBG, SERVICE_HOLD);
	seed(1);
	v.now_us += DRBG_LIMIT_US;
	cr_assert_eq(service_make(&s, SUPPLY_DRBG, out, 64, v.now_us), -EAGAIN);
	cr_assert_not(service_wants_made(&s, &v, true));
	cr_assert(service_wants_pool(&s, &v, true));
	seed(2);
	cr_assert(service_wants_made(&s, &v, true));
	service_close(&s);
}

Test(service, a_drbg_without_a_device_holds_or_gets_the_kernels_bytes)
{
	start(SERVICE_DRBG, SERVICE_HOLD);
	seed(1);
	v.absent = true;
	cr_assert_eq(service_supply(&s, &v), SUPPLY_NONE);
	cr_assert_not(service_wants_pool(&s, &v, true));
	cr_assert_not(service_wants_made(&s, &v, true));
	s.policy.when_absent = SERVICE_KERNEL;
	cr_assert_eq(service_supply(&s, &v), SUPPLY_KERNEL);
	cr_assert(service_wants_made(&s, &v, true));
	cr_assert_not(service_wants_pool(&s, &v, true), "no seed from it");
	service_close(&s);
}

Test(service, two_drbgs_with_one_seed_differ_by_their_names)
{
	struct service other = { .policy = { .class = SERVICE_DRBG } };
	uint8_t block[64] = { 7 }, a[64], b[64];

	start(SERVICE_DRBG, SERVICE_HOLD);
	cr_assert_eq(service_open(&other, "test consumer 2"), 0);
	cr_assert_eq(service_seed(&s, block, 0), 0);
	block[0] = 7;
	cr_assert_eq(service_seed(&other, block, 0), 0);
	cr_assert_eq(service_make(&s, SUPPLY_DRBG, a, 64, 0), 0);
	cr_assert_eq(service_make(&other, SUPPLY_DRBG, b, 64, 0), 0);
	cr_assert(memcmp(a, b, 64));
	service_close(&s);
	service_close(&other);
}

Test(service, seed_gives_64_bytes_to_each_process)
{
	start(SERVICE_SEED, SERVICE_KERNEL);
	cr_assert_eq(service_allows(&s, 255), 64);
	cr_assert(service_wants_pool(&s, &v, true));
	service_account(&s, SUPPLY_POOL, 40);
	cr_assert_eq(service_allows(&s, 64), 24);
	cr_assert_eq(service_allows(&s, 7), 7);
	service_account(&s, SUPPLY_POOL, 24);
	cr_assert_eq(service_allows(&s, 1), 0);
	cr_assert_eq(service_supply(&s, &v), SUPPLY_NONE);
	service_close(&s);
	cr_assert_eq(service_open(&s, "again"), 0);
	cr_assert_eq(service_allows(&s, 64), 0, "the same process again");
	service_boot(&s);
	cr_assert_eq(service_allows(&s, 64), 64);
	v.absent = v.dry = true;
	cr_assert_eq(service_supply(&s, &v), SUPPLY_POOL, "it holds");
	cr_assert_not(service_wants_made(&s, &v, true));
}

Test(service, a_change_keeps_what_was_counted)
{
	struct service_policy drbg = { .class = SERVICE_DRBG };
	struct service_policy raw = { .class = SERVICE_RAW };
	struct service_policy only = { .class = SERVICE_SEED };

	start(SERVICE_RAW, SERVICE_HOLD);
	service_account(&s, SUPPLY_POOL, 64);
	cr_assert_eq(service_change(&s, &drbg, "id"), 0);
	seed(1);
	make(64);
	cr_assert_eq(service_change(&s, &drbg, "id"), 0);
	cr_assert(s.seeded, "no change of class costs no seed");
	cr_assert_eq(service_change(&s, &raw, "id"), 0);
	cr_assert_null(s.drbg);
	cr_assert_eq(s.seeds, 1);
	cr_assert_eq(service_change(&s, &only, "id"), 0);
	cr_assert_eq(service_allows(&s, 64), 0, "it had more than a seed");
}

Test(service, what_stalled_waits_for_the_tick)
{
	start(SERVICE_RAW, SERVICE_HOLD);
	s.stalled = true;
	cr_assert_eq(service_supply(&s, &v), SUPPLY_NONE);
	service_tick(&s);
	cr_assert_eq(service_supply(&s, &v), SUPPLY_POOL);
}

Test(service, a_start_is_no_absence_for_two_seconds)
{
	struct service_absence a = { .absent = false };

	cr_assert_not(service_is_absent(&a, "no-device", 5 * US));
	cr_assert_not(service_is_absent(&a, "starting", 7 * US - 1));
	cr_assert(service_is_absent(&a, "starting", 7 * US));
	cr_assert_not(service_is_absent(&a, "serving", 8 * US));
}

Test(service, a_departure_or_failure_is_absence_at_once)
{
	static const char *const states[] = { "no-device", "holding",
					      "failed" };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct service_absence a = { .absent = false };

		cr_assert_not(service_is_absent(&a, "serving", 1 * US));
		cr_assert(service_is_absent(&a, states[i], 9 * US));
		cr_assert(service_is_absent(&a, "starting", 10 * US),
			  "a start does not end it");
		cr_assert_not(service_is_absent(&a, "serving", 11 * US));
	}
}

Test(service, a_short_restart_of_a_serving_device_is_none)
{
	struct service_absence a = { .absent = false };

	cr_assert_not(service_is_absent(&a, "serving", 1 * US));
	cr_assert_not(service_is_absent(&a, "starting", 9 * US));
	cr_assert_not(service_is_absent(&a, "serving", 10 * US));
	cr_assert_not(service_is_absent(&a, "starting", 20 * US));
	cr_assert(service_is_absent(&a, "starting", 22 * US));
}

#include "tests/unit/domains_fixture.h"

TestSuite(domains_wish, .init = setup, .fini = teardown);

Test(domains_wish, one_that_is_not_configured_is_served_as_it_wishes)
{
	conf.defaults.rate_bytes = 50;
	tell_policy("prepare", B,
		    "{\"class\":\"seed\",\"when_absent\":\"refuse\","
		    "\"rate\":99,\"weight\":7}");
	cr_assert_eq(of(B)->service.policy.class, SERVICE_SEED);
	cr_assert_eq(of(B)->service.policy.when_absent, SERVICE_REFUSE);
	cr_assert_eq(of(B)->limits.rate_bytes, 99);
	cr_assert_eq(of(B)->limits.weight, 7);
	cr_assert_str_eq(status_policy_from(of(B)), "domain");
	/* of what it does not say the defaults hold */
	tell_policy("start", B, "{\"weight\":8}");
	cr_assert_eq(of(B)->service.policy.class, SERVICE_RAW);
	cr_assert_eq(of(B)->limits.rate_bytes, 50);
	cr_assert_eq(of(B)->limits.weight, 8);
	tell_policy("started", B, "");
	cr_assert_eq(of(B)->limits.weight, 1);
	cr_assert_str_eq(status_policy_from(of(B)), "default");
}

Test(domains_wish, a_wish_outlives_end_reload_and_process)
{
	tell_policy("prepare", B, "{\"class\":\"seed\",\"burst\":99}");
	tell("release", B);
	cr_assert_eq(of(B)->limits.burst_bytes, 99);
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	cr_assert_eq(of(B)->limits.burst_bytes, 99);
	domains_save(domains);
	end();
	begin();
	cr_assert_eq(of(B)->service.policy.class, SERVICE_SEED);
	cr_assert_eq(of(B)->limits.burst_bytes, 99);
	cr_assert_str_eq(status_policy_from(of(B)), "domain");
}

Test(domains_wish, a_configured_one_is_served_as_it_wishes_too)
{
	tell_policy("prepare", A, "{\"class\":\"seed\",\"weight\":9}");
	cr_assert_eq(of(A)->service.policy.class, SERVICE_SEED);
	cr_assert_eq(of(A)->limits.weight, 9);
	cr_assert_str_eq(status_policy_from(of(A)), "domain");
	/* another word, here or on another host meanwhile, is followed */
	tell_policy("prepare", A, "{\"weight\":3}");
	cr_assert_eq(of(A)->service.policy.class, SERVICE_RAW);
	cr_assert_eq(of(A)->limits.weight, 3);
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	cr_assert_eq(of(A)->limits.weight, 3);
	domains_save(domains);
	end();
	begin();
	cr_assert_eq(of(A)->limits.weight, 3);
	tell_policy("prepare", A, "");
	cr_assert_eq(of(A)->limits.weight, 1);
	cr_assert_str_eq(status_policy_from(of(A)), "config");
}

Test(domains_wish, a_key_of_a_section_goes_before_the_wish)
{
	configured.has_weight = true;
	configured.limits.weight = 7;
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	tell_policy("prepare", A, "{\"class\":\"seed\",\"weight\":9}");
	cr_assert_eq(of(A)->service.policy.class, SERVICE_SEED);
	cr_assert_eq(of(A)->limits.weight, 7);
	cr_assert_str_eq(status_policy_from(of(A)), "domain");
	tell_policy("start", A, "{\"weight\":9}");
	cr_assert_eq(of(A)->service.policy.class, SERVICE_RAW);
	cr_assert_eq(of(A)->limits.weight, 7);
	cr_assert_str_eq(status_policy_from(of(A)), "config");
	configured.has_weight = false;
	configured.limits.weight = 1;
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	cr_assert_eq(of(A)->limits.weight, 9);
}

Test(domains_wish, what_is_set_live_stays_until_a_reload)
{
	const struct sched_limits live = { .rate_bytes = 5, .weight = 5 };
	struct egd_sock *s = NULL;

	tell_policy("prepare", B, "{\"weight\":2}");
	while ((s = egd_pub_next(pub, s)))
		if (!strcmp(egd_pub_consumer(s)->uuid, B))
			break;
	egd_pub_set_limits(s, &live);
	egd_pub_set_override(s, true);
	tell_policy("start", B, "{\"weight\":3}");
	cr_assert_eq(of(B)->limits.weight, 5);
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	cr_assert_eq(of(B)->limits.weight, 3);
}

Test(domains_wish, a_policy_that_makes_no_sense_is_none)
{
	static const char *const bad[] = {
		"[]",
		"{\"weight\":0}",
		"{\"weight\":7,\"class\":\"best\"}",
		"{\"weight\":7,\"colour\":1}",
		"{\"weight\":7,\"rate\":1000000001}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tell_policy("prepare", B, bad[i]);
		cr_assert_eq(of(B)->limits.weight, 1, "%s", bad[i]);
		cr_assert_str_eq(status_policy_from(of(B)), "default");
	}
}

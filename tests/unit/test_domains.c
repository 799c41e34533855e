#include "tests/unit/domains_fixture.h"

#include <sys/un.h>

TestSuite(domains, .init = setup, .fini = teardown);

Test(domains, a_start_is_counted_once)
{
	cr_assert_eq(of(A)->domain.phase, CONSUMER_UNKNOWN);
	tell("prepare", A);
	cr_assert_eq(of(A)->domain.phase, CONSUMER_PREPARING);
	cr_assert_eq(of(A)->domain.generation, 0);
	tell("start", A);
	cr_assert_eq(of(A)->domain.phase, CONSUMER_STARTING);
	cr_assert(of(A)->domain.boot_due);
	tell("started", A);
	tell("reconnect", A);
	cr_assert_eq(of(A)->domain.phase, CONSUMER_RUNNING);
	cr_assert_eq(of(A)->domain.generation, 1);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_START);
	cr_assert_str_eq(of(A)->domain.name, "a_b");
	cr_assert_str_eq(of(A)->name, "a");
	cr_assert(!of(A)->domain.dynamic);
}

Test(domains, restore_and_migration_are_told_from_a_start)
{
	tell("restore", A);
	tell("prepare", A);
	tell("start", A);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_RESTORE);
	tell("stopped", A);
	tell("release", A);
	cr_assert_eq(of(A)->domain.phase, CONSUMER_STOPPED);
	tell("migrate", A);
	tell("prepare", A);
	/* it failed there */
	tell("release", A);
	tell("prepare", A);
	tell("start", A);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_START);
	cr_assert_eq(of(A)->domain.generation, 2);
}

/* As if the last word had been that long ago. */
static void age(const char *uuid, unsigned int seconds)
{
	struct egd_sock *s = domains_find(domains, uuid);

	egd_pub_domain(s)->told_us -= seconds * 1000000ull;
}

Test(domains, a_restore_that_failed_is_not_the_next_starts)
{
	tell("restore", A);
	age(A, DOMAINS_ARRIVAL_S - 5);
	tell("prepare", A);
	tell("start", A);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_RESTORE);
	tell("release", A);
	/* of a damaged image libvirt tells no more */
	tell("restore", A);
	age(A, DOMAINS_ARRIVAL_S + 1);
	tell("prepare", A);
	tell("start", A);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_START);
	tell("release", A);
	tell("migrate", A);
	age(A, DOMAINS_ARRIVAL_S + 1);
	tell("prepare", A);
	tell("start", A);
	cr_assert_eq(of(A)->domain.origin, CONSUMER_ORIGIN_START);
}

Test(domains, one_that_is_not_configured_gets_its_socket_for_a_while)
{
	uint64_t now;

	tell("prepare", B);
	cr_assert_not_null(of(B));
	cr_assert(of(B)->domain.dynamic);
	cr_assert_str_eq(of(B)->name, "a_b");
	cr_assert_eq(access(of(B)->path, F_OK), 0);
	tell("start", B);
	now = egd_conn_now_us();
	domains_tick(domains, now + 2 * DOMAINS_GRACE_S * 1000000ull);
	cr_assert_not_null(of(B), "it runs");
	tell("release", B);
	now = egd_conn_now_us();
	domains_tick(domains, now + DOMAINS_GRACE_S * 1000000ull - 10000000);
	cr_assert_not_null(of(B));
	domains_tick(domains, now + DOMAINS_GRACE_S * 1000000ull + 1);
	cr_assert_null(of(B));
	cr_assert_not_null(of(A));
}

Test(domains, anothers_socket_makes_no_consumer)
{
	char path[CONSUMER_PATH_MAX];

	rundir_domain_socket(path, folder, A);
	cr_assert_eq(
		tell_json(json_pack("{s:s, s:s, s:s, s:s}", "op", "prepare",
				    "uuid", B, "name", "b", "socket", path)),
		0);
	cr_assert_null(of(B));
	cr_assert_eq(tell_json(json_pack("{s:s, s:s, s:s}", "op", "prepare",
					 "uuid", B, "name", "b")),
		     0);
	cr_assert_null(of(B));
	tell("release", B);
	tell("levitate", B);
	cr_assert_null(of(B));
}

Test(domains, what_is_no_event_is_refused)
{
	const char *bad[] = {
		"{}",
		"{\"op\":\"start\",\"uuid\":\"x\",\"name\":\"a\"}",
		"{\"op\":\"start\",\"uuid\":\"" A "\",\"name\":\"\"}",
		"{\"op\":1,\"uuid\":\"" A "\",\"name\":\"a\"}",
		"{\"op\":\"start\",\"uuid\":\"" A "\",\"name\":\"a\","
		"\"socket\":1}",
		"{\"op\":\"start\",\"uuid\":\"" A "\",\"name\":\"a\","
		"\"usb\":{}}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(tell_json(json_loads(bad[i], 0, NULL)), -EINVAL,
			     "%s", bad[i]);
	cr_assert_eq(tell_json(json_pack("{s:s, s:s, s:s, s:[[i,i],s]}", "op",
					 "prepare", "uuid", A, "name", "a",
					 "usb", 1, 2, "x")),
		     0);
}

Test(domains, another_process_goes_on)
{
	struct letgo_entry e = { .port = "1-2", .by = "domain b", .uuid = B };

	tell("prepare", A);
	tell("start", A);
	tell("prepare", B);
	tell("start", B);
	letgo_restore(letgo, &e);
	egd_pub_domain(domains_find(domains, B))->boot_due = false;
	egd_pub_domain(domains_find(domains, B))->counted =
		(struct consumer_peer){ .pid = 10, .start = 1ull << 40 };
	domains_save(domains);
	end();
	begin();
	cr_assert_eq(of(A)->domain.generation, 1);
	cr_assert(of(A)->domain.boot_due);
	cr_assert_eq(of(A)->domain.counted.pid, 0);
	cr_assert_not(of(B)->domain.boot_due);
	cr_assert_eq(of(B)->domain.counted.pid, 10);
	cr_assert_eq(of(B)->domain.counted.start, 1ull << 40);
	cr_assert_eq(of(A)->domain.phase, CONSUMER_STARTING);
	cr_assert_eq(of(B)->domain.generation, 1);
	cr_assert(of(B)->domain.dynamic);
	cr_assert_eq(letgo_count(letgo), 1);
	cr_assert_str_eq(devset_device(devices, 0)->port, "1-2");
	cr_assert_str_eq(devset_device(devices, 0)->released, "domain b");
	/* a reload keeps it, with the defaults */
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	cr_assert_not_null(of(B));
}

static void put_file(const char *text)
{
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/domains.json", folder);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

Test(domains, a_file_that_makes_no_sense_is_dropped)
{
	static const char *const files[] = {
		"",
		"{",
		"[]",
		"{\"domains\":{},\"devices\":7}",
		"{\"domains\":[7,{\"uuid\":\"" B "\"}],\"devices\":[{}]}",
		("{\"domains\":[{\"uuid\":\"" B "\",\"name\":\"b\","
		 "\"libvirt_name\":\"b\",\"phase\":9,\"origin\":0,\"next\":0,"
		 "\"generation\":1,\"dynamic\":true}]}"),
		("{\"domains\":[{\"uuid\":\"" B "\",\"name\":\"b\","
		 "\"libvirt_name\":\"b\",\"phase\":1,\"origin\":0,\"next\":0,"
		 "\"generation\":-1,\"dynamic\":true}]}"),
		("{\"devices\":[{\"port\":\"../1\",\"by\":\"b\","
		 "\"uuid\":\"\"}]}"),
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		end();
		put_file(files[i]);
		begin();
		cr_assert_null(of(B), "%s", files[i]);
		cr_assert_eq(letgo_count(letgo), 0);
	}
}

Test(domains, a_record_need_not_say_whom_it_was_counted_for)
{
	static const char *const ends[] = {
		"",
		",\"due\":7",
		",\"counted\":[]",
		",\"counted\":[-1,1]",
		",\"counted\":[4294967296,1]",
		",\"counted\":[10,-1]",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		end();
		snprintf(text, sizeof(text),
			 "{\"domains\":[{\"uuid\":\"" B "\",\"name\":\"b\","
			 "\"libvirt_name\":\"b\",\"phase\":1,\"origin\":0,"
			 "\"next\":0,\"generation\":3,\"dynamic\":true%s}]}",
			 ends[i]);
		put_file(text);
		begin();
		cr_assert_not_null(of(B), "%s", ends[i]);
		cr_expect_eq(of(B)->domain.generation, 3);
		cr_expect_eq(of(B)->domain.counted.pid, 0, "%s", ends[i]);
	}
}

Test(domains, what_cannot_be_written_stops_nobody)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/domains.new", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	tell("start", A);
	domains_tick(domains, egd_conn_now_us());
	cr_assert_eq(of(A)->domain.generation, 1);
}

Test(domains, a_device_that_is_not_there_is_not_let_go)
{
	json_t *request = json_pack("{s:s}", "device", "onerng0");

	cr_assert_eq(letgo_release(letgo, -1, request, why), -ENOENT);
	cr_assert(strstr(why, "no such OneRNG"));
	cr_assert_null(letgo_claim(letgo, request, why));
	json_decref(request);
}

/* What libvirt says of one domain; wish NULL: it is not known. */
static size_t look(const char *uuid, const char *name,
		   enum reconcile_state state, const struct wish *wish,
		   uint64_t mark_us)
{
	struct reconcile_seen seen = { .state = state, .ours = true };
	struct reconcile_set set = { .count = 0 };
	size_t later;

	strcpy(seen.uuid, uuid);
	strcpy(seen.name, name);
	if (wish) {
		seen.has_wish = true;
		seen.wish = *wish;
	}
	reconcile_begin(&set, false, mark_us);
	cr_assert_eq(reconcile_add(&set, &seen), 0);
	reconcile_sort(&set);
	later = domains_reconcile(domains, &set);
	reconcile_end(&set);
	return later;
}

static uint64_t later_than_told(void)
{
	return egd_conn_now_us() + RECONCILE_GUARD_US + 1;
}

Test(domains, one_that_runs_and_was_never_told_has_its_socket)
{
	const struct wish wish = { .has_weight = true, .limits.weight = 4 };

	cr_assert_eq(look(B, "b", RECONCILE_RUNNING, &wish, 1), 0);
	cr_assert(of(B)->domain.dynamic);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_RUNNING);
	cr_assert_eq(of(B)->domain.generation, 0);
	cr_assert_eq(of(B)->limits.weight, 4);
	cr_assert_str_eq(of(B)->domain.name, "b");
	cr_assert_eq(access(of(B)->path, F_OK), 0);
}

Test(domains, a_missed_end_frees_the_slot_of_one_not_configured)
{
	uint64_t grace = (uint64_t)DOMAINS_GRACE_S * 1000000 + 1;

	tell("prepare", B);
	tell("start", B);
	cr_assert_eq(look(B, "b", RECONCILE_DOWN, NULL, egd_conn_now_us()), 1,
		     "the hook spoke just now");
	cr_assert_eq(of(B)->domain.phase, CONSUMER_STARTING);
	cr_assert_eq(look(B, "b", RECONCILE_DOWN, NULL, later_than_told()), 0);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_STOPPED);
	cr_assert_eq(of(B)->domain.generation, 1);
	domains_tick(domains, egd_conn_now_us() + grace);
	cr_assert_null(of(B));
}

Test(domains, what_the_hook_told_since_the_look_began_stands)
{
	uint64_t mark_us = egd_conn_now_us() - 1;

	tell("prepare", B);
	tell("start", B);
	cr_assert_eq(look(B, "x", RECONCILE_UNDEFINED, NULL, mark_us), 0);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_STARTING);
	cr_assert_str_eq(of(B)->name, "a_b");
}

Test(domains, a_new_name_is_known_and_an_undefined_one_forgotten)
{
	tell("prepare", B);
	tell("release", B);
	look(B, "other", RECONCILE_DOWN, NULL, later_than_told());
	cr_assert_str_eq(of(B)->name, "other");
	cr_assert_str_eq(of(B)->domain.name, "other");
	/* one that is configured keeps what it is called there */
	tell("prepare", A);
	look(A, "other", RECONCILE_UNDEFINED, NULL, later_than_told());
	cr_assert_str_eq(of(A)->name, "a");
	cr_assert_str_eq(of(A)->domain.name, "other");
	cr_assert_eq(of(A)->domain.phase, CONSUMER_STOPPED);
	look(B, "", RECONCILE_UNDEFINED, NULL, later_than_told());
	cr_assert_null(of(B));
}

Test(domains, the_wish_of_one_that_runs_may_change)
{
	const struct wish none = { .has_weight = false };

	tell_policy("prepare", B, "{\"weight\":2}");
	tell_policy("started", B, "{\"weight\":2}");
	look(B, "b", RECONCILE_RUNNING, NULL, later_than_told());
	cr_assert_eq(of(B)->limits.weight, 2);
	look(B, "b", RECONCILE_RUNNING, &none, later_than_told());
	cr_assert_eq(of(B)->limits.weight, 1);
}

Test(domains, a_device_whose_domain_is_down_is_taken_back)
{
	struct letgo_entry e = { .port = "1-2", .by = "domain b", .uuid = B };

	letgo_restore(letgo, &e);
	cr_assert_eq(look(B, "b", RECONCILE_DOWN, NULL, egd_conn_now_us()), 1);
	cr_assert_eq(letgo_count(letgo), 1);
	cr_assert_eq(look(B, "b", RECONCILE_RUNNING, NULL, later_than_told()),
		     0);
	cr_assert_eq(letgo_count(letgo), 1);
	look(B, "b", RECONCILE_UNDEFINED, NULL, later_than_told());
	cr_assert_eq(letgo_count(letgo), 0);
}

/* As the hook says it of a domain that has a OneRNG and no socket of ours. */
static void tell_usb(const char *op)
{
	cr_assert_eq(tell_json(json_pack("{s:s, s:s, s:s, s:[[i,i,i,i]]}", "op",
					 op, "uuid", B, "name", "b", "usb",
					 0x1d50, 0x6086, 0, 0)),
		     0);
}

/* A device of ours at 1-2. */
static void plug_in(void)
{
	struct letgo_entry e = { .port = "1-2", .by = "root" };

	letgo_restore(letgo, &e);
	letgo_end(letgo, 0);
}

static uint64_t prepared_us(void)
{
	return egd_conn_now_us() + DOMAINS_PREPARE_S * 1000000ull;
}

Test(domains, a_device_let_go_for_a_start_that_never_came_is_taken_back)
{
	plug_in();
	tell_usb("prepare");
	cr_assert_eq(letgo_count(letgo), 1);
	domains_tick(domains, egd_conn_now_us() + 1000000);
	cr_assert_eq(letgo_count(letgo), 1);
	domains_tick(domains, prepared_us());
	cr_assert_eq(letgo_count(letgo), 0);
	/* it starts at last */
	tell_usb("prepare");
	tell_usb("start");
	domains_tick(domains, prepared_us());
	cr_assert_eq(letgo_count(letgo), 1);
}

Test(domains, whether_it_started_is_known_after_a_restart)
{
	plug_in();
	tell_usb("prepare");
	domains_save(domains);
	end();
	begin();
	cr_assert_eq(letgo_count(letgo), 1);
	domains_tick(domains, prepared_us());
	cr_assert_eq(letgo_count(letgo), 0);
	tell_usb("prepare");
	tell_usb("started");
	domains_save(domains);
	end();
	begin();
	domains_tick(domains, prepared_us());
	cr_assert_eq(letgo_count(letgo), 1);
	/* the same domain again, whose end was not told */
	tell_usb("prepare");
	domains_tick(domains, prepared_us());
	cr_assert_eq(letgo_count(letgo), 0);
}

Test(domains, what_was_let_go_for_others_is_not)
{
	struct letgo_entry e = { .port = "1-2",
				 .by = "container b",
				 .uuid = B };
	struct letgo_entry by_hand = { .port = "1-3", .by = "root" };
	struct reconcile_set set = { .whole = true };

	letgo_restore(letgo, &e);
	letgo_restore(letgo, &by_hand);
	set.mark_us = later_than_told();
	cr_assert_eq(domains_reconcile(domains, &set), 0);
	cr_assert_eq(letgo_count(letgo), 2);
}

Test(domains, a_device_that_one_has_that_runs_is_let_go)
{
	struct letgo_entry e = { .port = "1-2", .by = "root" };
	struct reconcile_seen seen = { .uuid = B, .usb_count = 1 };
	struct reconcile_set set = { .seen = &seen, .count = 1, .mark_us = 1 };

	seen.usb[0] = (struct passed){ .vendor = 0x1d50, .product = 0x6086 };
	letgo_restore(letgo, &e);
	letgo_end(letgo, 0); /* it is there, and ours */
	cr_assert_eq(domains_reconcile(domains, &set), 0);
	cr_assert_str_eq(letgo_entry(letgo, 0)->uuid, B);
}

Test(domains, only_a_look_at_all_says_that_one_is_not_there)
{
	struct reconcile_set set = { .count = 0 };

	tell("prepare", B);
	tell("started", B);
	set.mark_us = later_than_told();
	cr_assert_eq(domains_reconcile(domains, &set), 0);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_RUNNING);
	set.whole = true;
	cr_assert_eq(domains_reconcile(domains, &set), 0);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_STOPPED);
	/* of one that libvirt never had nothing is known */
	cr_assert_eq(of(A)->domain.phase, CONSUMER_UNKNOWN);
}

Test(domains, a_release_that_nobody_tells_is_noticed_in_the_end)
{
	uint64_t now = egd_conn_now_us(),
		 hour = (uint64_t)DOMAINS_FORGOTTEN_S * 1000000 + 1000000,
		 grace = (uint64_t)DOMAINS_GRACE_S * 1000000 + 1000000;

	tell("prepare", B);
	tell("started", B);
	domains_tick(domains, now + hour / 2);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_RUNNING);
	domains_tick(domains, now + hour);
	cr_assert_eq(of(B)->domain.phase, CONSUMER_STOPPED);
	cr_assert_not_null(of(B));
	domains_tick(domains, now + hour + grace);
	cr_assert_null(of(B));
}

Test(domains, one_that_libvirt_does_not_know_is_forgotten)
{
	tell("prepare", B);
	cr_assert_not_null(of(B));
	tell("forget", B);
	cr_expect_null(of(B));
	tell("forget", B);
	cr_expect_null(of(B));
	/* what is configured is the configuration's to take back */
	tell("start", A);
	tell("forget", A);
	cr_assert_not_null(of(A));
	cr_expect_eq(of(A)->domain.phase, CONSUMER_STOPPED);
}

Test(domains, one_whose_qemu_is_connected_is_not_forgotten)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	tell("start", B);
	egd_pub_set_check_peer(pub, QEMU_PEER_CHECK_NO);
	rundir_domain_socket(sa.sun_path, folder, B);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	cr_assert(of(B)->connected);
	cr_assert_eq(tell_json(json_pack("{s:s, s:s, s:s}", "op", "forget",
					 "uuid", B, "name", "b")),
		     -EBUSY);
	cr_expect_not_null(of(B));
	cr_expect_eq(of(B)->domain.phase, CONSUMER_STARTING);
	close(fd);
	tell("forget", B);
	cr_expect_null(of(B));
}

/*
 * Faults of the simulated OneRNG: each must show on the wire, and only while
 * it is in force.
 */
#include "tests/unit/sim_host.h"

#include <stdlib.h>
#include <unistd.h>

#define SECOND 1000000

static struct host h;

static void start_noise(const char *noise)
{
	host_plug(&h, 3, 57600, noise);
	host_dtr(&h, true);
	host_send(&h, "cmd1cmdO");
}

static void start(void)
{
	start_noise("ideal");
}

/* A tenth of a second at 57600 a second: 90 packets. */
static void read_some(void)
{
	host_wait(&h, SECOND / 10);
	host_drain(&h);
}

static void expect_silence(void)
{
	read_some();
	cr_assert_eq(h.len, 0);
}

static void expect_bytes(void)
{
	read_some();
	cr_assert_gt(h.len, 0);
	cr_assert_eq(h.end, MODEL_NAK);
}

static void unplug(void)
{
	model_free(h.m);
	h.m = NULL;
}

TestSuite(sim_fault, .init = start, .fini = unplug, .timeout = 60);

Test(sim_fault, stuck_source_passes_eight_bytes_and_clear_mends_it)
{
	read_some();
	host_fault(&h, "F01 1");
	read_some();
	cr_assert_lt(h.len, 64);
	expect_silence();
	fault_clear(h.m);
	cr_assert_str_eq(noise_spec(model_noise(h.m)), "ideal");
	expect_bytes();
}

Test(sim_fault, without_the_detector_stuck_bytes_pass)
{
	expect_bytes();
	host_fault(&h, "unfiltered");
	host_fault(&h, "F01 0");
	read_some();
	read_some();
	cr_assert(host_only(&h, 64, 0));
	fault_clear(h.m);
	expect_bytes();
}

Test(sim_fault, constant_passes_the_detector)
{
	expect_bytes();
	host_fault(&h, "constant 0x5a");
	read_some();
	read_some();
	cr_assert(host_only(&h, 64, 0x5a));
}

Test(sim_fault, noise_faults_are_seen_and_named)
{
	static const char *const faults[] = { "bias 0.75", "periodic 8",
					      "correlated 0.8", "drift 1" };

	for (size_t i = 0; i < 4; i++) {
		unsigned int at = 0;

		host_fault(&h, faults[i]);
		cr_assert_not_null(fault_next_active(model_fault(h.m), &at));
		fault_clear(h.m);
		at = 0;
		cr_assert_null(fault_next_active(model_fault(h.m), &at));
	}
}

Test(sim_fault, repeat_sends_the_last_bytes_again)
{
	uint8_t last[64];

	expect_bytes();
	memcpy(last, h.stream + h.len - 64, 64);
	host_fault(&h, "repeat 64 2");
	read_some();
	cr_assert_arr_eq(h.stream, last, 64);
	cr_assert_arr_eq(h.stream + 64, last, 64);
	cr_assert_arr_neq(h.stream + 128, last, 64);
}

Test(sim_fault, slow_keeps_to_its_rate)
{
	host_drain(&h);
	host_fault(&h, "slow 1000");
	host_wait(&h, 10 * SECOND);
	host_drain(&h);
	cr_assert_float_eq((double)h.len, 7168, 128);
	fault_clear(h.m);
	host_wait(&h, SECOND / 10);
	host_drain(&h);
	cr_assert_gt(h.len, 5000);
}

static void expect_cure(const char *cure, void (*others)(void),
			void (*this)(void))
{
	char words[64];

	snprintf(words, sizeof(words), "silence %s", cure);
	expect_bytes();
	host_fault(&h, words);
	expect_silence();
	others();
	expect_silence();
	this();
	expect_bytes();
}

static void send_run(void)
{
	host_send(&h, "\ncmdO");
}

static void toggle_dtr(void)
{
	host_dtr(&h, false);
	host_dtr(&h, true);
}

static void set_interface(void)
{
	host_control(&h, 1, 11, 0, 1);
}

static void bus_reset(void)
{
	model_bus_reset(h.m, h.now_us);
}

static void replug(void)
{
	model_power_cycle(h.m, h.now_us);
	host_dtr(&h, true);
	send_run();
}

static void all_but_dtr(void)
{
	send_run();
	set_interface();
	bus_reset();
}

static void all_but_interface(void)
{
	send_run();
	toggle_dtr();
	bus_reset();
}

static void all_but_reset(void)
{
	send_run();
	toggle_dtr();
	set_interface();
}

static void all_but_command(void)
{
	toggle_dtr();
	set_interface();
	bus_reset();
}

static void all_but_replug(void)
{
	all_but_reset();
	bus_reset();
}

Test(sim_fault, silence_ends_by_its_own_cure_only)
{
	expect_cure("command", all_but_command, send_run);
	expect_cure("dtr", all_but_dtr, toggle_dtr);
	expect_cure("interface", all_but_interface, set_interface);
	expect_cure("reset", all_but_reset, bus_reset);
	expect_cure("replug", all_but_replug, replug);
}

Test(sim_fault, silence_for_ever_starts_after_some_bytes)
{
	host_drain(&h);
	host_fault(&h, "F07 never 640");
	read_some();
	cr_assert_eq(h.len, 640);
	replug();
	expect_silence();
	fault_clear(h.m);
	expect_bytes();
}

Test(sim_fault, unplug_comes_at_its_moment)
{
	read_some();
	host_fault(&h, "F09 read 128");
	read_some();
	cr_assert_eq(h.len, 128);
	cr_assert_eq(h.end, MODEL_GONE);
	cr_assert(model_gone(h.m));
	replug();
	cr_assert_not(model_gone(h.m));
	host_fault(&h, "unplug-at write 2");
	cr_assert_eq(host_send(&h, "\n"), MODEL_OK);
	cr_assert_eq(host_send(&h, "\n"), MODEL_GONE);
	replug();
	host_fault(&h, "unplug-at control");
	cr_assert_eq(host_control(&h, 0x21, 0x22, 1, 0), MODEL_GONE);
	replug();
	host_fault(&h, "unplug-at dump 1000");
	host_send(&h, "cmdX");
	host_send(&h, "cmdO");
	read_some();
	cr_assert_eq(h.end, MODEL_GONE);
	cr_assert_lt(h.len, 9000);
}

Test(sim_fault, short_packets_shift_nothing)
{
	static uint8_t loop[256];
	char path[] = "/tmp/sim-short.XXXXXX", spec[64];
	int fd = mkstemp(path);

	for (int i = 0; i < 256; i++)
		loop[i] = (uint8_t)i;
	cr_assert_eq(write(fd, loop, 256), 256);
	close(fd);
	snprintf(spec, sizeof(spec), "file=%s", path);
	unplug();
	start_noise(spec);
	host_fault(&h, "short 5 10");
	read_some();
	cr_assert_eq(h.shorts, (h.full + h.shorts) / 10);
	for (size_t i = 1; i < h.len; i++)
		cr_assert_eq(h.stream[i], (uint8_t)(h.stream[i - 1] + 1));
	host_fault(&h, "F12");
	host_wait(&h, SECOND);
	host_drain(&h);
	cr_assert_gt(h.shorts, 0);
	unlink(path);
}

Test(sim_fault, overflow_is_one_packet_too_large)
{
	read_some();
	host_fault(&h, "F13");
	read_some();
	cr_assert_eq(h.shorts, 1);
	cr_assert_eq(h.len % 64, 16);
}

Test(sim_fault, stale_device_holds_all_it_can)
{
	unplug();
	host_plug(&h, 3, 57600, "ideal");
	host_fault(&h, "F14");
	host_drain(&h);
	cr_assert_eq(h.len, MODEL_POOL + MODEL_FIFO * MODEL_PACKET);
}

Test(sim_fault, found_in_the_middle_of_a_dump)
{
	host_drain(&h);
	model_set_rate(h.m, 0);
	host_send(&h, "cmdw");
	host_fault(&h, "F15 262000");
	host_send(&h, "cmdO");
	host_drain(&h);
	cr_assert_eq(h.len, 157 + 65536);
}

Test(sim_fault, burst_comes_even_with_a_full_pool)
{
	host_wait(&h, SECOND);
	host_fault(&h, "burst 3000");
	host_drain(&h);
	host_send(&h, "cmdv");
	host_send(&h, "cmdO");
	host_drain(&h);
	cr_assert_geq(h.len, 13 + 65536);
	cr_assert(host_only(&h, 13 + 3000 + 64, 0));
}

Test(sim_fault, out_bytes_are_dropped_refused_or_late)
{
	host_fault(&h, "F25");
	host_send(&h, "cmdo");
	expect_bytes();
	fault_clear(h.m);
	host_fault(&h, "out-nak");
	cr_assert_eq(host_send(&h, "cmdo"), MODEL_NAK);
	fault_clear(h.m);
	host_fault(&h, "out-slow 100000");
	cr_assert_eq(host_send(&h, "cmdo"), MODEL_OK);
	cr_assert_eq(host_send(&h, "\n"), MODEL_OK);
	cr_assert_eq(host_send(&h, "\n"), MODEL_NAK);
	expect_bytes();
	host_wait(&h, SECOND);
	host_drain(&h);
	expect_silence();
}

Test(sim_fault, garbage_in_the_parser_costs_the_next_command)
{
	host_fault(&h, "F26 cmdS12");
	host_send(&h, "cmdo");
	expect_bytes();
	host_fault(&h, "parser cm");
	host_send(&h, "\ncmdo");
	host_drain(&h);
	expect_silence();
}

Test(sim_fault, slow_start_delays_every_power_on)
{
	host_fault(&h, "F27 2000");
	host_drain(&h);
	expect_silence();
	host_wait(&h, 2 * SECOND);
	expect_bytes();
	replug();
	expect_silence();
	host_wait(&h, 2 * SECOND);
	expect_bytes();
}

Test(sim_fault, toggle_loses_one_packet)
{
	struct model_counts before, after;

	read_some();
	model_counts(h.m, &before);
	host_fault(&h, "F28");
	read_some();
	model_counts(h.m, &after);
	cr_assert_eq(after.pool_bytes - before.pool_bytes, h.len + 64);
}

Test(sim_fault, halt_is_cured_by_set_interface_or_reset)
{
	for (int i = 0; i < 2; i++) {
		host_fault(&h, "F29");
		host_drain(&h);
		cr_assert_eq(h.end, MODEL_STALL);
		if (i)
			bus_reset();
		else
			set_interface();
		expect_bytes();
	}
	host_fault(&h, "halt out");
	cr_assert_eq(host_send(&h, "\n"), MODEL_STALL);
}

Test(sim_fault, second_opener_takes_dtr_away)
{
	host_fault(&h, "F30");
	host_drain(&h);
	expect_silence();
	host_dtr(&h, true);
	expect_bytes();
}

Test(sim_fault, suspend_keeps_or_loses_state)
{
	host_fault(&h, "F32 keep 1000");
	expect_silence();
	cr_assert_eq(host_control(&h, 0x21, 0x22, 1, 0), MODEL_NAK);
	host_wait(&h, SECOND);
	expect_bytes();
	host_fault(&h, "suspend lose 1000");
	host_wait(&h, 2 * SECOND);
	host_drain(&h);
	expect_silence();
	replug();
	expect_bytes();
}

Test(sim_fault, errors_come_as_often_as_asked)
{
	host_fault(&h, "error-in 2");
	read_some();
	cr_assert_eq(h.end, MODEL_ERROR);
	host_drain(&h);
	cr_assert_eq(h.end, MODEL_ERROR);
	expect_bytes();
	host_fault(&h, "error-out");
	cr_assert_eq(host_send(&h, "\n"), MODEL_ERROR);
	cr_assert_eq(host_send(&h, "\n"), MODEL_OK);
	host_fault(&h, "error-control");
	cr_assert_eq(host_control(&h, 0x21, 0x22, 1, 0), MODEL_ERROR);
	cr_assert_eq(host_control(&h, 0x21, 0x22, 1, 0), MODEL_OK);
}

Test(sim_fault, zero_length_out_hangs_only_when_asked)
{
	cr_assert_eq(host_send(&h, ""), MODEL_OK);
	expect_bytes();
	host_fault(&h, "zlp-hang");
	host_send(&h, "");
	host_drain(&h);
	expect_silence();
	replug();
	expect_bytes();
}

Test(sim_fault, bus_reset_and_nothing_are_harmless)
{
	host_fault(&h, "F11");
	expect_bytes();
	host_fault(&h, "F33");
	expect_bytes();
}

Test(sim_fault, bad_words_are_refused_with_a_reason)
{
	static const char *const bad[] = {
		"",
		"nonsense",
		"F99",
		"slow x",
		"slow 1000001",
		"slow -1",
		"repeat 0",
		"repeat 7169",
		"short 64",
		"silence maybe",
		"stale 1",
		"halt 3",
		"bias 2",
		"suspend keep x",
		"F01 2",
		"mid-dump 262157",
		"unplug-at never",
		"slow 1 2",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char line[64], *argv[4] = { line }, *rest = NULL;
		const char *why = NULL;
		int argc = 0;

		snprintf(line, sizeof(line), "%s", bad[i]);
		for (char *w = strtok_r(line, " ", &rest); w;
		     w = strtok_r(NULL, " ", &rest))
			argv[argc++] = w;
		cr_assert_lt(fault_inject(h.m, h.now_us, argc, argv, &why), 0,
			     "%s", bad[i]);
		cr_assert_not_null(why);
	}
}

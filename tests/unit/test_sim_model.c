/*
 * The simulated OneRNG against what is known of the firmware: acceptance
 * numbers of its sender, vectors of its whitener, parser, gates and quirks.
 */
#include "tests/unit/sim_host.h"

#include "tests/sim/crc16.h"
#include "tests/sim/image.h"

#define VERSION_LEN 13
#define BURST	    65536
#define DUMP	    262157

static struct host h;

static void plug(unsigned int firmware, unsigned int rate)
{
	host_plug(&h, firmware, rate, "ideal");
}

/* Exactly n bytes get into the pool; then no source is on. */
static void pool_bytes(unsigned int n)
{
	model_set_rate(h.m, 1000000);
	host_wait(&h, n);
	model_set_rate(h.m, 0);
}

static void arm_and_run(const char *command)
{
	host_dtr(&h, true);
	host_send(&h, command);
	host_send(&h, "cmdO");
	host_drain(&h);
}

static void unplug(void)
{
	model_free(h.m);
}

TestSuite(sim_model, .fini = unplug, .timeout = 60);

static void check_vector(const uint8_t *in, const char *out, uint16_t end)
{
	uint16_t crc = 0x0101;

	for (int i = 0; i < 16; i++) {
		unsigned int wanted;

		sscanf(out + 3 * i, "%2x", &wanted);
		crc = crc16_update(crc, in[i]);
		cr_assert_eq(crc >> 8, wanted, "byte %d", i);
	}
	cr_assert_eq(crc, end);
}

Test(sim_crc16, whitener_gives_the_known_vectors)
{
	uint8_t in[16];

	memset(in, 0x00, 16);
	check_vector(in, "81 06 06 14 14 78 79 91 96 66 75 d5 bf 7e 80 87",
		     0x8703);
	memset(in, 0xff, 16);
	check_vector(in, "83 86 8a 94 bc f8 09 13 b6 ea 35 7f 3f 01 02 85",
		     0x850d);
	memset(in, 0x55, 16);
	check_vector(in, "80 79 7d eb f3 87 d6 6f 09 9d 4a 33 40 d4 7e 06",
		     0x06fa);
	for (uint8_t i = 0; i < 16; i++)
		in[i] = i;
	check_vector(in, "81 86 00 18 8a c8 a3 24 5b 6a ee c2 df a5 6f f8",
		     0xf840);
}

Test(sim_crc16, chip_manual_check_value)
{
	static const uint8_t in[] = { 0x03, 0x41, 0x42, 0x43 };
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < sizeof(in); i++)
		crc = crc16_update(crc, in[i]);
	cr_assert_eq(crc, 0xb4bc);
}

Test(sim_model, version_on_an_empty_pool_is_followed_by_65536_zeros)
{
	plug(3, 0);
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN + BURST);
	cr_assert_arr_eq(h.stream, "\r\nVersion 3\r\n", VERSION_LEN);
	cr_assert(host_only(&h, VERSION_LEN, 0));
	cr_assert_eq(h.full, 1024);
}

Test(sim_model, burst_after_cmdw_starts_with_7168_stale_bytes)
{
	struct model_counts c;
	size_t zeros = 0;

	plug(3, 0);
	pool_bytes(MODEL_POOL);
	host_send(&h, "cmdw");
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN + BURST);
	for (size_t i = 0; i < MODEL_POOL; i++)
		zeros += h.stream[VERSION_LEN + i] == 0;
	cr_assert_lt(zeros, 100);
	cr_assert(host_only(&h, VERSION_LEN + MODEL_POOL, 0));
	model_counts(h.m, &c);
	cr_assert_eq(c.burst_bytes, BURST);
	cr_assert_eq(c.reply_bytes, VERSION_LEN);
}

Test(sim_model, forty_pooled_bytes_wrap_the_counter_as_well)
{
	plug(3, 0);
	pool_bytes(40);
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN + BURST);
	/* 40 are left over: 24 more make a packet. */
	pool_bytes(23);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	pool_bytes(1);
	host_drain(&h);
	cr_assert_eq(h.len, MODEL_PACKET);
}

Test(sim_model, version_on_a_full_pool_does_not_wrap)
{
	plug(3, 0);
	pool_bytes(MODEL_POOL);
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN + MODEL_POOL);
	cr_assert_eq(h.full, 112);
}

Test(sim_model, dump_is_4096_full_packets_a_short_one_and_a_burst)
{
	static const uint8_t header[] = { 0xfe, 0xed, 0xbe, 0xef, 0x20, 0x14,
					  0x00, 0x00, 0x04, 0x03, 0x00 };

	plug(3, 0);
	arm_and_run("cmdX");
	cr_assert_eq(h.len, DUMP + BURST);
	cr_assert_eq(h.full, 4096 + 1024);
	cr_assert_eq(h.shorts, 1);
	cr_assert_arr_eq(h.stream, header, sizeof(header));
	/* The unit's own 128 bytes are not shown. */
	for (size_t i = DUMP - 128; i < DUMP; i++)
		cr_assert_eq(h.stream[i], 0xff);
	cr_assert(host_only(&h, DUMP, 0));
}

Test(sim_model, dump_on_firmware_1_and_2_ends_in_silence)
{
	for (unsigned int fw = 1; fw <= 2; fw++) {
		plug(fw, 0);
		arm_and_run("cmdX");
		cr_assert_eq(h.len, DUMP);
		cr_assert_eq(h.last, VERSION_LEN);
		cr_assert_eq(h.stream[9], fw);
		if (fw == 1)
			unplug();
	}
}

Test(sim_model, firmware_2_does_not_know_its_id)
{
	plug(2, 0);
	arm_and_run("cmdI");
	cr_assert_eq(h.len, 0);
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN);
}

Test(sim_model, id_is_framed_and_wrong_during_a_dump)
{
	char id[32];

	plug(3, 0);
	pool_bytes(MODEL_POOL);
	arm_and_run("cmdI");
	cr_assert_arr_eq(h.stream, "\r\n________", 10);
	cr_assert_arr_eq(h.stream + 42, "________\r\n", 10);
	memcpy(id, h.stream + 10, sizeof(id));
	host_send(&h, "cmdo");
	host_fault(&h, "mid-dump 100000");
	host_send(&h, "cmdO");
	for (int i = 0; i < 4; i++) {
		size_t n;

		model_in(h.m, h.now_us, h.stream, 128, &n);
	}
	host_send(&h, "cmdI");
	host_drain(&h);
	for (size_t i = 0; i + 42 < h.len; i++) {
		if (memcmp(h.stream + i, "\r\n________", 10))
			continue;
		cr_assert_arr_neq(h.stream + i + 10, id, sizeof(id));
		return;
	}
	cr_assert_fail("no answer in the dump");
}

Test(sim_model, secret_answer_has_220_bytes_in_seven_packets)
{
	plug(3, 0);
	pool_bytes(MODEL_POOL);
	arm_and_run("cmdS0123456789abcdefABCDEF9876543210");
	cr_assert_eq(h.len, 220 + MODEL_POOL);
	cr_assert_eq(h.shorts, 5);
}

Test(sim_model, starts_paused_without_dtr_and_whitened)
{
	plug(3, 57600);
	host_wait(&h, 1000000);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	host_dtr(&h, true);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	host_send(&h, "cmdO");
	host_drain(&h);
	cr_assert_eq(h.len, MODEL_POOL);
}

Test(sim_model, dtr_gates_and_rts_does_not)
{
	plug(3, 57600);
	host_send(&h, "cmdO");
	host_wait(&h, 1000000);
	host_control(&h, 0x21, 0x22, 2, 0);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	host_dtr(&h, true);
	host_drain(&h);
	cr_assert_eq(h.len, MODEL_POOL);
}

Test(sim_model, two_packets_leave_after_pause_and_after_dtr_falls)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmdO");
	host_wait(&h, 1000000);
	host_send(&h, "cmdo");
	host_dtr(&h, false);
	host_drain(&h);
	cr_assert_eq(h.full, MODEL_FIFO);
}

Test(sim_model, set_interface_flushes_the_fifo)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmdO");
	host_wait(&h, 1000000);
	host_send(&h, "cmdo");
	cr_assert_eq(host_control(&h, 1, 11, 0, 1), MODEL_OK);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	cr_assert_eq(host_control(&h, 1, 11, 1, 1), MODEL_STALL);
}

static void expect_mode_raw(const char *commands, bool raw)
{
	host_plug(&h, 3, 0, "stuck=0x5a");
	host_dtr(&h, true);
	for (const char *p = commands; *p; p++)
		model_out(h.m, h.now_us, (const uint8_t *)p, 1);
	host_send(&h, "cmdO");
	pool_bytes(MODEL_POOL);
	host_drain(&h);
	cr_assert_eq(host_only(&h, 0, 0x5a), raw, "%s", commands);
	model_free(h.m);
}

Test(sim_parser, commands_need_no_terminator_and_no_alignment)
{
	expect_mode_raw("cmd1", true);
	expect_mode_raw("cmd0cmd1", true);
	expect_mode_raw("xxcmd9\r\n", true);
}

Test(sim_parser, a_mismatch_is_not_looked_at_again)
{
	expect_mode_raw("ccmd1", false);
	expect_mode_raw("cmcmd1", false);
	expect_mode_raw("Cmd1", false);
	expect_mode_raw("cmd\n1", false);
}

Test(sim_parser, newline_leaves_every_state)
{
	expect_mode_raw("c\ncmd1", true);
	expect_mode_raw("cm\ncmd1", true);
	expect_mode_raw("cmd\ncmd1", true);
	expect_mode_raw("cmdS12\ncmd1", true);
}

Test(sim_parser, token_mode_eats_hex_digits)
{
	/* 'c' is a digit; 'm' ends the token, so the command is lost. */
	expect_mode_raw("cmdS12cmd1", false);
}

Test(sim_parser, all_mode_letters_set_the_whitener_bit)
{
	expect_mode_raw("cmd4cmd1", true);
	expect_mode_raw("cmd1cmd8", false);
	expect_mode_raw("cmd0cmdz", false);
}

Test(sim_model, modes_4_and_5_fall_silent)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmd5cmdwcmdO");
	host_wait(&h, 2000000);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	cr_assert_eq(model_run(h.m, h.now_us), UINT64_MAX);
}

Test(sim_model, stuck_source_passes_eight_bytes)
{
	host_plug(&h, 3, 57600, "stuck=0");
	host_dtr(&h, true);
	host_send(&h, "cmd1cmdO");
	host_wait(&h, 1000000);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	host_send(&h, "cmdv");
	host_send(&h, "cmdO");
	host_drain(&h);
	cr_assert_eq(h.len, VERSION_LEN + BURST);
}

Test(sim_model, rate_is_exact_over_odd_steps)
{
	static const unsigned int rates[] = { 57600, 150000, 300000 };

	for (size_t i = 0; i < 3; i++) {
		size_t got = 0;

		plug(3, rates[i]);
		host_dtr(&h, true);
		host_send(&h, "cmd1cmdO");
		for (unsigned int t = 0; t < 10000000; t += 1777) {
			host_wait(&h, 1777);
			host_drain(&h);
			got += h.len;
		}
		cr_assert_float_eq((double)got, 10.0 * rates[i],
				   0.001 * 10 * rates[i]);
		if (i < 2)
			unplug();
	}
}

Test(sim_model, replies_keep_to_their_rate)
{
	const struct model_conf conf = { .firmware = 2, .reply_rate = 400000 };
	size_t got = 0;

	memset(&h, 0, sizeof(h));
	h.now_us = 1;
	h.m = model_new(&conf, noise_new(1));
	host_dtr(&h, true);
	host_send(&h, "cmdX");
	host_send(&h, "cmdO");
	while (got < DUMP && h.now_us < 2000000) {
		host_wait(&h, 2000);
		host_drain(&h);
		got += h.len;
	}
	cr_assert_eq(got, DUMP);
	cr_assert_geq(h.now_us, 630000);
	cr_assert_leq(h.now_us, 700000);
}

Test(sim_model, full_pool_is_stirred_not_lost)
{
	struct model_counts c;

	plug(3, 57600);
	host_wait(&h, 1000000);
	model_counts(h.m, &c);
	cr_assert_eq(c.noise_bytes, 57600);
	cr_assert_eq(c.stirred_bytes, 57600 - MODEL_POOL);
}

Test(sim_model, bus_reset_keeps_what_the_application_knows)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmd1cmdO");
	host_wait(&h, 1000000);
	model_bus_reset(h.m, h.now_us);
	host_wait(&h, 1000);
	host_drain(&h);
	cr_assert_gt(h.len, MODEL_POOL - MODEL_PACKET);
}

Test(sim_model, power_cycle_forgets_everything)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmdO");
	host_wait(&h, 1000000);
	model_power_cycle(h.m, h.now_us);
	host_wait(&h, 1000000);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
}

Test(sim_model, an_unfinished_dump_survives_all_but_a_power_cycle)
{
	size_t n;

	plug(3, 0);
	host_dtr(&h, true);
	host_send(&h, "cmdX");
	host_send(&h, "cmdO");
	for (int i = 0; i < 100; i++)
		model_in(h.m, h.now_us, h.stream, 128, &n);
	host_send(&h, "cmdocmdwcmd4");
	host_dtr(&h, false);
	model_bus_reset(h.m, h.now_us);
	host_dtr(&h, true);
	host_send(&h, "cmdO");
	host_drain(&h);
	/* 102 packets were queued; the reset lost two of them. */
	cr_assert_eq(h.len, DUMP - 102 * 64 + BURST);
}

Test(sim_model, arming_a_reply_does_not_wake_the_sender)
{
	plug(3, 0);
	host_dtr(&h, true);
	host_send(&h, "cmd4cmdO");
	host_send(&h, "cmdv");
	host_wait(&h, 1000000);
	host_drain(&h);
	cr_assert_eq(h.len, 0);
	host_send(&h, "cmdO");
	host_drain(&h);
	cr_assert_eq(h.len, VERSION_LEN + BURST);
}

Test(sim_model, without_bugs_there_is_no_burst)
{
	const struct model_conf conf = { .firmware = 3 };

	memset(&h, 0, sizeof(h));
	h.now_us = 1;
	h.m = model_new(&conf, noise_new(1));
	arm_and_run("cmdv");
	cr_assert_eq(h.len, VERSION_LEN);
	cr_assert_eq(host_control(&h, 2, 1, 0, MODEL_EP_IN), MODEL_OK);
}

Test(sim_model, clear_halt_works_and_is_stalled)
{
	plug(3, 57600);
	host_dtr(&h, true);
	host_send(&h, "cmd1cmdO");
	host_fault(&h, "halt in");
	host_wait(&h, 100000);
	host_drain(&h);
	cr_assert_eq(h.end, MODEL_STALL);
	cr_assert_eq(host_control(&h, 2, 1, 0, MODEL_EP_IN), MODEL_STALL);
	host_drain(&h);
	cr_assert_eq(h.end, MODEL_NAK);
	cr_assert_gt(h.len, 0);
}

Test(sim_model, a_toggle_reset_by_the_device_alone_costs_one_packet)
{
	size_t n, before;

	plug(3, 0);
	pool_bytes(MODEL_POOL);
	host_dtr(&h, true);
	host_send(&h, "cmdO");
	model_in(h.m, h.now_us, h.stream, 128, &n);
	host_control(&h, 2, 1, 0, MODEL_EP_IN);
	before = n;
	host_drain(&h);
	cr_assert_eq(before + h.len, MODEL_POOL - MODEL_PACKET);
}

Test(sim_model, line_coding_is_kept_and_useless)
{
	const struct model_setup get = { 0xa1, 0x21, 0, 0, 7 };
	const struct model_setup set = { 0x21, 0x20, 0, 0, 7 };
	uint8_t data[7], coding[7] = { 1, 2, 3, 4, 5, 6, 7 };
	size_t len = 7;

	plug(3, 0);
	model_control(h.m, h.now_us, &get, data, &len);
	cr_assert_eq(len, 7);
	cr_assert_arr_eq(data, "\x80\x25\0\0\0\0\x08", 7);
	model_control(h.m, h.now_us, &set, coding, &len);
	model_control(h.m, h.now_us, &get, data, &len);
	cr_assert_arr_eq(data, coding, 7);
}

Test(sim_model, requests_the_firmware_does_not_know_are_stalled)
{
	plug(3, 0);
	cr_assert_eq(host_control(&h, 0x21, 0x23, 0, 0), MODEL_STALL);
	cr_assert_eq(host_control(&h, 0x80, 6, 0x0600, 0), MODEL_STALL);
	cr_assert_eq(host_control(&h, 0x80, 6, 0x0305, 0), MODEL_STALL);
	cr_assert_eq(host_control(&h, 0xc0, 1, 0, 0), MODEL_STALL);
	cr_assert_eq(host_control(&h, 0, 9, 2, 0), MODEL_STALL);
}

Test(sim_descriptors, are_those_of_the_firmware)
{
	static const size_t sizes[] = { 4, 102, 70, 6, 14 };
	const uint8_t *d;
	size_t len;

	d = model_device_descriptor(&len);
	cr_assert_eq(len, 18);
	cr_assert_eq(d[8] | d[9] << 8, 0x1d50);
	d = model_config_descriptor(&len);
	cr_assert_eq(len, 67);
	cr_assert_eq(d[2], 67);
	for (unsigned int i = 0; i < 5; i++) {
		d = model_string_descriptor(i, &len);
		cr_assert_eq(len, sizes[i]);
		cr_assert_eq(d[0], sizes[i]);
	}
	cr_assert_null(model_string_descriptor(5, &len));
}

Test(sim_image, units_differ_only_in_what_is_hidden)
{
	static uint8_t a[IMAGE_SIZE], b[IMAGE_SIZE];

	image_make(a, 3, 1);
	image_make(b, 3, 2);
	cr_assert_arr_eq(a, b, IMAGE_UNIT);
	cr_assert_arr_neq(a + IMAGE_UNIT, b + IMAGE_UNIT, IMAGE_ID);
	image_make(a, 2, 1);
	image_make(b, 2, 2);
	cr_assert_arr_eq(a, b, IMAGE_SIZE);
}

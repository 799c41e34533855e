#include "host-agent/vrng.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "host-agent/onerng.h"

static struct vrng v;
static char unit[VRNG_UNIT];

static void setup(void)
{
	vrng_unit(unit, 0x0012ab);
	vrng_init(&v, unit);
}

TestSuite(vrng, .init = setup);

/* True: a flush was asked for. */
static bool say(const char *text)
{
	return vrng_feed(&v, (const uint8_t *)text, strlen(text));
}

/* Everything that it replies, at most size bytes. */
static size_t hear(uint8_t *out, size_t size)
{
	uint8_t packet[VRNG_PACKET];
	size_t n, len = 0;

	while ((n = vrng_reply(&v, packet))) {
		cr_assert_leq(n, VRNG_PACKET);
		cr_assert_leq(len + n, size);
		memcpy(out + len, packet, n);
		vrng_replied(&v, n);
		len += n;
	}
	return len;
}

static void hears(const char *text)
{
	uint8_t got[256];
	size_t len = hear(got, sizeof(got));

	cr_assert_eq(len, strlen(text), "%zu bytes", len);
	cr_assert_eq(memcmp(got, text, len), 0);
}

Test(vrng, it_powers_up_paused_with_a_source)
{
	cr_assert_not(vrng_gives(&v));
	say("cmdO");
	cr_assert(vrng_gives(&v));
	cr_assert_eq(v.mode, 0);
}

Test(vrng, a_pause_ends_at_the_next_cmdO)
{
	say("cmdOcmdo");
	cr_assert_not(vrng_gives(&v));
	say("cmdO");
	cr_assert(vrng_gives(&v));
}

Test(vrng, only_a_flush_is_a_flush)
{
	cr_assert(say("cmdw"));
	cr_assert(say("cmdOcmdwcmdv"));
	cr_assert_not(say("cmdW"));
	cr_assert_not(say("w"));
}

Test(vrng, modes_four_and_five_are_silent)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char command[] = "cmd0";
	size_t i;
	long mode;

	say("cmdO");
	for (i = 0; digits[i]; i++) {
		command[3] = digits[i];
		say(command);
		mode = strtol(&command[3], NULL, 16);
		cr_assert_eq(v.mode, mode);
		cr_assert_eq(vrng_gives(&v), (mode & 6) != 4, "mode %ld", mode);
	}
}

Test(vrng, a_command_needs_no_end_and_may_come_in_pieces)
{
	say("c");
	say("m");
	say("d");
	cr_assert(v.paused);
	say("O");
	cr_assert_not(v.paused);
	say("\r\n\ncmdo\n");
	cr_assert(v.paused);
}

Test(vrng, a_byte_that_does_not_fit_is_not_looked_at_again)
{
	say("ccmdO");
	cr_assert(v.paused);
	say("\ncmcmdO");
	cr_assert(v.paused);
	say("\nCMDO\ncmd\nO");
	cr_assert(v.paused);
	say("\ncmdO");
	cr_assert_not(v.paused);
}

Test(vrng, unknown_commands_are_ignored)
{
	struct vrng before = v;

	say("cmdTcmdZcmd\xff\x01");
	cr_assert_eq(memcmp(&before, &v, sizeof(v)), 0);
}

Test(vrng, replies_wait_for_cmdO)
{
	uint8_t packet[VRNG_PACKET];

	say("cmdv");
	cr_assert_eq(vrng_reply(&v, packet), 0);
	say("cmdO");
	cr_assert_not(vrng_gives(&v));
	hears("\r\nVersion 3\r\n");
	cr_assert(vrng_gives(&v));
}

Test(vrng, its_replies_are_those_that_drivers_parse)
{
	uint8_t got[128];
	char id[33];
	size_t len;

	say("cmdOcmdv");
	len = hear(got, sizeof(got));
	cr_assert_eq(onerng_parse_version(got, len), VRNG_VERSION);
	say("cmdI");
	len = hear(got, sizeof(got));
	cr_assert_eq(len, 52);
	cr_assert_eq(onerng_parse_id(got, len, id), 0);
	cr_assert_str_eq(id, "4F4E45524E475649525455414C0012AB");
}

Test(vrng, the_id_goes_before_the_version)
{
	say("cmdOcmdvcmdI");
	hears("\r\n________4F4E45524E475649525455414C0012AB________\r\n"
	      "\r\nVersion 3\r\n");
}

Test(vrng, its_image_is_a_dump_without_a_signature)
{
	uint8_t *dump = malloc(FIRMWARE_DUMP + 1);
	struct firmware_parts parts;
	struct firmware_dump d;

	say("cmdOcmdX");
	cr_assert_eq(hear(dump, FIRMWARE_DUMP + 1), FIRMWARE_DUMP);
	cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP, &d),
		     FIRMWARE_WELL_FORMED);
	cr_assert_eq(d.version, VRNG_VERSION);
	cr_assert_eq(firmware_split(d.image, FIRMWARE_IMAGE, d.version, &parts),
		     FIRMWARE_UNSIGNED);
	cr_assert_eq(memcmp(d.image, "onerng-virt: virtual OneRNG", 27), 0);
	free(dump);
}

Test(vrng, a_pause_holds_an_image_and_a_flush_does_not_hurt_it)
{
	uint8_t packet[VRNG_PACKET];

	say("cmdOcmdX");
	vrng_replied(&v, vrng_reply(&v, packet));
	say("cmdocmdw");
	cr_assert_eq(vrng_reply(&v, packet), 0);
	say("cmdO");
	cr_assert_eq(v.reply_at, VRNG_PACKET);
	cr_assert_eq(vrng_reply(&v, packet), VRNG_PACKET);
}

Test(vrng, an_image_that_is_asked_for_again_begins_again)
{
	uint8_t first[VRNG_PACKET], again[VRNG_PACKET];

	say("cmdOcmdX");
	vrng_replied(&v, vrng_reply(&v, first));
	say("cmdX");
	cr_assert_eq(vrng_reply(&v, again), VRNG_PACKET);
	cr_assert_eq(memcmp(first, again, VRNG_PACKET), 0);
}

Test(vrng, what_was_not_taken_of_a_packet_comes_again)
{
	uint8_t packet[VRNG_PACKET];

	say("cmdOcmdv");
	cr_assert_eq(vrng_reply(&v, packet), 13);
	vrng_replied(&v, 9);
	cr_assert_eq(vrng_reply(&v, packet), 4);
	cr_assert_eq(memcmp(packet, " 3\r\n", 4), 0);
}

Test(vrng, closing_drops_replies_and_keeps_pause_and_mode)
{
	uint8_t packet[VRNG_PACKET];

	say("cmdOcmd6cmdXcmdv");
	vrng_replied(&v, vrng_reply(&v, packet));
	say("cm");
	vrng_close(&v);
	cr_assert_eq(vrng_reply(&v, packet), 0);
	cr_assert(vrng_gives(&v));
	cr_assert_eq(v.mode, 6);
	say("do");
	cr_assert(vrng_gives(&v));
}

Test(vrng, the_digits_of_a_secret_are_no_command)
{
	say("cmdOcmdScccccccccccccccccccccccccccccccc");
	cr_assert_eq(v.skip, 0);
	say("cmdScd\ncmdo");
	cr_assert(v.paused);
}

Test(vrng, it_is_valid_whatever_is_said_to_it)
{
	static const char words[] = "cmdOowvXISTcmd0123456789abcdef\n";
	uint8_t packet[VRNG_PACKET], c;
	unsigned int seed = 1;
	int i;

	for (i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		c = (uint8_t)words[(seed >> 16) % (sizeof(words) - 1)];
		vrng_feed(&v, &c, 1);
		if (seed >> 30 == 0)
			vrng_replied(&v, vrng_reply(&v, packet));
		cr_assert(vrng_is_valid(&v));
	}
}

Test(vrng, what_no_process_left_is_not_valid)
{
	struct vrng w = v;

	w.reply = VRNG_TELL;
	w.reply_at = 13;
	cr_assert_not(vrng_is_valid(&w));
	w.reply_at = 12;
	cr_assert(vrng_is_valid(&w));
	w.reply = VRNG_REPLIES;
	cr_assert_not(vrng_is_valid(&w));
	w = v;
	w.parser = 4;
	cr_assert_not(vrng_is_valid(&w));
	w = v;
	w.armed = 1;
	cr_assert_not(vrng_is_valid(&w));
	w = v;
	w.mode = 16;
	cr_assert_not(vrng_is_valid(&w));
}

#include "ctl/openpgp.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

/* A version 4 Ed25519 key packet's body; its numbers are of no matter. */
#define BODY                                                               \
	"\x04\x53\xd7\x87\x12\x16\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01" \
	"\x01\x07\x40Onerng"
#define BODY_LEN 25
/* sha1sum of 99 00 19 and that body */
#define BODY_FPR "EBE4B905DC489F38AD9431E4A48258FD36ABBF39"

#define KEY	 "\x98\x19" BODY /* old format, one byte of length */
#define SUBKEY	 "\xb8\x19" BODY
#define USER	 "\xb4\x01x"
#define SIG	 "\x88\x02\x04\x13"
#define WHOLE	 KEY USER SIG SUBKEY SIG
#define SIZED(s) (s), sizeof(s) - 1

static struct openpgp_key key;
static const char *why;

static int read_key(const char *data, size_t len)
{
	return openpgp_read_key((const uint8_t *)data, len, &key, &why);
}

static uint8_t out[2 * OPENPGP_FILE_MAX];
static size_t out_len;

static int dearmor(const char *text)
{
	return openpgp_dearmor((const uint8_t *)text, strlen(text), out,
			       &out_len, &why);
}

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
#define END   "-----END PGP PUBLIC KEY BLOCK-----\n"
/* "Onerng" and its checksum */
#define B64 "T25lcm5n\n"
#define CRC "=/Y+Q\n"

Test(openpgp, the_fingerprint_is_over_the_whole_key_packet)
{
	cr_assert_eq(read_key(SIZED(KEY)), 0);
	cr_assert_str_eq(key.primary, BODY_FPR);
	cr_assert_eq(key.subkeys, 0);
}

Test(openpgp, subkeys_are_listed)
{
	cr_assert_eq(read_key(SIZED(WHOLE)), 0);
	cr_assert_eq(key.subkeys, 1);
	cr_assert_str_eq(key.subkey[0], BODY_FPR);
}

Test(openpgp, every_form_of_length_is_read)
{
	cr_assert_eq(read_key(SIZED("\x99\x00\x19" BODY)), 0);
	cr_assert_str_eq(key.primary, BODY_FPR);
	cr_assert_eq(read_key(SIZED("\x9a\x00\x00\x00\x19" BODY)), 0);
	cr_assert_str_eq(key.primary, BODY_FPR);
	cr_assert_eq(read_key(SIZED("\xc6\x19" BODY)), 0);
	cr_assert_str_eq(key.primary, BODY_FPR);
	cr_assert_eq(read_key(SIZED("\xc6\xff\x00\x00\x00\x19" BODY)), 0);
	cr_assert_str_eq(key.primary, BODY_FPR);
}

Test(openpgp, a_two_byte_length_of_the_new_format_starts_at_192)
{
	char packet[2 + 25 + 3 + 192] = KEY;

	memcpy(packet + 27, "\xcd\xc0\x00", 3);
	memset(packet + 30, 'u', 192);
	cr_assert_eq(read_key(packet, sizeof(packet)), 0);
	cr_assert_lt(read_key(packet, sizeof(packet) - 1), 0);
}

Test(openpgp, every_key_that_is_cut_is_refused)
{
	for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
		char *exact = malloc(len ? len : 1);
		int r;

		memcpy(exact, WHOLE, len);
		r = read_key(exact, len);
		free(exact);
		/* between two packets it is a smaller key */
		if (len != 27 && len != 30 && len != 34 && len != 61)
			cr_assert_lt(r, 0, "%zu bytes", len);
	}
}

Test(openpgp, lengths_that_no_key_has_are_refused)
{
	cr_assert_lt(read_key(SIZED("\x9b" BODY)), 0);	   /* indeterminate */
	cr_assert_lt(read_key(SIZED("\xc6\xe4" BODY)), 0); /* partial */
	cr_assert_lt(read_key(SIZED("\x9a\xff\xff\xff\xff" BODY)), 0);
	cr_assert_lt(read_key(SIZED("\xc6\xff\xff\xff\xff\xff" BODY)), 0);
	cr_assert_lt(read_key(SIZED("\x98\x00")), 0);
	cr_assert_lt(read_key(SIZED("\x98\x05\x04\x53\xd7\x87\x12")), 0);
}

Test(openpgp, each_wrong_content_has_a_reason)
{
	static const struct {
		const char *data;
		size_t len;
		const char *says;
	} bad[] = {
		{ SIZED(KEY KEY), "more than one key" },
		{ SIZED(KEY SUBKEY KEY), "more than one key" },
		{ SIZED("\x94\x19" BODY), "secret key" },
		{ SIZED(KEY "\x9c\x19" BODY), "secret key" },
		{ SIZED(USER KEY), "does not start with" },
		{ SIZED(SUBKEY), "does not start with" },
		{ SIZED(SIG), "does not start with" },
		{ SIZED(KEY "\xac\x01x"), "belongs to no key" },
		{ SIZED(KEY "\xa3\x01x"), "not a sequence" },
		{ SIZED(KEY "junk"), "not a sequence" },
		{ SIZED(KEY "\n"), "not a sequence" },
		{ SIZED("\x98\x06\x03\x53\xd7\x87\x12\x16"), "version 4" },
		{ SIZED("\x98\x06\x06\x53\xd7\x87\x12\x16"), "version 4" },
		{ SIZED(""), "empty" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_lt(read_key(bad[i].data, bad[i].len), 0, "%zu", i);
		cr_assert(strstr(why, bad[i].says), "%zu: %s", i, why);
	}
}

Test(openpgp, too_many_subkeys_are_refused)
{
	static char many[sizeof(KEY) + 17 * sizeof(SUBKEY)] = KEY;
	size_t len = sizeof(KEY) - 1;

	for (size_t i = 0; i < OPENPGP_SUBKEYS_MAX; i++) {
		memcpy(many + len, SUBKEY, sizeof(SUBKEY) - 1);
		len += sizeof(SUBKEY) - 1;
	}
	cr_assert_eq(read_key(many, len), 0);
	cr_assert_eq(key.subkeys, OPENPGP_SUBKEYS_MAX);
	memcpy(many + len, SUBKEY, sizeof(SUBKEY) - 1);
	len += sizeof(SUBKEY) - 1;
	cr_assert_lt(read_key(many, len), 0);
}

Test(openpgp, armor_is_taken_off)
{
	static const char *const good[] = {
		BEGIN "\n" B64 CRC END,
		BEGIN "\n" B64 END,
		BEGIN "Version: GnuPG v1\nComment: x\n\n" B64 CRC END,
		"words before it\n\n" BEGIN "\n" B64 CRC END "words after\n",
		BEGIN "\n" B64 CRC "-----END PGP PUBLIC KEY BLOCK-----",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nT25lcm5n\r\n"
		"=/Y+Q\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n",
		BEGIN " \t\nT25l\ncm5n\n" CRC END,
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert_eq(dearmor(good[i]), 0, "%zu: %s", i, why);
		cr_assert_eq(out_len, 6);
		cr_assert_eq(memcmp(out, "Onerng", 6), 0);
	}
}

Test(openpgp, each_wrong_armor_has_a_reason)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "empty" },
		{ "hello\n", "no OpenPGP key" },
		{ "-----BEGIN PGP PUBLIC KEY", "something other" },
		{ "-----BEGIN PGP SIGNATURE-----\n\n" B64, "something other" },
		{ "-----BEGIN CERTIFICATE-----\n" B64, "something other" },
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", "secret key" },
		{ BEGIN, "within its headers" },
		{ BEGIN "Version: 1\n", "within its headers" },
		{ BEGIN "\n", "no end" },
		{ BEGIN "\n" B64, "no end" },
		{ BEGIN "\n" B64 CRC, "no end" },
		{ BEGIN "\n" B64 CRC CRC END, "no end" },
		{ BEGIN "\n" B64 "=AAAA\n" END, "checksum" },
		{ BEGIN "\n" B64 "=/Y+\n" END, "checksum" },
		{ BEGIN "\n" B64 "=\n" END, "checksum" },
		{ BEGIN "\nT25lcm6n\n" CRC END, "checksum" },
		{ BEGIN "\nT25l*m5n\n" CRC END, "base64" },
		{ BEGIN "\nT25lcm5\n" CRC END, "cut short" },
		{ BEGIN "\n" B64 CRC END BEGIN "\n" B64 CRC END,
		  "more than one block" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_lt(dearmor(bad[i].text), 0, "%zu", i);
		cr_assert(strstr(why, bad[i].says), "%zu: %s", i, why);
	}
}

Test(openpgp, binary_packets_stay_as_they_are_up_to_the_limit)
{
	static uint8_t in[OPENPGP_FILE_MAX + 1];

	memset(in, 0x99, sizeof(in));
	cr_assert_eq(openpgp_dearmor(in, OPENPGP_FILE_MAX, out, &out_len, &why),
		     0);
	cr_assert_eq(out_len, OPENPGP_FILE_MAX);
	cr_assert_eq(memcmp(in, out, out_len), 0);
	cr_assert_lt(openpgp_dearmor(in, sizeof(in), out, &out_len, &why), 0);
	cr_assert(strstr(why, "64 KiB"));
}

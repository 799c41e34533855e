#include "common/gpgv_status.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define P	PIN_VENDOR_PRIMARY
#define S	PIN_VENDOR_SIGNING
#define OTHER	"0123456789ABCDEF0123456789ABCDEF01234567"
#define NEW	"[GNUPG:] NEWSIG paul@taniwha.com\n"
#define GOOD	"[GNUPG:] GOODSIG 01979475B1975115 Moonbase Otago <a@b>\n"
#define BAD	"[GNUPG:] BADSIG 01979475B1975115 Moonbase Otago <a@b>\n"
#define EXPSIG	"[GNUPG:] EXPSIG 01979475B1975115 Moonbase Otago <a@b>\n"
#define EXPKEY	"[GNUPG:] EXPKEYSIG 01979475B1975115 Moonbase Otago <a@b>\n"
#define REVKEY	"[GNUPG:] REVKEYSIG 01979475B1975115 Moonbase Otago <a@b>\n"
#define NO_KEY	"[GNUPG:] NO_PUBKEY 01979475B1975115\n"
#define NO_DATA "[GNUPG:] NODATA 3\n"
#define ERROR(code) \
	"[GNUPG:] ERRSIG 01979475B1975115 1 8 00 1406633746 " code " " S "\n"
#define VALID_OF(hash, class, signer, primary)                             \
	"[GNUPG:] VALIDSIG " signer " 2014-07-29 1406633746 0 4 0 1 " hash \
	" " class " " primary "\n"
#define VALID VALID_OF("8", "00", S, P)

static struct pin_set vendor(void)
{
	struct pin_set pins = { .count = 0 };

	pin_add_vendor(&pins);
	return pins;
}

static struct gpgv_status parse(const char *text, size_t len)
{
	struct gpgv_status s;

	gpgv_status_init(&s);
	gpgv_status_feed(&s, text, len);
	return s;
}

static enum gpgv_verdict judge(const char *text, int exit_status)
{
	struct gpgv_status s = parse(text, strlen(text));
	struct pin_set pins = vendor();

	return gpgv_status_verdict(&s, &pins, exit_status);
}

Test(gpgv, one_good_signature_of_a_pinned_key_is_good)
{
	cr_assert_eq(judge(NEW GOOD VALID, 0), GPGV_GOOD);
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "00", P, P), 0), GPGV_GOOD);
}

Test(gpgv, what_gpgv_also_says_does_not_matter)
{
	cr_assert_eq(
		judge(NEW "[GNUPG:] KEY_CONSIDERED " P " 0\n"
			  "[GNUPG:] SIG_ID x 2014-07-29 1406633746\n" GOOD VALID
			  "[GNUPG:] SOMETHING_NEW\n",
		      0),
		GPGV_GOOD);
}

Test(gpgv, who_signed_and_how_is_kept)
{
	const char text[] = NEW GOOD VALID_OF("2", "00", S, P);
	struct gpgv_status s = parse(text, sizeof(text) - 1);
	struct pin_set pins = vendor();

	cr_assert_str_eq(s.signer, S);
	cr_assert_str_eq(s.primary, P);
	cr_assert_eq(s.hash, GPGV_SHA1);
	cr_assert_eq(gpgv_status_verdict(&s, &pins, 0), GPGV_GOOD);
}

Test(gpgv, the_exit_status_counts_even_if_all_else_is_good)
{
	cr_assert_eq(judge(NEW GOOD VALID, 1), GPGV_FAILED);
	cr_assert_eq(judge(NEW GOOD VALID, 2), GPGV_FAILED);
	cr_assert_eq(judge(NEW GOOD VALID, 127), GPGV_FAILED);
}

Test(gpgv, success_without_a_word_is_a_failure)
{
	cr_assert_eq(judge("", 0), GPGV_FAILED);
	cr_assert_eq(judge("[GNUPG:] SOMETHING_NEW\n", 0), GPGV_FAILED);
}

/* gpgv 2.2.40 ends with 0 and says VALIDSIG in the first two cases. */
Test(gpgv, each_refusal_has_a_verdict_of_its_own)
{
	cr_assert_eq(judge(NEW EXPKEY VALID, 0), GPGV_KEY_EXPIRED);
	cr_assert_eq(judge(NEW REVKEY VALID, 0), GPGV_KEY_REVOKED);
	cr_assert_eq(judge(NEW EXPSIG VALID, 1), GPGV_SIGNATURE_EXPIRED);
	cr_assert_eq(judge(NEW BAD, 1), GPGV_BAD_SIGNATURE);
	cr_assert_eq(judge(NEW ERROR("9") NO_KEY, 2), GPGV_NO_KEY);
	cr_assert_eq(judge(NEW ERROR("9"), 2), GPGV_NO_KEY);
	cr_assert_eq(judge(NEW ERROR("4"), 2), GPGV_ALGORITHM);
	cr_assert_eq(judge(NEW ERROR("5"), 2), GPGV_ALGORITHM);
	cr_assert_eq(judge(NEW ERROR("6"), 2), GPGV_NOT_VERIFIED);
	cr_assert_eq(judge(NO_DATA "[GNUPG:] NODATA 4\n", 2),
		     GPGV_NO_SIGNATURE);
}

Test(gpgv, a_refusal_stays_one_whatever_the_exit_status)
{
	static const char *const refusals[] = {
		NEW EXPKEY VALID,
		NEW REVKEY VALID,
		NEW EXPSIG VALID,
		NEW BAD,
		NEW ERROR("9"),
		NO_DATA,
		NEW BAD VALID,
		NEW GOOD,
		NEW VALID,
		GOOD VALID,
		NEW,
		VALID,
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		cr_assert_neq(judge(refusals[i], 0), GPGV_GOOD, "%s",
			      refusals[i]);
}

Test(gpgv, the_missing_key_is_told)
{
	const char text[] = NEW ERROR("9") NO_KEY;
	struct gpgv_status s = parse(text, sizeof(text) - 1);

	cr_assert_str_eq(s.signer, S);
}

Test(gpgv, exactly_one_signature_counts)
{
	cr_assert_eq(judge(NEW GOOD VALID NEW GOOD VALID, 0), GPGV_SEVERAL);
	cr_assert_eq(judge(NEW GOOD VALID NEW BAD, 1), GPGV_SEVERAL);
	cr_assert_eq(judge(NEW BAD NEW GOOD VALID, 1), GPGV_SEVERAL);
	cr_assert_eq(judge(NEW GOOD BAD VALID, 0), GPGV_SEVERAL);
	cr_assert_eq(judge(NEW GOOD VALID VALID, 0), GPGV_SEVERAL);
	cr_assert_eq(judge(NO_DATA NEW GOOD VALID, 2), GPGV_SEVERAL);
}

Test(gpgv, a_signature_over_text_is_refused)
{
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "01", S, P), 0),
		     GPGV_NOT_BINARY);
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "0", S, P), 0),
		     GPGV_NOT_BINARY);
}

Test(gpgv, a_key_that_is_not_pinned_is_refused)
{
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "00", OTHER, OTHER), 0),
		     GPGV_NOT_PINNED);
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "00", S, OTHER), 0),
		     GPGV_NOT_PINNED);
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "00", OTHER, P), 0),
		     GPGV_NOT_PINNED);
	cr_assert_eq(judge(NEW GOOD VALID_OF("8", "00", S, S), 0),
		     GPGV_NOT_PINNED);
}

Test(gpgv, lines_that_make_no_sense_are_a_failure)
{
	static const char *const bad[] = {
		"hello\n",
		"\n",
		"[GNUPG:]\n",
		"[GNUPG:] \n",
		"[GNUPG:]NEWSIG\n",
		" " NEW,
		NEW GOOD VALID "[GNUPG:] KEY",
		NEW "[GNUPG:] VALIDSIG\n",
		NEW "[GNUPG:] VALIDSIG " S "\n",
		NEW GOOD VALID_OF("x", "00", S, P),
		NEW GOOD VALID_OF("1000", "00", S, P),
		NEW GOOD VALID_OF("-1", "00", S, P),
		NEW GOOD VALID_OF("8", "00", "0123", P),
		NEW GOOD VALID_OF("8", "00", S,
				  S "012345678901234567890123"
				    "4"),
		NEW GOOD VALID_OF("8", "00", S,
				  "d43ba692652ebac284a8757f01979475b1975115"),
		NEW GOOD VALID_OF("8", "00", S, P " more"),
		NEW "[GNUPG:] ERRSIG\n",
		NEW "[GNUPG:] ERRSIG 01979475B1975115 1 8 00 1406633746 x\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(judge(bad[i], 0), GPGV_UNINTELLIGIBLE, "%zu: %s",
			     i, bad[i]);
}

Test(gpgv, a_nul_in_a_line_is_a_failure)
{
	static const char text[] = NEW GOOD "[GNUPG:] X\0Y\n" VALID;
	struct gpgv_status s = parse(text, sizeof(text) - 1);
	struct pin_set pins = vendor();

	cr_assert_eq(gpgv_status_verdict(&s, &pins, 0), GPGV_UNINTELLIGIBLE);
}

static enum gpgv_verdict with_line(size_t len)
{
	static char text[2 * GPGV_LINE_MAX];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s",
				    NEW GOOD VALID "[GNUPG:] X ");
	size_t line = strlen("[GNUPG:] X ");

	memset(text + n, 'x', len - line);
	text[n + len - line] = '\n';
	text[n + len - line + 1] = '\0';
	return judge(text, 0);
}

Test(gpgv, a_line_is_as_long_as_the_limit_and_no_longer)
{
	cr_assert_eq(with_line(GPGV_LINE_MAX - 1), GPGV_GOOD);
	cr_assert_eq(with_line(GPGV_LINE_MAX), GPGV_GOOD);
	cr_assert_eq(with_line(GPGV_LINE_MAX + 1), GPGV_UNINTELLIGIBLE);
}

Test(gpgv, a_flood_of_lines_is_a_failure)
{
	static const char line[] = "[GNUPG:] X\n";
	struct pin_set pins = vendor();
	struct gpgv_status s;
	size_t total = strlen(NEW GOOD VALID);

	gpgv_status_init(&s);
	gpgv_status_feed(&s, NEW GOOD VALID, total);
	for (; total + strlen(line) <= GPGV_STATUS_MAX; total += strlen(line))
		gpgv_status_feed(&s, line, strlen(line));
	cr_assert_eq(gpgv_status_verdict(&s, &pins, 0), GPGV_GOOD);
	gpgv_status_feed(&s, line, strlen(line));
	cr_assert_eq(gpgv_status_verdict(&s, &pins, 0), GPGV_UNINTELLIGIBLE);
}

Test(gpgv, pieces_come_to_the_same_as_the_whole)
{
	static const char text[] = NEW GOOD VALID;
	struct pin_set pins = vendor();

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct gpgv_status s = parse(text, cut);

		if (cut < sizeof(text) - 1)
			cr_assert_neq(gpgv_status_verdict(&s, &pins, 0),
				      GPGV_GOOD);
		gpgv_status_feed(&s, text + cut, sizeof(text) - 1 - cut);
		cr_assert_eq(gpgv_status_verdict(&s, &pins, 0), GPGV_GOOD);
	}
}

Test(gpgv, every_verdict_has_a_name_and_a_reason_of_its_own)
{
	for (int a = 0; a < GPGV_VERDICTS; a++) {
		cr_assert(gpgv_verdict_name(a) && gpgv_verdict_text(a));
		for (int b = 0; b < a; b++) {
			cr_assert_str_neq(gpgv_verdict_name(a),
					  gpgv_verdict_name(b));
			cr_assert_str_neq(gpgv_verdict_text(a),
					  gpgv_verdict_text(b));
		}
	}
}

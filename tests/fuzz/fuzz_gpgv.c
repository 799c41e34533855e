/*
 * gpgv's status lines: the first byte cuts the rest into two pieces, which must
 * come to the same as the whole.  Whatever is said, a signature counts only if
 * it was said to be good, valid and one, and nothing else was said of it.
 */
#include "common/gpgv_status.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_good(const struct gpgv_status *s, const struct pin_set *pins)
{
	require(s->good == 1 && s->valid == 1 && s->new_sig == 1);
	require(!s->bad && !s->error && !s->no_key && !s->sig_expired);
	require(!s->key_expired && !s->key_revoked && !s->no_data);
	require(s->binary && !s->bad_line && !s->line_len);
	require(pin_allows(pins, s->primary, s->signer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gpgv_status whole, pieces;
	struct pin_set pins = { .count = 0 };
	enum gpgv_verdict verdict;
	const char *text;
	size_t cut;

	if (size == 0)
		return 0;
	cut = data[0] < size - 1 ? data[0] : size - 1;
	text = (const char *)data + 1;
	size--;
	pin_add_vendor(&pins);
	gpgv_status_init(&whole);
	gpgv_status_feed(&whole, text, size);
	gpgv_status_init(&pieces);
	gpgv_status_feed(&pieces, text, cut);
	gpgv_status_feed(&pieces, text + cut, size - cut);
	verdict = gpgv_status_verdict(&whole, &pins, 0);
	require(verdict < GPGV_VERDICTS && gpgv_verdict_text(verdict));
	require(verdict == gpgv_status_verdict(&pieces, &pins, 0));
	require(strcmp(whole.signer, pieces.signer) == 0);
	require(gpgv_status_verdict(&whole, &pins, 1) != GPGV_GOOD);
	if (verdict == GPGV_GOOD)
		check_good(&whole, &pins);
	return 0;
}

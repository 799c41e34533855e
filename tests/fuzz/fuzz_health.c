/*
 * Health tests: the first two bytes choose H, the third cuts the rest into
 * pieces.  A verdict is sticky, placed within what was fed, does not depend on
 * the pieces, and is of one test.
 */
#include "common/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void choose_cutoffs(struct health_cutoffs *cut, const uint8_t *data)
{
	static const unsigned int bit_h[] = {
		100, 250, 500, 750, 800, 900, 1000
	};

	require(health_cutoffs(cut, 500u * (1u + data[0] % 16u),
			       bit_h[data[1] % 7]) == 0);
}

static void require_consistent(const struct health *h, int result, size_t fed)
{
	if (h->failed == HEALTH_TESTS) {
		require(result == 0);
		require(h->samples == fed);
		require(h->failed_at == 0);
	} else {
		require(result == -EIO);
		require(h->failed < HEALTH_TESTS);
		require(h->failed_at > 0 && h->failed_at <= fed);
		require(h->samples == h->failed_at);
	}
	require(strcmp(health_test_name(h->failed), "none") == 0 ||
		result == -EIO);
}

static int feed_pieces(struct health *h, const uint8_t *data, size_t size,
		       size_t piece)
{
	int result = 0;

	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		enum health_test before = h->failed;

		result = health_feed(h, data + at, n);
		require(before == HEALTH_TESTS || h->failed == before);
		require_consistent(h, result, at + n);
	}
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct health_cutoffs cut;
	struct health whole, pieces;
	int result;

	if (size < 3)
		return 0;
	choose_cutoffs(&cut, data);
	health_init(&whole, &cut);
	health_init(&pieces, &cut);
	result = health_feed(&whole, data + 3, size - 3);
	require_consistent(&whole, result, size - 3);
	require(feed_pieces(&pieces, data + 3, size - 3, data[2] + 1u) ==
		result);
	require(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	health_reset(&whole);
	health_init(&pieces, &cut);
	require(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	return 0;
}

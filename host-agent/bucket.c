#include "host-agent/bucket.h"

#define US_PER_S 1000000u

static int64_t cut(uint64_t bytes)
{
	return bytes > BUCKET_MAX ? BUCKET_MAX : (int64_t)bytes;
}

static void refill(struct bucket *b, uint64_t now_us)
{
	unsigned __int128 earned;
	uint64_t room;

	if (now_us <= b->last_us)
		return;
	earned = (unsigned __int128)b->rate * (now_us - b->last_us) + b->frac;
	b->last_us = now_us;
	/* tokens may be negative: the difference still fits 64 bits. */
	room = (uint64_t)b->size - (uint64_t)b->tokens;
	if (earned / US_PER_S >= room) {
		b->tokens = b->size;
		b->frac = 0;
	} else {
		b->tokens += (int64_t)(earned / US_PER_S);
		b->frac = (uint64_t)(earned % US_PER_S);
	}
}

void bucket_init(struct bucket *b, uint64_t rate, uint64_t size,
		 uint64_t now_us)
{
	b->rate = (uint64_t)cut(rate);
	b->size = cut(size);
	b->tokens = b->size;
	b->frac = 0;
	b->last_us = now_us;
}

void bucket_set(struct bucket *b, uint64_t rate, uint64_t size, uint64_t now_us)
{
	bool unlimited = b->rate == 0;

	refill(b, now_us);
	b->rate = (uint64_t)cut(rate);
	b->size = cut(size);
	if (unlimited || b->tokens >= b->size) {
		b->tokens = b->size;
		b->frac = 0;
	}
}

bool bucket_take(struct bucket *b, uint32_t bytes, uint32_t overdraft,
		 uint64_t now_us)
{
	if (b->rate == 0)
		return true;
	refill(b, now_us);
	if (b->tokens < (int64_t)bytes - (int64_t)overdraft)
		return false;
	b->tokens -= bytes;
	return true;
}

uint64_t bucket_when(struct bucket *b, uint32_t bytes, uint32_t overdraft,
		     uint64_t now_us)
{
	int64_t need = (int64_t)bytes - (int64_t)overdraft;
	uint64_t missing, wait_us;

	if (b->rate == 0)
		return now_us;
	refill(b, now_us);
	if (b->tokens >= need)
		return b->last_us;
	/* Both are small, so this is; frac is less than one missing byte. */
	missing = (uint64_t)(need - b->tokens) * US_PER_S - b->frac;
	wait_us = missing / b->rate + (missing % b->rate != 0);
	return wait_us > UINT64_MAX - b->last_us ? UINT64_MAX
						 : b->last_us + wait_us;
}

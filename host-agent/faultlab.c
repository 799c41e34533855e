#include "host-agent/faultlab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "host-agent/pool.h"

#define PIECE	    62 /* samples: what a USB packet holds */
#define PACKET	    64
#define DRAWS	    1024
#define PERIOD_MAX  (1u << 20)
#define POOL_BLOCKS 64

struct fault {
	/* 0 or -EIO; fills len samples. */
	int (*make)(struct fault *f, uint8_t *out, size_t len);
	const char *pattern; /* with pattern_len, for make_pattern() */
	size_t pattern_len;
	uint8_t set, clear; /* bits, for make_stuck() */
	double p;
	size_t n;      /* period, or one packet in n */
	uint32_t lfsr; /* with its taps */
	uint32_t taps;
	uint64_t pos;
	unsigned int bit;
	uint8_t packet[PACKET], last[PACKET];
	uint8_t *loop; /* n bytes, for make_period() */
	uint8_t draws[DRAWS];
	size_t drawn; /* of these */
};

enum phase {
	BEFORE,
	FAULT,
	SETTLING, /* what settles it, unless the fault was a passing one */
	DONE,
};

struct faultlab {
	struct fault well, fault;
	struct sampler *sampler;
	struct pool *pool;
	enum phase phase;
	size_t left; /* samples of this phase */
	bool detected;
};

static int noise(uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		out += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The same, a KiB for each call of the kernel; len divides that. */
static int draw_noise(struct fault *f, uint8_t *out, size_t len)
{
	if (f->drawn == 0 && noise(f->draws, sizeof(f->draws)) < 0)
		return -EIO;
	memcpy(out, f->draws + f->drawn, len);
	f->drawn = (f->drawn + len) % sizeof(f->draws);
	return 0;
}

static int make_noise(struct fault *f, uint8_t *out, size_t len)
{
	(void)f;
	return noise(out, len);
}

static int make_pattern(struct fault *f, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)f->pattern[f->pos++ % f->pattern_len];
	return 0;
}

static int make_counter(struct fault *f, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)f->pos++;
	return 0;
}

static int make_stuck(struct fault *f, uint8_t *out, size_t len)
{
	int r = noise(out, len);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((out[i] | f->set) & ~f->clear);
	return r;
}

/* Eight draws that hit with probability f->p, the first one in bit 7. */
static int draw(struct fault *f, unsigned int *bits)
{
	uint16_t raw[8];
	int r = draw_noise(f, (uint8_t *)raw, sizeof(raw));

	*bits = 0;
	for (int i = 0; i < 8; i++)
		*bits = *bits << 1 | (raw[i] < f->p * 65536.0);
	return r;
}

static int make_bias(struct fault *f, uint8_t *out, size_t len)
{
	unsigned int bits;
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		r = draw(f, &bits);
		out[i] = (uint8_t)bits;
	}
	return r;
}

/* A bit is the one before it with probability p. */
static int make_serial(struct fault *f, uint8_t *out, size_t len)
{
	unsigned int same;
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		unsigned int byte = 0;

		r = draw(f, &same);
		for (int k = 7; k >= 0; k--) {
			f->bit ^= !(same >> k & 1);
			byte = byte << 1 | f->bit;
		}
		out[i] = (uint8_t)byte;
	}
	return r;
}

static int make_period(struct fault *f, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = f->loop[f->pos++ % f->n];
	return 0;
}

/* One packet in n, at an even distance, is the one before, or zeros. */
static int next_packet(struct fault *f, bool zeros)
{
	bool bad = f->pos / PACKET % f->n == f->n - 1;
	int r = 0;

	memcpy(f->last, f->packet, PACKET);
	if (!bad)
		r = noise(f->packet, PACKET);
	else if (zeros)
		memset(f->packet, 0, PACKET);
	else
		memcpy(f->packet, f->last, PACKET);
	return r;
}

static int make_packets(struct fault *f, uint8_t *out, size_t len, bool zeros)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		if (f->pos % PACKET == 0)
			r = next_packet(f, zeros);
		out[i] = f->packet[f->pos++ % PACKET];
	}
	return r;
}

static int make_repeats(struct fault *f, uint8_t *out, size_t len)
{
	return make_packets(f, out, len, false);
}

static int make_zero_packets(struct fault *f, uint8_t *out, size_t len)
{
	return make_packets(f, out, len, true);
}

static int make_lfsr(struct fault *f, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned int byte = 0;

		for (int k = 0; k < 8; k++) {
			unsigned int bit = f->lfsr & 1;

			f->lfsr = f->lfsr >> 1 ^ (bit ? f->taps : 0);
			byte = byte << 1 | bit;
		}
		out[i] = (uint8_t)byte;
	}
	return 0;
}

#define TEXT "AT+CPIN?\r\n+CME ERROR: 10\r\nAT+CREG?\r\n+CREG: 0,2\r\nOK\r\n"

#define PATTERN(bytes)                                    \
	{                                                 \
		.make = make_pattern, .pattern = (bytes), \
		.pattern_len = sizeof(bytes) - 1          \
	}

static const struct {
	const char *name;
	struct fault fault;
} plain[] = {
	{ "none", { .make = make_noise } },
	{ "zeros", PATTERN("\0") },
	{ "ones", PATTERN("\xff") },
	{ "aa", PATTERN("\xaa") },
	{ "aa55", PATTERN("\xaa\x55") },
	{ "text", PATTERN(TEXT) },
	{ "counter", { .make = make_counter } },
	{ "top-bit", { .make = make_stuck, .clear = 0x80 } },
	{ "low-bit", { .make = make_stuck, .set = 0x01 } },
	{ "nibble", { .make = make_stuck, .clear = 0xf0 } },
	/* x^16+x^14+x^13+x^11+1 and x^32+x^22+x^2+x+1, of maximum length */
	{ "lfsr-16", { .make = make_lfsr, .lfsr = 0xace1, .taps = 0xb400 } },
	{ "lfsr-32",
	  { .make = make_lfsr, .lfsr = 0xace1ace1, .taps = 0x80200003 } },
};

static const struct {
	const char *prefix; /* a number follows */
	int (*make)(struct fault *f, uint8_t *out, size_t len);
	double most;
} numbered[] = {
	{ "bias-", make_bias, 1 },
	{ "serial-", make_serial, 1 },
	{ "period-", make_period, PERIOD_MAX },
	{ "repeat-", make_repeats, PERIOD_MAX },
	{ "zero-", make_zero_packets, PERIOD_MAX },
};

/* 0 or -EINVAL. */
static int find_numbered(struct fault *f, const char *name)
{
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		size_t len = strlen(numbered[i].prefix);
		char *end;

		if (strncmp(name, numbered[i].prefix, len) != 0)
			continue;
		/* digits and a point only: strtod() takes more than that */
		if (!name[len] || name[len + strspn(name + len, "0123456789.")])
			return -EINVAL;
		*f = (struct fault){ .make = numbered[i].make };
		f->p = strtod(name + len, &end);
		if (*end || f->p > numbered[i].most)
			return -EINVAL;
		f->n = (size_t)f->p;
		return numbered[i].most > 1 && f->n < 1 ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int find_fault(struct fault *f, const char *name)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!strcmp(name, plain[i].name)) {
			*f = plain[i].fault;
			return 0;
		}
	}
	return find_numbered(f, name);
}

static int prepare(struct fault *f, const char *name)
{
	int r = find_fault(f, name);

	if (r == 0 && f->make == make_period) {
		f->loop = malloc(f->n);
		r = f->loop ? noise(f->loop, f->n) : -ENOMEM;
	}
	return r;
}

/* 1: a test failed; while that settles, all samples are fed. */
static int feed(struct faultlab *l, struct fault *f, size_t len)
{
	uint8_t piece[PIECE], block[POOL_BLOCK];
	int r = 0;

	while (len > 0 && r == 0) {
		size_t n = len < PIECE ? len : PIECE;

		r = f->make(f, piece, n);
		if (r == 0 && sampler_feed(l->sampler, piece, n) < 0 &&
		    l->phase != SETTLING)
			return 1;
		while (pool_take(l->pool, block, NULL) == 0)
			;
		len -= n;
	}
	explicit_bzero(block, sizeof(block));
	return r;
}

struct faultlab *faultlab_new(const char *fault,
			      const struct sampler_conf *conf)
{
	struct faultlab *l = calloc(1, sizeof(*l));
	int r = l ? prepare(&l->fault, fault) : -ENOMEM;

	if (r == 0) {
		l->well.make = make_noise;
		l->left = FAULTLAB_BEFORE;
		l->pool = pool_new(POOL_BLOCKS);
		l->sampler = l->pool ? sampler_new(conf, l->pool) : NULL;
		r = l->sampler ? 0 : -errno;
	}
	if (r == 0)
		return l;
	faultlab_free(l);
	errno = -r;
	return NULL;
}

void faultlab_free(struct faultlab *l)
{
	if (!l)
		return;
	sampler_free(l->sampler);
	pool_free(l->pool);
	free(l->fault.loop);
	free(l);
}

static void enter(struct faultlab *l, enum phase phase, size_t samples)
{
	l->phase = phase;
	l->left = samples;
}

int faultlab_step(struct faultlab *l)
{
	size_t n = l->left < FAULTLAB_SLICE ? l->left : FAULTLAB_SLICE;
	int r = feed(l, l->phase == BEFORE ? &l->well : &l->fault, n);

	if (r < 0 || (r && l->phase == BEFORE))
		return -EIO;
	l->left -= n;
	if (r && l->phase == FAULT) {
		l->detected = true;
		enter(l, SETTLING, SAMPLER_WINDOW);
	} else if (l->left == 0 && l->phase == BEFORE) {
		enter(l, FAULT, FAULTLAB_SAMPLES);
	} else if (l->left == 0) {
		enter(l, DONE, 0);
	}
	return l->phase != DONE;
}

void faultlab_result(const struct faultlab *l, struct faultlab_result *out)
{
	struct sampler_stats st;
	uint64_t window;

	sampler_stats(l->sampler, &st);
	*out = (struct faultlab_result){ .detected = l->detected,
					 .test = st.failed_test,
					 .permanent = st.permanent };
	if (!l->detected)
		return;
	window = (st.failed_at - 1) / SAMPLER_WINDOW * SAMPLER_WINDOW;
	out->after = st.failed_at - FAULTLAB_BEFORE;
	out->passed = window - FAULTLAB_BEFORE;
	out->released = st.failed_released;
}

int faultlab_run(const char *fault, const struct sampler_conf *conf,
		 struct faultlab_result *out)
{
	struct faultlab *l = faultlab_new(fault, conf);
	int r = l ? 1 : -errno;

	while (r > 0)
		r = faultlab_step(l);
	if (r == 0)
		faultlab_result(l, out);
	faultlab_free(l);
	return r;
}

#include "tests/sim/noise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOISE_DRIFT_BYTES 1048576u
#define NOISE_FILE_MAX	  (64u << 20)

enum noise_kind {
	NOISE_IDEAL,
	NOISE_BIAS,
	NOISE_SAME,
	NOISE_DRIFT,
	NOISE_LOOP, /* period, stuck and file: bytes repeated */
};

struct noise {
	struct noise_prng prng;
	enum noise_kind kind;
	double p;
	uint64_t made;	  /* bytes since noise_set() */
	unsigned int bit; /* the last one, for NOISE_SAME */
	uint64_t word;	  /* bytes not handed out yet, for NOISE_IDEAL */
	unsigned int word_left;
	uint8_t *loop;
	size_t loop_len, loop_pos;
	bool once; /* the loop is gone through once */
	char spec[NOISE_SPEC_MAX];
};

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void noise_prng_seed(struct noise_prng *g, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15u;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		g->s[i] = z ^ (z >> 31);
	}
}

uint64_t noise_prng_next(struct noise_prng *g)
{
	uint64_t result = rotl(g->s[1] * 5, 7) * 9, t = g->s[1] << 17;

	g->s[2] ^= g->s[0];
	g->s[3] ^= g->s[1];
	g->s[1] ^= g->s[2];
	g->s[0] ^= g->s[3];
	g->s[2] ^= t;
	g->s[3] = rotl(g->s[3], 45);
	return result;
}

struct noise *noise_new(uint64_t seed)
{
	struct noise *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	noise_prng_seed(&n->prng, seed);
	strcpy(n->spec, "ideal");
	return n;
}

void noise_free(struct noise *n)
{
	if (!n)
		return;
	free(n->loop);
	free(n);
}

const char *noise_spec(const struct noise *n)
{
	return n->spec;
}

static unsigned int draw(struct noise *n, double p)
{
	/* 32 bits resolve P(1) far below what any test can see. */
	return (double)(noise_prng_next(&n->prng) >> 32) < p * 4294967296.0;
}

static uint8_t next_bits(struct noise *n, double p)
{
	unsigned int byte = 0;

	for (int i = 0; i < 8; i++) {
		unsigned int bit = draw(n, p);

		if (n->kind == NOISE_SAME)
			bit = bit ? n->bit : !n->bit;
		n->bit = bit;
		byte = byte << 1 | bit;
	}
	return (uint8_t)byte;
}

static uint8_t next_ideal(struct noise *n)
{
	uint8_t byte;

	if (!n->word_left) {
		n->word = noise_prng_next(&n->prng);
		n->word_left = 8;
	}
	byte = (uint8_t)n->word;
	n->word >>= 8;
	n->word_left--;
	return byte;
}

static double drifted(const struct noise *n)
{
	double share = n->made >= NOISE_DRIFT_BYTES
			       ? 1.0
			       : (double)n->made / NOISE_DRIFT_BYTES;

	return 0.5 + (n->p - 0.5) * share;
}

bool noise_ended(const struct noise *n)
{
	return n->once && n->made >= n->loop_len;
}

uint8_t noise_next(struct noise *n)
{
	uint8_t byte;

	n->made++;
	switch (n->kind) {
	case NOISE_BIAS:
	case NOISE_SAME:
		return next_bits(n, n->p);
	case NOISE_DRIFT:
		return next_bits(n, drifted(n));
	case NOISE_LOOP:
		byte = n->loop[n->loop_pos];
		n->loop_pos = (n->loop_pos + 1) % n->loop_len;
		return byte;
	case NOISE_IDEAL:
		break;
	}
	return next_ideal(n);
}

static int parse_probability(const char *text, double *p, const char **why)
{
	char *end;

	errno = 0;
	*p = strtod(text, &end);
	if (end == text || *end || errno || !(*p >= 0.0 && *p <= 1.0)) {
		*why = "not a probability from 0 to 1";
		return -EINVAL;
	}
	return 0;
}

static int parse_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 0);
	if (end == text || *end || errno || *text == '-' || *out > max)
		return -EINVAL;
	return 0;
}

static int make_loop(size_t len, uint8_t **loop, const char **why)
{
	*loop = calloc(1, len);
	if (*loop)
		return 0;
	*why = "out of memory";
	return -ENOMEM;
}

static int load_stuck(const char *text, uint8_t **loop, size_t *len,
		      const char **why)
{
	unsigned long byte;
	int rc;

	if (parse_number(text, 255, &byte) < 0) {
		*why = "not a byte from 0 to 255";
		return -EINVAL;
	}
	rc = make_loop(1, loop, why);
	if (rc < 0)
		return rc;
	(*loop)[0] = (uint8_t)byte;
	*len = 1;
	return 0;
}

/* N copies of an N-bit pattern end on a byte boundary after N bytes. */
static int load_period(struct noise_prng *prng, const char *text,
		       uint8_t **loop, size_t *len, const char **why)
{
	unsigned long bits;
	uint8_t *pattern;
	int rc;

	if (parse_number(text, NOISE_PERIOD_MAX, &bits) < 0 || !bits) {
		*why = "not a number of bits from 1 to 65536";
		return -EINVAL;
	}
	rc = make_loop(bits, loop, why);
	if (rc < 0)
		return rc;
	rc = make_loop(bits, &pattern, why);
	if (rc < 0) {
		free(*loop);
		return rc;
	}
	for (size_t i = 0; i < bits; i++)
		pattern[i] = (uint8_t)(noise_prng_next(prng) >> 63);
	/* A pattern of equal bits would be stuck, not periodic. */
	if (bits > 1)
		pattern[bits - 1] = !pattern[0];
	for (size_t i = 0; i < bits * 8; i++)
		(*loop)[i / 8] |= (uint8_t)(pattern[i % bits] << (7 - i % 8));
	free(pattern);
	*len = bits;
	return 0;
}

static int load_file(const char *path, uint8_t **loop, size_t *len,
		     const char **why)
{
	FILE *f = fopen(path, "re");
	int rc = -EIO;

	if (!f) {
		rc = -errno;
		*why = "the file cannot be opened";
		return rc;
	}
	*loop = malloc(NOISE_FILE_MAX);
	*why = "out of memory";
	if (!*loop) {
		rc = -ENOMEM;
		goto out;
	}
	*len = fread(*loop, 1, NOISE_FILE_MAX, f);
	*why = "the file cannot be read or is empty";
	if (!*len) {
		free(*loop);
		goto out;
	}
	uint8_t *fit = realloc(*loop, *len);
	if (fit)
		*loop = fit;
	rc = 0;
out:
	fclose(f);
	return rc;
}

static const struct {
	const char *word;
	enum noise_kind kind;
} kinds[] = {
	{ "bias=", NOISE_BIAS },   { "same=", NOISE_SAME },
	{ "drift=", NOISE_DRIFT }, { "stuck=", NOISE_LOOP },
	{ "period=", NOISE_LOOP }, { "file=", NOISE_LOOP },
	{ "once=", NOISE_LOOP },
};

static int load_loop(struct noise *n, const char *spec, const char *value,
		     uint8_t **loop, size_t *len, const char **why)
{
	if (spec[0] == 's')
		return load_stuck(value, loop, len, why);
	if (spec[0] == 'p')
		return load_period(&n->prng, value, loop, len, why);
	return load_file(value, loop, len, why);
}

static int parse_spec(struct noise *n, const char *spec, struct noise *to,
		      const char **why)
{
	const char *value = NULL;

	if (!strcmp(spec, "ideal"))
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i].word);

		if (strncmp(spec, kinds[i].word, len))
			continue;
		to->kind = kinds[i].kind;
		value = spec + len;
	}
	if (!value) {
		*why = "not ideal, bias=, same=, drift=, period=, stuck=, file= "
		       "or once=";
		return -EINVAL;
	}
	if (to->kind == NOISE_LOOP)
		return load_loop(n, spec, value, &to->loop, &to->loop_len, why);
	return parse_probability(value, &to->p, why);
}

int noise_set(struct noise *n, const char *spec, const char **why)
{
	struct noise to = { .kind = NOISE_IDEAL };
	char copy[NOISE_SPEC_MAX];
	int rc;

	*why = "too long";
	if (strlen(spec) >= sizeof(copy))
		return -EINVAL;
	rc = parse_spec(n, spec, &to, why);
	if (rc < 0)
		return rc;
	strcpy(copy, spec); /* spec may be n's own */
	free(n->loop);
	n->kind = to.kind;
	n->p = to.p;
	n->loop = to.loop;
	n->loop_len = to.loop_len;
	n->loop_pos = 0;
	n->once = spec[0] == 'o';
	n->made = 0;
	strcpy(n->spec, copy);
	return 0;
}

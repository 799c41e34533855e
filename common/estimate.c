/*
 * estimate.c - SP 800-90B 6.3.1 to 6.3.3, as NIST's tool 1.1.7 computes them
 *
 * A sample costs two additions and one step of a table.  Everything about bits
 * but the walk of the collision estimator follows from how often each byte and
 * each pair of bits across two bytes came.
 *
 * The walk takes bits until two of those it holds are equal: two bits, or
 * three, as the third equals one of two that differ.  What it holds is its
 * state, and a byte takes it from one state to the next.
 */
#include "common/estimate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define Z 2.5758293035489008 /* 99 %, two-sided (6.3.1) */

#define MARKOV_STEPS 128 /* bits of a path (6.3.3) */

enum walk {
	WALK_NONE,
	WALK_ZERO,
	WALK_ONE,
	WALK_BOTH, /* 01 or 10 */
};

static struct estimate_step walk_byte(unsigned int state, unsigned int byte)
{
	struct estimate_step s = { .next = (uint8_t)state };

	for (int i = 7; i >= 0; i--) {
		unsigned int bit = byte >> i & 1;

		if (s.next == WALK_NONE) {
			s.next = bit ? WALK_ONE : WALK_ZERO;
		} else if (s.next == WALK_BOTH) {
			s.triples++;
			s.next = WALK_NONE;
		} else if (bit == (s.next == WALK_ONE)) {
			s.pairs++;
			s.next = WALK_NONE;
		} else {
			s.next = WALK_BOTH;
		}
	}
	return s;
}

int estimate_init(struct estimate *e, size_t window)
{
	if (window < 2 || window > ESTIMATE_MAX)
		return -EINVAL;
	memset(e, 0, sizeof(*e));
	e->window = window;
	for (unsigned int state = 0; state < ESTIMATE_STATES; state++)
		for (unsigned int byte = 0; byte < 256; byte++)
			e->step[state][byte] = walk_byte(state, byte);
	return 0;
}

void estimate_reset(struct estimate *e)
{
	e->samples = 0;
	explicit_bzero(e->count, sizeof(e->count));
	explicit_bzero(e->joint, sizeof(e->joint));
	e->pairs = e->triples = 0;
	e->state = e->last_bit = 0;
}

size_t estimate_feed(struct estimate *e, const uint8_t *raw, size_t len)
{
	size_t n = e->window - e->samples;

	if (n > len)
		n = len;
	for (size_t i = 0; i < n; i++) {
		const struct estimate_step *s = &e->step[e->state][raw[i]];

		e->count[raw[i]]++;
		if (e->samples++ > 0)
			e->joint[e->last_bit][raw[i] >> 7]++;
		e->last_bit = raw[i] & 1;
		e->pairs += s->pairs;
		e->triples += s->triples;
		e->state = s->next;
	}
	return n;
}

/* How often b follows a, in 8 samples - 1 steps. */
struct transitions {
	double n[2][2];
};

static void count_transitions(const struct estimate *e, struct transitions *t)
{
	for (int a = 0; a < 2; a++)
		for (int b = 0; b < 2; b++)
			t->n[a][b] = e->joint[a][b];
	for (unsigned int byte = 0; byte < 256; byte++)
		for (int i = 7; i > 0; i--)
			t->n[byte >> i & 1][byte >> (i - 1) & 1] +=
				e->count[byte];
}

/* 6.3.1; H, and the upper bound it comes from. */
static double mcv(uint64_t mode, uint64_t samples, double *p_u)
{
	double n = (double)samples, p = (double)mode / n;

	*p_u = fmin(1, p + Z * sqrt(p * (1 - p) / (n - 1)));
	return 0 - log2(*p_u);
}

static void estimate_mcv(const struct estimate *e, struct estimate_result *r)
{
	uint64_t bits = 8 * r->samples;

	for (unsigned int byte = 0; byte < 256; byte++) {
		if (e->count[byte] > r->byte_mode)
			r->byte_mode = e->count[byte];
		r->ones += (uint64_t)__builtin_popcount(byte) * e->count[byte];
	}
	r->bit_mode = r->ones > bits - r->ones ? r->ones : bits - r->ones;
	r->byte_h = mcv(r->byte_mode, r->samples, &r->byte_p_u);
	r->bit_h = mcv(r->bit_mode, bits, &r->bit_p_u);
}

/* 6.3.2: v times 2 or 3, so that mean and variance follow from two counts. */
static void estimate_collision(const struct estimate *e,
			       struct estimate_result *r)
{
	double twos = e->pairs, threes = e->triples, v = twos + threes;
	double mean = (2 * twos + 3 * threes) / v;
	double squares = 4 * twos + 9 * threes;
	double s = sqrt(fmax(0, squares - v * mean * mean) / (v - 1));

	r->collisions = (uint64_t)e->pairs + e->triples;
	r->collision_mean = mean;
	r->collision_bound = fmax(2, mean - Z * s / sqrt(v));
	r->collision_p = 0.5;
	if (r->collision_bound < 2.5)
		r->collision_p = 0.5 + sqrt(1.25 - 0.5 * r->collision_bound);
	r->collision_h = 0 - log2(r->collision_p);
}

/* log2(p^times), where what never came is no way to go. */
static double walk(double p, double times)
{
	return p > 0 ? times * log2(p) : -INFINITY;
}

static double ratio(double part, double rest)
{
	return part + rest > 0 ? part / (part + rest) : 0;
}

/* 6.3.3: the most probable path of 128 bits is one of six. */
static void estimate_markov(const struct transitions *t,
			    struct estimate_result *r)
{
	double p0 = 1 - (double)r->ones / (double)(8 * r->samples);
	double p00 = ratio(t->n[0][0], t->n[0][1]);
	double p01 = ratio(t->n[0][1], t->n[0][0]);
	double p10 = ratio(t->n[1][0], t->n[1][1]);
	double p11 = ratio(t->n[1][1], t->n[1][0]);
	double most, first0 = walk(p0, 1), first1 = walk(1 - p0, 1);

	most = first0 + walk(p00, 127);
	most = fmax(most, first0 + walk(p01, 64) + walk(p10, 63));
	most = fmax(most, first0 + walk(p01, 1) + walk(p11, 126));
	most = fmax(most, first1 + walk(p10, 1) + walk(p00, 126));
	most = fmax(most, first1 + walk(p10, 64) + walk(p01, 63));
	most = fmax(most, first1 + walk(p11, 127));
	r->p0 = p0;
	r->p00 = p00;
	r->p10 = p10;
	r->markov_h = fmin(1, (0 - most) / MARKOV_STEPS);
}

int estimate_result(const struct estimate *e, struct estimate_result *out)
{
	struct transitions t;

	if (e->samples < 2)
		return -EAGAIN;
	memset(out, 0, sizeof(*out));
	out->samples = e->samples;
	count_transitions(e, &t);
	out->same = (uint64_t)(t.n[0][0] + t.n[1][1]);
	estimate_mcv(e, out);
	estimate_collision(e, out);
	estimate_markov(&t, out);
	return 0;
}

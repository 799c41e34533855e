/*
 * device_baseline.c - what the board at hand was like, and whether it still is
 *
 * The trend's baseline is the board's, which its unit names, not the arrival's:
 * it is recalled as the board says who it is, before a sample is looked at, and
 * kept as soon as it is learnt (baselines.h).  Of a board that does not say who
 * it is, as of a hwrng, the baseline is that of this arrival.
 */
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "common/hex.h"
#include "common/log.h"
#include "host-agent/device_priv.h"

static struct trend_baseline baseline(const struct device *d)
{
	struct sampler_stats st;

	sampler_stats(d->sampler, &st);
	return st.trend->base;
}

/* Erased or empty flash, of which there may be many. */
static bool names_nobody(const char *id)
{
	const char digit[] = { id[0], '\0' };

	return strspn(id, digit) == strlen(id);
}

/*
 * The vendor calls what cmdI answers "essentially a secret id" (OneRNG
 * validate.c): what is shown tells units apart and does not give it away.
 */
static void hash_id(char out[static BASELINES_UNIT_MAX], const char *id)
{
	uint8_t hash[32];

	out[0] = '\0';
	if (!names_nobody(id) &&
	    EVP_Digest(id, strlen(id), hash, NULL, EVP_sha256(), NULL))
		hex_encode(out, hash, BASELINES_UNIT_MAX / 2);
}

static void forget(struct device *d)
{
	d->renew = false;
	baselines_forget(d->env->baselines, d->unit);
	if (d->sampler)
		sampler_forget_trend(d->sampler);
	log_info("%s: its baseline is learnt anew", d->name);
}

static void recall(struct device *d)
{
	struct trend_baseline b = baseline(d);

	if (trend_windows_learnt(&b) ||
	    !baselines_recall(d->env->baselines, d->unit, &b))
		return;
	b.recalled = true;
	sampler_set_baseline(d->sampler, &b);
	log_info("%s: unit %s: its baseline is known from before", d->name,
		 d->unit);
}

void device_name_unit(struct device *d, const char *id)
{
	char unit[BASELINES_UNIT_MAX];

	hash_id(unit, id);
	/* another board, seen as such only now */
	if (strcmp(d->unit, unit) != 0)
		sampler_forget_trend(d->sampler);
	memcpy(d->unit, unit, sizeof(d->unit));
	if (!*unit)
		log_info("%s: tells no ID: its baseline is learnt at each "
			 "arrival",
			 d->name);
	if (d->renew)
		forget(d);
	recall(d);
}

void device_renew(struct device *d)
{
	d->renew = true;
	if (device_admitted(d))
		forget(d);
}

static void keep(struct device *d)
{
	struct trend_baseline b = baseline(d);

	if (!trend_windows_learnt(&b))
		return;
	if (!b.since_s) {
		b.since_s = time(NULL);
		sampler_set_baseline(d->sampler, &b);
		log_info("%s: baseline of its raw noise is learnt", d->name);
	}
	baselines_note(d->env->baselines, d->unit, &b);
}

/* It left its baseline, or came back. */
static void tell(struct device *d)
{
	struct sampler_stats st;

	sampler_stats(d->sampler, &st);
	if (!st.trend->windows || !trend_windows_learnt(&st.trend->base) ||
	    st.trend->reason == d->trend)
		return;
	d->trend = st.trend->reason;
	if (st.trend->verdict == TREND_WARN)
		log_warn("%s: raw noise left its baseline: %s: still within "
			 "the configured min-entropy",
			 d->name, trend_reason_name(d->trend));
	else if (st.trend->verdict == TREND_NONE)
		log_info("%s: raw noise is within its baseline", d->name);
}

void device_follow_trend(struct device *d)
{
	if (!d->sampler)
		return;
	keep(d);
	tell(d);
}

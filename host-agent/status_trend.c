#include "host-agent/status_trend.h"

#include <math.h>

#include "host-agent/trend.h"

/* Rounded, so that JSON does not pretend to 17 digits. */
static json_t *figure(double value)
{
	return json_real(round(value * 1e6) / 1e6);
}

static json_t *share(const struct trend_rate *r)
{
	if (r->n == 0)
		return json_null();
	return figure((double)r->hits / (double)r->n);
}

static const char *verdict_name(enum trend_verdict v)
{
	switch (v) {
	case TREND_NONE:
		return "ok";
	case TREND_WARN:
		return "warning";
	case TREND_FAIL:
		break;
	}
	return "failed";
}

static json_t *last_window(const struct trend *t)
{
	const struct estimate_result *r = &t->last;
	double bits = 8.0 * (double)r->samples;
	json_t *o = json_object();

	if (t->windows == 0) {
		json_decref(o);
		return json_null();
	}
	json_object_set_new(o, "mcv", figure(r->byte_h));
	json_object_set_new(o, "markov", figure(r->markov_h));
	json_object_set_new(o, "collision", figure(r->collision_h));
	json_object_set_new(o, "p1", figure((double)r->ones / bits));
	json_object_set_new(o, "same", figure((double)r->same / (bits - 1)));
	return o;
}

static json_t *baseline(const struct trend_baseline *b)
{
	json_t *o = json_object();

	json_object_set_new(o, "p1", share(&b->ones));
	json_object_set_new(o, "same", share(&b->same));
	json_object_set_new(o, "fips_rate", share(&b->blocks));
	json_object_set_new(o, "since",
			    b->since_s ? json_integer(b->since_s)
				       : json_null());
	json_object_set_new(o, "recalled", json_boolean(b->recalled));
	return o;
}

json_t *status_trend_json(const struct trend *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "verdict",
			    json_string(verdict_name(t->verdict)));
	json_object_set_new(o, "reason",
			    json_string(trend_reason_name(t->reason)));
	json_object_set_new(o, "windows", json_integer((json_int_t)t->windows));
	json_object_set_new(o, "learnt", json_boolean(trend_learnt(t)));
	json_object_set_new(o, "last", last_window(t));
	json_object_set_new(o, "baseline", baseline(&t->base));
	json_object_set_new(o, "fips_rate",
			    t->fips.n ? share(&t->fips) : json_null());
	return o;
}

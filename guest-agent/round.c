#include "guest-agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/log.h"
#include "guest-agent/appear.h"
#include "guest-agent/krng.h"
#include "guest-agent/require.h"
#include "guest-agent/rights.h"

#define PAUSE_FIRST_MS	 200	/* the source may just be coming up */
#define PAUSE_MAX_MS	 30000	/* after the source failed */
#define APPEARED_MS	 50	/* for a mount on what was made */
#define SUSPECT_MS	 1000	/* after a test failed */
#define SUSPECT_MAX_MS	 300000 /* likewise */
#define BOOT_FEEDS_MAX	 16	/* in a row, for a kernel not ready */
#define JITTER_PER_CENT	 10
#define VERIFY_BLOCKS	 8    /* FIPS 140-2 blocks of --verify: 20000 bytes */
#define REQUIRE_AGAIN_MS 1000 /* longest pause while --require waits */

static void set_detail(struct agent *a, const char *text)
{
	snprintf(a->st.detail, sizeof(a->st.detail), "%s", text);
}

static void drop_window(struct agent *a)
{
	explicit_bzero(a->window, VERIFY_STARTUP);
	a->have = 0;
}

/* Closes the source; the next try comes after a pause that doubles to max. */
static void pause_source(struct agent *a, int64_t now_ms, unsigned int first,
			 unsigned int max)
{
	drop_window(a);
	verify_restart(a->verify);
	source_close(&a->source);
	/* Whoever waits for --require waits for every second of it. */
	if (a->opt->require_s && max > REQUIRE_AGAIN_MS)
		max = REQUIRE_AGAIN_MS;
	if (a->pause_ms < first)
		a->pause_ms = first;
	/* it may have grown for another reason, whose most is more */
	if (a->pause_ms > max)
		a->pause_ms = max;
	a->state = AGENT_WAITING;
	a->due_ms = now_ms + a->pause_ms;
	a->pause_ms = a->pause_ms > max / 2 ? max : a->pause_ms * 2;
	if (!a->starved_ms) {
		a->starved_ms = now_ms;
		a->st.starvations++;
	}
	agent_publish(a);
}

static void stop_watching(struct agent *a)
{
	if (a->appear >= 0)
		close(a->appear);
	a->appear = -1;
}

/*
 * The first pause is short, so what appeared before the watch was there is not
 * missed for long.
 */
static void watch(struct agent *a)
{
	if (a->appear < 0 && !a->opt->once)
		a->appear = appear_watch(a->source.path);
}

/* Once for each pause: whoever makes it appear all the time gains nothing. */
void round_appeared(struct agent *a, int64_t now_ms)
{
	if (!appear_happened(a->appear, a->source.path))
		return;
	log_debug("source %s: something happened to it", a->opt->source);
	stop_watching(a);
	a->pause_ms = 0;
	if (a->due_ms > now_ms + APPEARED_MS)
		a->due_ms = now_ms + APPEARED_MS;
}

static void source_failed(struct agent *a, int64_t now_ms, int err,
			  const char *why)
{
	a->st.source_failures++;
	require_note_failure(a, err);
	set_detail(a, why);
	if (a->opt->once)
		log_err("source %s: %s", a->opt->source, why);
	else if (!a->fault_logged)
		log_warn("source %s: %s; trying again until it works",
			 a->opt->source, why);
	else
		log_debug("source %s: %s", a->opt->source, why);
	a->fault_logged = true;
	pause_source(a, now_ms, PAUSE_FIRST_MS, PAUSE_MAX_MS);
	watch(a);
	if (a->opt->once)
		agent_end(a, a->opt->verify ? a->lacking : AGENT_FAILED);
}

/*
 * What is behind the device while it is open: the operator chooses, and the
 * kernel does as drivers come and go.  0, or -ESTALE and the reason in why.
 */
static int note_driver(struct agent *a, const char *name, char *why,
		       size_t size)
{
	char *was = a->st.rng_current;
	int r = 0;

	if (was[0] && strcmp(was, name) != 0) {
		snprintf(why, size, "rng_current was %s and is %s", was, name);
		r = -ESTALE;
	}
	snprintf(was, sizeof(a->st.rng_current), "%s", name);
	return r;
}

/*
 * rng_current is a matter of policy, too: 0, -ESTALE, -EMEDIUMTYPE (another
 * one than expected) or -ENODEV (none), and the reason in why.
 */
static int check_driver(struct agent *a, char *why, size_t size)
{
	char name[sizeof(a->st.rng_current)];
	char clean[64];
	int r, stale;

	if (a->source.drv != &source_hwrng)
		return 0;
	r = krng_current(KRNG_CURRENT_PATH, name, sizeof(name));
	log_escape(clean, sizeof(clean), name, strlen(name));
	stale = note_driver(a, clean, why, size);
	if (!a->opt->expect_rng || !strcmp(name, a->opt->expect_rng))
		return stale;
	if (r)
		snprintf(why, size, "rng_current: %s", strerror(-r));
	else
		snprintf(why, size, "rng_current is %s, expected %s", clean,
			 a->opt->expect_rng);
	return r || !strcmp(name, "none") ? -ENODEV : -EMEDIUMTYPE;
}

void round_open(struct agent *a, int64_t now_ms)
{
	int r = source_open(&a->source);

	if (r) {
		source_failed(a, now_ms, r, a->source.why);
		return;
	}
	stop_watching(a);
	a->st.rng_current[0] = '\0';
	round_start(a, now_ms);
}

/* False: this round is over. */
static bool driver_fits(struct agent *a, int64_t now_ms)
{
	char why[192];
	int r = check_driver(a, why, sizeof(why));

	if (!r)
		return true;
	source_failed(a, now_ms, r, why);
	if (a->opt->once && !a->opt->verify)
		agent_end(a, AGENT_UNVERIFIED);
	return false;
}

static void ask(struct agent *a, int64_t now_ms)
{
	int r = source_want(&a->source, a->want - a->have);

	if (r)
		source_failed(a, now_ms, r, a->source.why);
}

void round_start(struct agent *a, int64_t now_ms)
{
	drop_window(a);
	if (!driver_fits(a, now_ms))
		return;
	a->want = verify_window_size(a->verify, a->opt->bytes);
	a->state = AGENT_READING;
	a->round_ms = now_ms;
	a->due_ms = now_ms + (int64_t)a->opt->deadline_s * 1000;
	agent_publish(a);
	ask(a, now_ms);
}

static void copy_verify_counts(struct agent *a)
{
	const struct verify *v = a->verify;

	a->st.verified_bytes = v->bytes;
	a->st.windows = v->windows;
	memcpy(a->st.failures, v->failures, sizeof(a->st.failures));
	a->st.fips_blocks = v->fips.blocks;
	a->st.fips_failures = v->fips.failures;
	memcpy(a->st.fips_failed, v->fips.failed, sizeof(a->st.fips_failed));
	if (v->trend_bad && !a->trend_warned)
		log_warn("verification: 3 of the last 10 FIPS 140-2 blocks "
			 "failed");
	a->trend_warned = v->trend_bad;
}

/* Its pause is not cut short. */
static void window_failed(struct agent *a, int64_t now_ms)
{
	const char *test = verify_test_name(a->verify->failed);
	char why[96];

	snprintf(why, sizeof(why), "verification failed: %s", test);
	set_detail(a, why);
	log_err("source %s: %s: %zu bytes dropped, nothing of them fed; "
		"look at the host agent's status",
		a->opt->source, why, a->want);
	stop_watching(a);
	pause_source(a, now_ms, SUSPECT_MS, SUSPECT_MAX_MS);
	if (a->opt->once || a->opt->require_s)
		agent_end(a, AGENT_UNVERIFIED);
}

/* +-10 %, so that guests that started together do not ask together. */
static int64_t jittered_ms(unsigned int seconds)
{
	int64_t ms = (int64_t)seconds * 1000;
	int64_t span = ms * JITTER_PER_CENT / 100;
	uint32_t dice = 0;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		return ms; /* the kernel is not ready yet */
	return ms - span + (int64_t)(dice % (uint64_t)(2 * span + 1));
}

/*
 * Small feeds add up to a ready kernel without waiting in between; --verify
 * goes on until the FIPS 140-2 tests have had something to test.
 */
static bool goes_on(struct agent *a)
{
	if (a->opt->verify)
		return a->st.fips_blocks < VERIFY_BLOCKS;
	return !a->opt->no_feed && a->opt->credit_bits && a->st.ready == 0 &&
	       a->boot_feeds++ < BOOT_FEEDS_MAX;
}

static void finish_round(struct agent *a, int64_t now_ms)
{
	int64_t interval_ms = jittered_ms(a->opt->interval_s);

	if (a->fault_logged)
		log_info("source %s: works again", a->opt->source);
	a->fault_logged = false;
	a->pause_ms = 0;
	a->state = AGENT_IDLE;
	set_detail(a, "");
	a->due_ms = now_ms + interval_ms;
	if (a->opt->require_s) {
		require_note_verified(a);
		a->due_ms = now_ms + REQUIRE_AGAIN_MS;
	}
	if (goes_on(a)) {
		a->due_ms = now_ms;
		return;
	}
	source_want(&a->source, 0);
	agent_publish(a);
	if (a->opt->once)
		agent_end(a, AGENT_OK);
}

/*
 * ENODATA: not ready yet, the credit was too small.  EINVAL, ENOTTY: before
 * Linux 4.17, where the bytes take effect with the kernel's next reseed.
 */
static void count_reseed(struct agent *a, int err)
{
	if (!err)
		a->st.reseeds++;
	else if (err != -ENODATA && err != -EINVAL && err != -ENOTTY)
		log_warn("feeder: RNDRESEEDCRNG: %s", strerror(-err));
}

static void note_feed(struct agent *a, const struct feeder_reply *reply)
{
	bool first = !a->st.feeds;

	a->st.feeds++;
	a->st.fed_bytes += a->opt->bytes;
	a->st.credited_bits += a->opt->credit_bits;
	count_reseed(a, reply->reseed);
	agent_refresh(a);
	a->st.last_feed_s = a->st.updated_s;
	snprintf(a->st.feed_reason, sizeof(a->st.feed_reason), "%s", a->reason);
	a->reason = a->st.ready == 1 ? STATUS_REASON_TIMER
				     : STATUS_REASON_NOT_READY;
	if (first)
		log_info("fed %u bytes with %u bits of credit, %s; kernel RNG "
			 "%s, entropy %lld of %lld bits",
			 a->opt->bytes, a->opt->credit_bits,
			 reply->reseed ? "not reseeded" : "reseeded",
			 a->st.ready == 1 ? "ready" : "not ready",
			 (long long)a->st.entropy_avail,
			 (long long)a->st.poolsize);
	if (a->st.ready == 1 || !reply->reseed)
		agent_report_ready(a, "feeding the kernel");
}

/* The last bytes of the window: the rest of a start-up window is dropped. */
static void feed_window(struct agent *a, int64_t now_ms)
{
	const uint8_t *from = a->window + a->want - a->opt->bytes;
	struct feeder_reply reply;
	int r = feeder_feed(&a->feeder, from, a->opt->bytes,
			    a->opt->credit_bits, &reply);

	drop_window(a);
	if (r) {
		log_err("feeder: gone: %s", strerror(-r));
		agent_end(a, AGENT_FAILED);
	} else if (reply.add) {
		a->st.feed_errors++;
		rights_feed_refused(a, reply.add);
	} else {
		note_feed(a, &reply);
		finish_round(a, now_ms);
	}
}

static void window_full(struct agent *a, int64_t now_ms)
{
	int64_t took_ms = now_ms - a->round_ms;
	int failed;

	/* Another clone of this machine may have the same bytes. */
	if (agent_was_moved(a, now_ms))
		return;
	/* They may be another driver's, in part. */
	if (!driver_fits(a, now_ms))
		return;
	failed = verify_window(a->verify, a->window, a->want);
	a->st.source_bytes_s =
		a->want * 1000 / (uint64_t)(took_ms > 0 ? took_ms : 1);
	copy_verify_counts(a);
	if (failed) {
		window_failed(a, now_ms);
		return;
	}
	if (a->starved_ms)
		a->starved_before_us +=
			(uint64_t)(now_ms - a->starved_ms) * 1000;
	a->starved_ms = 0;
	if (a->st.windows == 1)
		log_info("source %s: start-up test passed on %zu bytes",
			 a->opt->source, a->want);
	if (!a->opt->no_feed) {
		feed_window(a, now_ms);
		return;
	}
	drop_window(a);
	agent_report_ready(a, "verifying");
	finish_round(a, now_ms);
}

void round_read(struct agent *a, int64_t now_ms)
{
	ssize_t got =
		source_read(&a->source, a->window + a->have, a->want - a->have);

	if (got == -EAGAIN)
		return;
	if (got < 0) {
		char why[SOURCE_WHY_MAX + 48];

		snprintf(why, sizeof(why), "%s (after %zu of %zu bytes)",
			 a->source.why, a->have, a->want);
		source_failed(a, now_ms, a->have ? -EIO : (int)got,
			      a->have ? why : a->source.why);
		return;
	}
	a->have += (size_t)got;
	a->st.received_bytes += (uint64_t)got;
	require_note_bytes(a);
	a->due_ms = now_ms + (int64_t)a->opt->deadline_s * 1000;
	if (a->have == a->want)
		window_full(a, now_ms);
	else
		ask(a, now_ms);
}

void round_silent(struct agent *a, int64_t now_ms)
{
	char why[96];

	snprintf(why, sizeof(why), "silent for %u s after %zu of %zu bytes",
		 a->opt->deadline_s, a->have, a->want);
	source_failed(a, now_ms, -ETIMEDOUT, why);
}

void round_restart(struct agent *a, int64_t now_ms, const char *reason)
{
	a->reason = reason;
	a->st.restarts++;
	drop_window(a);
	verify_restart(a->verify);
	source_close(&a->source);
	a->pause_ms = 0;
	a->state = AGENT_WAITING;
	a->due_ms = now_ms;
}

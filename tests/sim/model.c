/*
 * How the model keeps time
 *
 * Nothing happens between two calls.  Each call first brings the model up to
 * its now: noise that was due is made byte by byte and wakes the sender just
 * as the firmware's idle loop does, then replies that were held back by
 * reply_rate go out.  Only taking an IN packet frees the two-packet FIFO, so
 * the pool absorbs what a front end that wakes every few milliseconds leaves.
 */
#include "tests/sim/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/crc16.h"
#include "tests/sim/model_state.h"

#define US_PER_S 1000000u
/* Replies that may gather while the front end sleeps: 20 ms at 400 kB/s. */
#define MODEL_REPLY_CREDIT_MAX 8192u
/* The same byte this often from the avalanche source, then it is dropped. */
#define MODEL_STUCK_MAX 8u
#define RF_TUNING_US	16000u
#define RF_TUNING_VARY	34000u
#define RF_DWELL_US	2600000u
#define RF_DWELL_VARY	1000000u

static const uint8_t line_coding_default[7] = { 0x80, 0x25, 0, 0, 0, 0, 8 };

static void app_power_on(struct model *m)
{
	struct model_app *a = &m->app;

	memset(a, 0, sizeof(*a));
	a->paused = true;
	a->crc = 0x0101;
	a->bank = IMAGE_SIZE / MODEL_BANK - 1;
	memcpy(a->line_coding[0], line_coding_default,
	       sizeof(line_coding_default));
}

struct model *model_new(const struct model_conf *conf, struct noise *noise)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->image = malloc(IMAGE_SIZE);
	if (!m->image) {
		free(m);
		return NULL;
	}
	m->conf = *conf;
	if (conf->image)
		memcpy(m->image, conf->image, IMAGE_SIZE);
	else
		image_make(m->image, conf->firmware, conf->seed);
	m->noise = noise;
	noise_prng_seed(&m->rf, conf->seed ^ 0x2f2f2f2f);
	app_power_on(m);
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	noise_free(m->noise);
	free(m->image);
	free(m);
}

static void pool_put(struct model_app *a, struct model_counts *c, uint8_t b)
{
	if (a->count == MODEL_POOL) {
		a->pool[a->p_upd] ^= b;
		a->p_upd = (a->p_upd + 1) % MODEL_POOL;
		c->stirred_bytes++;
		return;
	}
	a->pool[a->p_in] = b;
	a->p_in = (a->p_in + 1) % MODEL_POOL;
	a->count++;
}

/* The firmware's detector: true when this byte is to be dropped. */
static bool avalanche_stuck(struct model_app *a, uint8_t b)
{
	unsigned int *same = b == 0 ? &a->zeros : b == 0xff ? &a->ones : NULL;

	if (same != &a->zeros)
		a->zeros = 0;
	if (same != &a->ones)
		a->ones = 0;
	if (!same)
		return false;
	if (*same == MODEL_STUCK_MAX)
		return true;
	++*same;
	return false;
}

/* While the radio changes its channel it makes no bytes. */
static bool rf_quiet(struct model *m, uint64_t t_us)
{
	struct model_app *a = &m->app;

	if (t_us >= a->rf_retune_at_us) {
		a->rf_quiet_until_us = t_us + RF_TUNING_US +
				       noise_prng_next(&m->rf) % RF_TUNING_VARY;
		a->rf_retune_at_us = t_us + RF_DWELL_US +
				     noise_prng_next(&m->rf) % RF_DWELL_VARY;
	}
	return t_us < a->rf_quiet_until_us;
}

static void noise_tick(struct model *m, uint64_t t_us)
{
	struct model_app *a = &m->app;
	bool rf = a->rf_on && (a->av_off || a->rf_turn);
	uint8_t b;

	a->rf_turn = !a->rf_turn;
	if (a->av_off && !a->rf_on)
		return;
	if (rf ? rf_quiet(m, t_us) : noise_ended(m->noise))
		return;
	b = rf ? (uint8_t)noise_prng_next(&m->rf) : noise_next(m->noise);
	m->counts.noise_bytes++;
	if (!rf && !m->fault.unfiltered && avalanche_stuck(a, b))
		return;
	a->crc = crc16_update(a->crc, b);
	pool_put(a, &m->counts, a->no_crc ? b : (uint8_t)(a->crc >> 8));
	if (a->count >= MODEL_PACKET && m->usb.fifo_used < MODEL_FIFO)
		model_wake_sender(m);
}

static void make_noise(struct model *m, uint64_t now_us, uint64_t elapsed_us)
{
	uint64_t due, skipped = 0;

	m->noise_frac += elapsed_us * m->conf.rate;
	due = m->noise_frac / US_PER_S;
	m->noise_frac %= US_PER_S;
	/*
	 * A long sleep only stirs a pool that is full, which nobody can tell
	 * from stirring it twice.
	 */
	if (due > 8 * MODEL_POOL) {
		skipped = due - 8 * MODEL_POOL;
		due -= skipped;
	}
	for (uint64_t i = due; i > 0; i--) {
		if (m->conf.no_stir && m->app.count >= MODEL_POOL)
			return;
		noise_tick(m, now_us - i * US_PER_S / m->conf.rate);
	}
	if ((m->app.av_off && !m->app.rf_on) || m->conf.no_stir)
		return;
	m->counts.noise_bytes += skipped;
	m->counts.stirred_bytes += skipped;
}

static void grant_replies(struct model *m, uint64_t elapsed_us)
{
	if (!m->app.alt && !m->app.pending && !model_in_burst(m)) {
		m->reply_credit = 0;
		return;
	}
	m->reply_frac += elapsed_us * m->conf.reply_rate;
	m->reply_credit += m->reply_frac / US_PER_S;
	m->reply_frac %= US_PER_S;
	if (m->reply_credit > MODEL_REPLY_CREDIT_MAX)
		m->reply_credit = MODEL_REPLY_CREDIT_MAX;
}

static void take_out_packets(struct model *m)
{
	struct model_usb *u = &m->usb;

	while (u->rx_used && !m->hung && m->last_us >= m->rx_ready_us) {
		struct model_packet p = u->rx[0];

		u->rx[0] = u->rx[1];
		u->rx_used--;
		model_parse(m, p.data, p.len);
		if (u->rx_used)
			m->rx_ready_us +=
				(uint64_t)m->fault.out_us * u->rx[0].len;
	}
}

static void resume(struct model *m)
{
	struct fault *f = &m->fault;

	f->suspended = false;
	fault_spent(f, "suspend");
	if (f->suspend_lose)
		app_power_on(m);
}

void model_advance(struct model *m, uint64_t now_us)
{
	uint64_t elapsed = now_us - m->last_us;

	if (!m->last_us || now_us < m->last_us)
		elapsed = 0;
	if (now_us > m->last_us)
		m->last_us = now_us;
	if (m->fault.suspended && now_us >= m->fault.resume_at_us)
		resume(m);
	if (m->gone || m->hung || now_us < m->fault.start_at_us)
		return;
	grant_replies(m, elapsed);
	take_out_packets(m);
	make_noise(m, now_us, elapsed);
	if (m->credit_wait)
		model_wake_sender(m);
}

uint64_t model_run(struct model *m, uint64_t now_us)
{
	const struct fault *f = &m->fault;
	uint64_t due = MODEL_NEVER;

	model_advance(m, now_us);
	if (f->suspended)
		return f->resume_at_us - now_us;
	if (now_us < f->start_at_us)
		return f->start_at_us - now_us;
	if (m->usb.rx_used && m->rx_ready_us > now_us)
		due = m->rx_ready_us - now_us;
	if (!m->gone && !m->hung) {
		uint64_t sender = m->usb.fifo_used ? 0 : model_sender_due(m);

		due = sender < due ? sender : due;
	}
	return due;
}

enum model_status model_in(struct model *m, uint64_t now_us, uint8_t *data,
			   size_t size, size_t *len)
{
	struct model_usb *u = &m->usb;
	struct model_packet p;
	bool lost;

	*len = 0;
	model_advance(m, now_us);
	if (m->gone)
		return MODEL_GONE;
	if (u->in.halted)
		return MODEL_STALL;
	if (!u->fifo_used || m->hung || m->fault.suspended || model_silent(m))
		return MODEL_NAK;
	if (m->fault.error_in) {
		if (!--m->fault.error_in)
			fault_spent(&m->fault, "error-in");
		return MODEL_ERROR;
	}
	p = u->fifo[0];
	u->fifo[0] = u->fifo[1];
	u->fifo_used--;
	/* A host takes a packet with the wrong toggle for a repetition. */
	lost = u->in.toggle != u->in.host_toggle;
	u->in.toggle = !u->in.toggle;
	u->in.host_toggle = u->in.toggle;
	model_wake_sender(m);
	if (lost)
		return model_in(m, now_us, data, size, len);
	m->in_bytes += p.len;
	*len = p.len < size ? p.len : size;
	memcpy(data, p.data, *len);
	if (fault_moment_came(&m->fault, FAULT_MOMENT_READ, p.len))
		m->gone = true;
	return MODEL_OK;
}

static enum model_status out_refused(struct model *m)
{
	if (m->gone)
		return MODEL_GONE;
	if (fault_moment_came(&m->fault, FAULT_MOMENT_WRITE, 1)) {
		m->gone = true;
		return MODEL_GONE;
	}
	if (m->usb.out.halted)
		return MODEL_STALL;
	if (m->fault.error_out) {
		if (!--m->fault.error_out)
			fault_spent(&m->fault, "error-out");
		return MODEL_ERROR;
	}
	return MODEL_OK;
}

enum model_status model_out(struct model *m, uint64_t now_us,
			    const uint8_t *data, size_t len)
{
	struct model_usb *u = &m->usb;
	enum model_status refused;
	struct model_packet *p;
	bool lost;

	model_advance(m, now_us);
	if (m->hung || m->fault.out_nak || m->fault.suspended ||
	    u->rx_used == MODEL_FIFO)
		return m->gone ? MODEL_GONE : MODEL_NAK;
	refused = out_refused(m);
	if (refused != MODEL_OK)
		return refused;
	m->counts.out_packets++;
	lost = u->out.toggle != u->out.host_toggle;
	u->out.host_toggle = u->out.toggle = !u->out.toggle;
	if (lost)
		return MODEL_OK;
	if (!len && m->fault.zlp_hang)
		m->hung = true;
	p = &u->rx[u->rx_used];
	p->len = (uint8_t)(len < MODEL_PACKET ? len : MODEL_PACKET);
	memcpy(p->data, data, p->len);
	if (!u->rx_used++)
		m->rx_ready_us = now_us + (uint64_t)m->fault.out_us * p->len;
	if (now_us >= m->fault.start_at_us)
		take_out_packets(m);
	return MODEL_OK;
}

/* SET_CONFIGURATION and SET_INTERFACE set the endpoints up anew. */
void model_flush_endpoints(struct model *m)
{
	struct model_usb *u = &m->usb;

	u->fifo_used = 0;
	u->rx_used = 0;
	memset(&u->in, 0, sizeof(u->in));
	memset(&u->out, 0, sizeof(u->out));
	memset(&u->intr, 0, sizeof(u->intr));
}

void model_bus_reset(struct model *m, uint64_t now_us)
{
	model_advance(m, now_us);
	model_flush_endpoints(m);
	m->usb.configuration = 0;
	fault_event(&m->fault, FAULT_CURE_RESET);
}

void model_power_cycle(struct model *m, uint64_t now_us)
{
	model_advance(m, now_us);
	m->gone = m->hung = false;
	app_power_on(m);
	memset(&m->usb, 0, sizeof(m->usb));
	m->noise_frac = m->reply_frac = m->reply_credit = 0;
	m->last_us = now_us;
	m->fault.suspended = false;
	m->fault.start_at_us =
		m->fault.slow_start_us ? now_us + m->fault.slow_start_us : 0;
	fault_event(&m->fault, FAULT_CURE_REPLUG);
}

bool model_gone(const struct model *m)
{
	return m->gone;
}

void model_counts(const struct model *m, struct model_counts *out)
{
	*out = m->counts;
}

struct fault *model_fault(struct model *m)
{
	return &m->fault;
}

struct noise *model_noise(struct model *m)
{
	return m->noise;
}

void model_set_rate(struct model *m, unsigned int rate)
{
	m->conf.rate = rate;
}

/*
 * The sender task of the firmware (cdc_app.c), and its replies
 *
 * Firmware 3 has one flag, alt, for "some reply is armed".  When the last
 * reply is out, the sender clears the flag and falls through to the pool
 * packet past the test that 64 bytes are there; with fewer the 16-bit counter
 * wraps and the ring is sent round and round until it is below 64 again.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/model_state.h"

#define ID_FRAME   10 /* "\r\n" and 8 underscores, or the reverse */
#define SECRET_MAX 7  /* packets of a cmdS reply */

bool model_in_burst(const struct model *m)
{
	return m->app.burst;
}

bool model_silent(const struct model *m)
{
	return m->fault.silence && m->in_bytes >= m->fault.silence_from;
}

/* reply_rate 0: no limit. */
static bool credit_lacks(const struct model *m)
{
	return m->conf.reply_rate && m->reply_credit < MODEL_PACKET;
}

static struct model_packet *push(struct model *m)
{
	struct model_packet *p = &m->usb.fifo[m->usb.fifo_used++];

	p->len = 0;
	return p;
}

static void push_reply(struct model *m, const void *data, size_t len)
{
	struct model_packet *p = push(m);

	p->len = (uint8_t)len;
	memcpy(p->data, data, len);
	m->counts.reply_bytes += len;
	if (m->conf.reply_rate)
		m->reply_credit -= len;
}

static void hex(char *out, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02X", in[i]);
}

static const char head[] = "\r\n________";
static const char tail[] = "________\r\n";

/* Flash is read through whatever bank is mapped: wrong during a dump. */
static void send_id(struct model *m)
{
	struct model_app *a = &m->app;
	const uint8_t *id =
		m->image + a->bank * MODEL_BANK + IMAGE_UNIT % MODEL_BANK;
	char text[2 * IMAGE_ID + 1];

	switch (a->reply_step++) {
	case 0:
		push_reply(m, head, ID_FRAME);
		return;
	case 1:
		hex(text, id, IMAGE_ID);
		push_reply(m, text, 2 * IMAGE_ID);
		return;
	default:
		push_reply(m, tail, ID_FRAME);
		a->pending &= ~(unsigned int)PENDING_ID;
		a->reply_step = 0;
	}
}

/*
 * The genuine answer is AES under a key only the vendor has, so to a host it
 * is as opaque as this: digits that depend on unit and token.
 */
static void secret_text(const struct model *m, char *text, size_t digits)
{
	uint64_t seed = m->app.reply_step;
	struct noise_prng g;

	for (unsigned int i = 0; i < MODEL_TOKEN; i++)
		seed = seed * 31 + m->app.token[i];
	for (unsigned int i = 0; i < IMAGE_ID; i++)
		seed = seed * 31 + m->image[IMAGE_UNIT + IMAGE_ID + i];
	noise_prng_seed(&g, seed);
	for (size_t i = 0; i < digits; i++)
		text[i] = "0123456789ABCDEF"[noise_prng_next(&g) & 15];
}

static void send_secret(struct model *m)
{
	static const uint8_t sizes[SECRET_MAX] = { 10, 32, 32, 8, 64, 64, 10 };
	struct model_app *a = &m->app;
	char text[MODEL_PACKET];

	switch (a->reply_step) {
	case 0:
		memcpy(text, head, ID_FRAME);
		break;
	case 3:
		memcpy(text, tail, 8);
		break;
	case SECRET_MAX - 1:
		memcpy(text, tail, ID_FRAME);
		break;
	default:
		secret_text(m, text, sizes[a->reply_step]);
	}
	push_reply(m, text, sizes[a->reply_step]);
	if (++a->reply_step < SECRET_MAX)
		return;
	a->pending &= ~(unsigned int)PENDING_SECRET;
	a->reply_step = 0;
}

static void send_version(struct model *m)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "\r\nVersion %u\r\n",
			   m->conf.firmware);

	push_reply(m, text, (size_t)len);
	m->app.pending &= ~(unsigned int)PENDING_VERSION;
}

static uint8_t dump_byte(const struct model *m, uint32_t pos)
{
	const uint8_t header[MODEL_DUMP_HEADER] = {
		0xfe,
		0xed,
		0xbe,
		0xef,
		0x20,
		0x14,
		0x00,
		0x00,
		0x04,
		(uint8_t)m->conf.firmware,
		0,
		IMAGE_TEXT & 0xff,
		IMAGE_TEXT >> 8,
	};

	if (pos < MODEL_DUMP_HEADER)
		return header[pos];
	pos -= MODEL_DUMP_HEADER;
	/* ID, key, secret and CRC are not shown (firmware 3). */
	return pos >= IMAGE_UNIT && m->conf.firmware >= 3 ? 0xff
							  : m->image[pos];
}

static void send_dump(struct model *m)
{
	struct model_app *a = &m->app;
	uint8_t data[MODEL_PACKET];
	size_t len = 0;

	while (len < sizeof(data) && a->dump_pos < MODEL_DUMP)
		data[len++] = dump_byte(m, a->dump_pos++);
	if (a->dump_pos > MODEL_DUMP_HEADER)
		a->bank = (a->dump_pos - MODEL_DUMP_HEADER - 1) / MODEL_BANK;
	push_reply(m, data, len);
	if (fault_moment_came(&m->fault, FAULT_MOMENT_DUMP, len))
		m->gone = true;
	if (a->dump_pos < MODEL_DUMP)
		return;
	a->pending &= ~(unsigned int)PENDING_DUMP;
	a->dump_pos = 0;
}

/* Priority is decided anew for each packet. */
static void send_reply(struct model *m)
{
	if (m->app.pending & PENDING_SECRET)
		send_secret(m);
	else if (m->app.pending & PENDING_ID)
		send_id(m);
	else if (m->app.pending & PENDING_VERSION)
		send_version(m);
	else
		send_dump(m);
}

/* F16: the state in which the unchecked packet does its worst. */
static void prepare_burst(struct model *m)
{
	struct model_app *a = &m->app;

	memset(a->pool, 0, sizeof(a->pool));
	for (unsigned int i = 0; i < m->fault.burst_stale; i++)
		a->pool[i] = noise_next(m->noise);
	a->p_in = a->p_out = a->p_upd = 0;
	a->count = 0;
}

static void copy_pool(struct model *m, uint8_t *data, size_t len)
{
	struct model_app *a = &m->app;
	struct fault *f = &m->fault;

	for (size_t i = 0; i < len; i++) {
		data[i] = a->pool[a->p_out];
		a->pool[a->p_out] = 0;
		a->p_out = (a->p_out + 1) % MODEL_POOL;
		if (f->repeat_left) {
			data[i] = m->history[(m->history_pos + MODEL_POOL -
					      f->repeat_size) %
					     MODEL_POOL];
			if (!--f->repeat_left)
				fault_spent(f, "repeat");
		}
		m->history[m->history_pos] = data[i];
		m->history_pos = (m->history_pos + 1) % MODEL_POOL;
	}
	if (a->count < len)
		a->burst = true;
	a->count = (uint16_t)(a->count - len);
	if (a->count < MODEL_PACKET)
		a->burst = false;
}

static size_t pool_packet_size(struct fault *f)
{
	if (!f->short_every || ++f->short_n < f->short_every)
		return MODEL_PACKET;
	f->short_n = 0;
	return f->short_len;
}

static void send_pool(struct model *m, bool unchecked)
{
	bool burst = unchecked || model_in_burst(m);
	size_t len = burst ? MODEL_PACKET : pool_packet_size(&m->fault);
	struct model_packet *p = push(m);

	copy_pool(m, p->data, len);
	p->len = (uint8_t)len;
	if (burst) {
		m->counts.burst_bytes += len;
		m->reply_credit -= m->reply_credit < len ? m->reply_credit
							 : len;
	} else {
		m->counts.pool_bytes += len;
	}
	if (!m->fault.oversize_left)
		return;
	memset(p->data + len, 0x55, MODEL_OVERSIZE - len);
	p->len = MODEL_OVERSIZE;
	if (!--m->fault.oversize_left)
		fault_spent(&m->fault, "overflow");
}

/* One packet; false when the sender goes to sleep. */
static bool send_one(struct model *m)
{
	struct model_app *a = &m->app;
	bool v3 = m->conf.firmware >= 3;
	bool armed = v3 ? a->alt : a->pending != 0;
	bool unchecked = false;

	if (a->paused || !a->dtr || m->usb.fifo_used == MODEL_FIFO)
		return false;
	if (!armed && a->count < MODEL_PACKET)
		return false;
	m->credit_wait = (armed || model_in_burst(m)) && credit_lacks(m);
	if (m->credit_wait)
		return false;
	if (a->pending) {
		send_reply(m);
		return !m->gone;
	}
	if (armed) {
		a->alt = false;
		if (m->fault.burst)
			prepare_burst(m);
		unchecked = a->count < MODEL_PACKET;
		if (unchecked && !m->conf.bugs && !m->fault.burst)
			return true;
	}
	send_pool(m, unchecked);
	return true;
}

void model_wake_sender(struct model *m)
{
	while (send_one(m))
		;
}

uint64_t model_sender_due(const struct model *m)
{
	const struct model_app *a = &m->app;
	uint64_t lack = 1, rate = m->conf.rate;

	if (a->paused || !a->dtr || model_silent(m))
		return MODEL_NEVER;
	if (m->credit_wait) {
		lack = MODEL_PACKET - m->reply_credit;
		return lack * 1000000 / m->conf.reply_rate;
	}
	/* Nothing else but a noise byte wakes the sender by itself. */
	if (!rate || (a->av_off && !a->rf_on))
		return MODEL_NEVER;
	if (a->count < MODEL_PACKET)
		lack = MODEL_PACKET - a->count;
	return lack * 1000000 / rate;
}

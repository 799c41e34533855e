#include "host-agent/vrng.h"

#include <stdio.h>
#include <string.h>

#define SECRET_DIGITS 32 /* behind cmdS */

/* Of a mode (cdc_app.c): bit 0 is the whitener, which makes no difference. */
#define MODE_RF		  0x02
#define MODE_NO_AVALANCHE 0x04

/* What stands in front of the image, which is erased flash else. */
static const char label[] =
	"onerng-virt: virtual OneRNG: there is no firmware and no vendor's "
	"signature; the bytes that it gives are conditioned and come from the "
	"host agent, onerng-hostd(8), which checked the real device.\n";

void vrng_unit(char out[static VRNG_UNIT], uint32_t number)
{
	char text[VRNG_UNIT + 1];

	snprintf(text, sizeof(text), "4F4E45524E475649525455414C%06X",
		 (unsigned int)(number & 0xffffff));
	memcpy(out, text, VRNG_UNIT);
}

void vrng_init(struct vrng *v, const char unit[static VRNG_UNIT])
{
	memset(v, 0, sizeof(*v));
	v->paused = true;
	memcpy(v->unit, unit, VRNG_UNIT);
}

void vrng_close(struct vrng *v)
{
	v->parser = 0;
	v->skip = 0;
	v->armed = 0;
	v->reply = VRNG_NOTHING;
	v->reply_at = 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static void arm(struct vrng *v, enum vrng_reply_kind kind)
{
	/* an image that is asked for again begins again */
	if (v->reply == kind)
		v->reply_at = 0;
	else
		v->armed |= (uint8_t)(1 << kind);
}

/* True: a flush. */
static bool execute(struct vrng *v, uint8_t c)
{
	switch (c) {
	case 'O':
	case 'o':
		v->paused = c == 'o';
		return false;
	case 'w':
		return true;
	case 'v':
		arm(v, VRNG_TELL);
		return false;
	case 'I':
		arm(v, VRNG_ID);
		return false;
	case 'X':
		arm(v, VRNG_IMAGE);
		return false;
	case 'S':
		v->skip = SECRET_DIGITS;
		return false;
	}
	if (hex_digit(c) >= 0)
		v->mode = (uint8_t)hex_digit(c);
	return false;
}

/* A byte that does not fit is not looked at again, as in the firmware. */
static bool feed_one(struct vrng *v, uint8_t c)
{
	static const uint8_t start[] = { 'c', 'm', 'd' };

	if (v->skip) {
		v->skip = hex_digit(c) < 0 ? 0 : (uint8_t)(v->skip - 1);
		return false;
	}
	if (v->parser == sizeof(start)) {
		v->parser = 0;
		return execute(v, c);
	}
	v->parser = c == start[v->parser] ? (uint8_t)(v->parser + 1) : 0;
	return false;
}

bool vrng_feed(struct vrng *v, const uint8_t *buf, size_t len)
{
	bool flush = false;
	size_t i;

	for (i = 0; i < len; i++)
		flush |= feed_one(v, buf[i]);
	return flush;
}

bool vrng_gives(const struct vrng *v)
{
	bool silent = (v->mode & MODE_NO_AVALANCHE) && !(v->mode & MODE_RF);

	return !v->paused && !silent && !v->reply && !v->armed;
}

static size_t tell_id(const struct vrng *v, char *text, size_t size)
{
	return (size_t)snprintf(text, size, "\r\n________%.*s________\r\n",
				VRNG_UNIT, v->unit);
}

static size_t tell_version(char *text, size_t size)
{
	return (size_t)snprintf(text, size, "\r\nVersion %d\r\n", VRNG_VERSION);
}

static size_t reply_size(const struct vrng *v)
{
	char text[VRNG_PACKET];

	switch (v->reply) {
	case VRNG_ID:
		return tell_id(v, text, sizeof(text));
	case VRNG_TELL:
		return tell_version(text, sizeof(text));
	case VRNG_IMAGE:
		return FIRMWARE_DUMP;
	}
	return 0;
}

/* A byte of the dump: its header, the label, erased flash. */
static uint8_t image_byte(const uint8_t *header, size_t at)
{
	if (at < FIRMWARE_HEADER)
		return header[at];
	at -= FIRMWARE_HEADER;
	return at < sizeof(label) - 1 ? (uint8_t)label[at] : 0xff;
}

static void take_image(const struct vrng *v, uint8_t *out, size_t n)
{
	uint8_t header[FIRMWARE_HEADER];
	size_t i;

	firmware_make_header(header, VRNG_VERSION, sizeof(label) - 1);
	for (i = 0; i < n; i++)
		out[i] = image_byte(header, v->reply_at + i);
}

static void take(const struct vrng *v, uint8_t *out, size_t n)
{
	char text[VRNG_PACKET] = "";

	if (v->reply == VRNG_IMAGE) {
		take_image(v, out, n);
		return;
	}
	if (v->reply == VRNG_ID)
		tell_id(v, text, sizeof(text));
	else
		tell_version(text, sizeof(text));
	memcpy(out, text + v->reply_at, n);
}

/* In the device's order: the ID, the version, the image. */
static void begin(struct vrng *v)
{
	int kind;

	for (kind = VRNG_ID; kind < VRNG_REPLIES; kind++) {
		if (!(v->armed & 1 << kind))
			continue;
		v->armed &= (uint8_t) ~(1 << kind);
		v->reply = (uint8_t)kind;
		v->reply_at = 0;
		return;
	}
}

size_t vrng_reply(struct vrng *v, uint8_t out[static VRNG_PACKET])
{
	size_t left;

	if (v->paused)
		return 0;
	if (!v->reply)
		begin(v);
	left = reply_size(v) - v->reply_at;
	if (left > VRNG_PACKET)
		left = VRNG_PACKET;
	take(v, out, left);
	return left;
}

void vrng_replied(struct vrng *v, size_t n)
{
	v->reply_at += (uint32_t)n;
	if (v->reply_at < reply_size(v))
		return;
	v->reply = VRNG_NOTHING;
	v->reply_at = 0;
}

bool vrng_is_valid(const struct vrng *v)
{
	const uint8_t all = (1 << VRNG_REPLIES) - 2;

	return v->mode <= VRNG_MODE_MAX && v->parser <= 3 &&
	       v->skip <= SECRET_DIGITS && !(v->armed & ~all) &&
	       v->reply < VRNG_REPLIES &&
	       (v->reply ? v->reply_at < reply_size(v) : !v->reply_at);
}

/*
 * reader_device.c - bringing a OneRNG to a known state
 *
 * There are no acknowledgements.  What is known is known from silence: a
 * device that was told to pause and sends nothing for DRAIN_SILENCE_MS has an
 * empty FIFO, and cmdw behind that empties its pool.  Commands start with a
 * newline, which ends whatever the device's parser was in the middle of, and
 * are separated by one, so that a lost byte cannot make two into a third.
 */
#include <errno.h>
#include <string.h>

#include "host-agent/onerng.h"
#include "host-agent/reader_priv.h"

#define DRAIN_SILENCE_MS 100
#define DRAIN_MS	 3000 /* a full burst at 25 kB/s */
#define DRAIN_MAX	 (ONERNG_BURST + 8192 + ONERNG_FIFO)

#define DISCARD_READ	2048
#define DISCARD_SILENCE 1200 /* ms */
/* Pool and FIFO leave at USB speed: after this long they have left. */
#define DISCARD_MS  2000
#define DISCARD_MIN ONERNG_FIFO

int reader_command(struct reader *r, const char *text)
{
	int rc = reader_attend(r, 0);

	return rc < 0 ? rc : usb_write(r->usb, text);
}

int reader_read(struct reader *r, size_t len, unsigned int timeout_ms)
{
	int rc = reader_attend(r, 0);

	return rc < 0 ? rc : usb_read(r->usb, r->buf, len, timeout_ms);
}

int reader_drain(struct reader *r)
{
	int64_t deadline_ms = role_now_ms() + DRAIN_MS;
	size_t total = 0;
	int n;

	do {
		n = reader_read(r, READER_BUF, DRAIN_SILENCE_MS);
		if (n <= 0)
			break;
		explicit_bzero(r->buf, (size_t)n);
		total += (size_t)n;
		if (total > DRAIN_MAX || role_now_ms() > deadline_ms)
			n = -EBUSY;
	} while (n > 0);
	if (n == -EBUSY)
		reader_set_why(r, "does not stop sending when told to pause: "
				  "unplug it and plug it in again");
	return n;
}

int reader_quiet(struct reader *r)
{
	int rc = reader_command(r, "\ncmdo\ncmd4\ncmdw\n");

	return rc < 0 ? rc : reader_drain(r);
}

/* At least bytes, or, from a slow device, whatever was older than the start. */
static int reader_discard(struct reader *r, size_t bytes)
{
	int64_t start_ms = role_now_ms(), last_ms = start_ms, now_ms;
	size_t total = 0;

	while (total < bytes) {
		int n = reader_read(r, DISCARD_READ, READER_POLL);

		if (n < 0)
			return n;
		explicit_bzero(r->buf, (size_t)n);
		now_ms = role_now_ms();
		total += (size_t)n;
		if (n)
			last_ms = now_ms;
		else if (now_ms - last_ms > DISCARD_SILENCE)
			return -ETIMEDOUT;
		if (total >= DISCARD_MIN && now_ms - start_ms > DISCARD_MS)
			break;
	}
	return 0;
}

/*
 * From the mode without sources only cmd1 makes bytes flow: that they do
 * proves that it arrived.  cmdw behind it: the pool holds raw bytes only.
 */
int reader_start(struct reader *r, size_t discard_bytes)
{
	int rc = reader_quiet(r);

	if (rc == 0)
		rc = reader_command(r, "\ncmd1\ncmdw\ncmdO\n");
	return rc < 0 ? rc : reader_discard(r, discard_bytes);
}

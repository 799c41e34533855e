/*
 * reader_open.c - from a port path to a checked, quiet device
 *
 * The image is read to its last byte at every open: a dump that an earlier
 * owner left unfinished survives every other command and a bus reset, and
 * would continue in place of noise, passing statistical tests (OneRNG
 * firmware 1 to 3, cdc_app.c).  A new cmdX starts it over; its short last
 * packet proves that it ended.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sealed.h"
#include "host-agent/onerng.h"
#include "host-agent/reader_priv.h"

#define CLAIM_MS	 1500 /* arrival can beat configuration and udev */
#define CLAIM_RETRY_MS	 100
#define ATTEMPTS	 4
#define ATTEMPT_RESET	 2 /* a bus reset before this one */
#define ATTEMPT_PAUSE_MS 500
#define PATIENCE_MS	 30000 /* for a device that is slow to start */
#define DUMP_MS		 10000
#define DUMP_SILENCE_MS	 2000 /* once it has begun */
#define REPLY_MAX	 4096
#define REPLY_MS	 500

static int reader_claim(struct reader *r)
{
	int64_t deadline_ms = role_now_ms() + CLAIM_MS;
	int rc;

	for (;;) {
		rc = usb_open(&r->usb, r->port, r->why);
		if (rc == 0 || rc == -EPROTO || role_now_ms() > deadline_ms)
			return rc;
		rc = reader_sleep(r, CLAIM_RETRY_MS);
		if (rc < 0)
			return rc;
	}
}

/* Feeds n bytes of r->buf; the result and how many belong to the dump. */
static enum onerng_dump_result
reader_feed(struct reader *r, struct onerng_dump *d, size_t n, size_t *used)
{
	enum onerng_dump_result result = ONERNG_DUMP_MORE;
	size_t part;

	*used = 0;
	/* behind a bad header the search goes on */
	do {
		result = onerng_dump_feed(d, r->buf + *used, n - *used, &part);
		*used += part;
	} while (result == ONERNG_DUMP_BAD);
	return result;
}

static int reader_dump_late(struct reader *r, const struct onerng_dump *d)
{
	if (d->why)
		reader_set_why(r, "image refused: %s: wrong firmware?", d->why);
	else if (!d->version)
		reader_set_why(r, "no answer to the image command: unplug it "
				  "and plug it in again");
	else
		reader_set_why(r,
			       "image incomplete: %u of %u bytes: try "
			       "another port or cable",
			       d->have, FIRMWARE_IMAGE);
	return d->why ? -EPROTO : -ETIMEDOUT;
}

/* One attempt at the whole image. */
static int reader_dump(struct reader *r, struct onerng_dump *d)
{
	int64_t start_ms = role_now_ms(), last_ms = start_ms, now_ms = start_ms;
	int rc = reader_command(r, "\ncmdX\ncmdO\n");

	while (rc == 0 && now_ms - start_ms < DUMP_MS) {
		size_t used, n;
		int got = reader_read(r, READER_BUF, READER_POLL);

		if (got < 0)
			return got;
		n = (size_t)got;
		now_ms = role_now_ms();
		if (n)
			last_ms = now_ms;
		else if (d->version && now_ms - last_ms > DUMP_SILENCE_MS)
			break;
		if (reader_feed(r, d, n, &used) == ONERNG_DUMP_COMPLETE) {
			explicit_bzero(r->buf, n);
			if (used == n)
				return 0;
			reader_set_why(r, "image does not end with a short "
					  "packet: wrong firmware?");
			return -EPROTO;
		}
		explicit_bzero(r->buf, n);
	}
	return rc < 0 ? rc : reader_dump_late(r, d);
}

void reader_forget_image(struct reader *r)
{
	if (r->image_fd >= 0)
		close(r->image_fd);
	r->image_fd = -1;
	explicit_bzero(&r->ident, sizeof(r->ident));
}

/* So that what the core hashes and verifies is what it was given. */
static int reader_seal_image(struct reader *r, const uint8_t *image)
{
	int fd = sealed_make("onerng-image", image, FIRMWARE_IMAGE);

	reader_forget_image(r);
	if (fd < 0)
		return fd;
	r->image_fd = fd;
	return 0;
}

static int reader_read_image(struct reader *r, struct rawmsg_ident *ident)
{
	struct onerng_dump d;
	uint8_t *image = malloc(FIRMWARE_IMAGE);
	unsigned int md_len;
	int rc;

	if (!image)
		return -ENOMEM;
	onerng_dump_init(&d, image);
	rc = reader_dump(r, &d);
	/* firmware 3 may send up to 64 KiB of anything behind the image */
	if (rc == 0)
		rc = reader_quiet(r);
	if (rc == 0 && !EVP_Digest(image, d.have, ident->image_sha256, &md_len,
				   EVP_sha256(), NULL))
		rc = -EIO;
	if (rc == 0)
		rc = reader_seal_image(r, image);
	free(image);
	ident->firmware = d.version;
	ident->text_size = d.text_size;
	ident->image_bytes = d.have;
	return rc;
}

/*
 * Sends a command whose reply is short and collects what comes until silence:
 * bytes in r->buf (the reply may be glued to noise), or -errno.
 */
static int reader_ask(struct reader *r, const char *command)
{
	int64_t deadline_ms = role_now_ms() + REPLY_MS;
	size_t len = 0, room;
	int n, rc = reader_command(r, command);

	while (rc == 0 && role_now_ms() < deadline_ms) {
		room = (REPLY_MAX - len) / ONERNG_PACKET * ONERNG_PACKET;
		rc = reader_attend(r, 0);
		if (rc < 0 || !room)
			break;
		n = usb_read(r->usb, r->buf + len, room, REPLY_MS / 5);
		if (n < 0)
			return n;
		if (n == 0 && len)
			break;
		len += (size_t)n;
	}
	return rc < 0 ? rc : (int)len;
}

static int reader_check_version(struct reader *r,
				const struct rawmsg_ident *ident)
{
	int n = reader_ask(r, "\ncmdv\ncmdO\n"), version;

	if (n < 0)
		return n;
	version = onerng_parse_version(r->buf, (size_t)n);
	explicit_bzero(r->buf, (size_t)n);
	if (version == ident->firmware)
		return reader_quiet(r);
	if (version > 0)
		reader_set_why(r,
			       "says version %d, its image says %u: wrong "
			       "firmware?",
			       version, ident->firmware);
	else
		reader_set_why(r, "no answer to the version command: unplug "
				  "it and plug it in again");
	return version > 0 ? -EPROTO : -ETIMEDOUT;
}

/* Firmware 1 and 2 have none; one that does not answer has none either. */
static int reader_ask_id(struct reader *r, struct rawmsg_ident *ident)
{
	int n = reader_ask(r, "\ncmdI\ncmdO\n");

	if (n < 0)
		return n;
	if (onerng_parse_id(r->buf, (size_t)n, ident->id) < 0)
		memset(ident->id, 0, sizeof(ident->id));
	explicit_bzero(r->buf, (size_t)n);
	return reader_quiet(r);
}

/* One attempt at everything behind the claim. */
static int reader_check(struct reader *r, struct rawmsg_ident *ident)
{
	int rc;

	memset(ident, 0, sizeof(*ident));
	r->why[0] = '\0';
	rc = usb_set_interface(r->usb);
	if (rc < 0 && rc != -ENODEV)
		log_debug("onerng %s: cannot set interface: %s", r->port,
			  strerror(-rc));
	if (rc != -ENODEV)
		rc = reader_command(r, "\ncmdo\ncmd4\ncmdw\n");
	if (rc == 0)
		rc = usb_set_line(r->usb, true);
	if (rc == 0)
		rc = reader_drain(r);
	if (rc == 0)
		rc = reader_read_image(r, ident);
	if (rc == 0)
		rc = reader_check_version(r, ident);
	if (rc == 0)
		rc = reader_ask_id(r, ident);
	if (rc < 0 && !r->why[0])
		reader_set_why(r, "%s", usb_advice(rc));
	return rc;
}

static bool reader_gives_up(int rc, int attempts, int64_t waited_ms)
{
	if (rc == -ENODEV || rc == -ECANCELED || rc == -ESTALE)
		return true;
	if (attempts < ATTEMPTS)
		return false;
	/* it did answer, and more patience will not change what it says */
	return rc == -EPROTO || waited_ms > PATIENCE_MS;
}

static int reader_check_patiently(struct reader *r, struct rawmsg_ident *ident)
{
	int64_t start_ms = role_now_ms();
	char text[USB_WHY_MAX + 32];
	int rc;

	for (int attempts = 1;; attempts++) {
		rc = reader_check(r, ident);
		if (rc == 0 ||
		    reader_gives_up(rc, attempts, role_now_ms() - start_ms))
			return rc;
		snprintf(text, sizeof(text), "attempt %d failed: %s", attempts,
			 r->why);
		reader_report(r, READER_CHECKING, text);
		rc = reader_sleep(r, ATTEMPT_PAUSE_MS);
		if (rc == 0 && attempts == ATTEMPT_RESET)
			rc = usb_reset(r->usb);
		if (rc == -ECANCELED || rc == -ENODEV || rc == -ESTALE)
			return rc;
	}
}

int reader_identify(struct reader *r, uint64_t seq)
{
	if (!r->ident.image_bytes)
		return -ENOENT;
	return rawmsg_send_ident(RAWMSG_FD, seq, &r->ident, r->image_fd);
}

int reader_open(struct reader *r)
{
	struct rawmsg_ident ident;
	int rc;

	reader_forget_image(r);
	reader_report(r, READER_OPENING, "claiming the device");
	rc = reader_claim(r);
	if (rc < 0)
		return rc;
	reader_report(r, READER_CHECKING, "reading the firmware image");
	rc = reader_check_patiently(r, &ident);
	r->waiting = true;
	if (rc == 0) {
		r->ident = ident;
		if (reader_identify(r, 0) < 0)
			rc = -ECANCELED;
	}
	explicit_bzero(&ident, sizeof(ident));
	return rc;
}

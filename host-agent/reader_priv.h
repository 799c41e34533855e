/*
 * reader_priv.h - the parts of the reader role among themselves
 *
 *   reader.c         the role: link to the core, order of things, the end
 *   reader_device.c  quieting, draining, discarding
 *   reader_open.c    claim, image dump, version, identity
 *   reader_stream.c  samples, pause, watchdog and the ladder of recovery
 *
 * Everything returns 0 or -errno, of which -ECANCELED means that the reader
 * was asked to end, -ENODEV that the device departed, -ESTALE that it has to
 * be opened anew.
 */
#ifndef HOST_AGENT_READER_PRIV_H
#define HOST_AGENT_READER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/rawmsg.h"
#include "host-agent/role.h"
#include "host-agent/usb.h"

#define READER_BUF  16384 /* bytes; a multiple of ONERNG_PACKET */
#define READER_POLL 250	  /* ms for one blocking read; STOP waits so long */

struct reader {
	const char *port;
	struct usb *usb;
	int fds[ROLE_FDS];
	uint8_t *buf;	       /* secmem, READER_BUF */
	struct rawmsg *msg;    /* secmem */
	char why[USB_WHY_MAX]; /* reason of the last failure */

	/* what the core wants */
	bool stop;
	bool waiting; /* for its first word since it got the image */
	bool paused;
	bool restart; /* start again from the beginning */

	int image_fd;		   /* the device's image, sealed; -1: none */
	struct rawmsg_ident ident; /* as the core has it; empty: not yet */

	/* the stream */
	uint64_t seq;	/* of the next sample */
	int stream_err; /* first error of a transfer */
	int64_t last_data_ms;
};

/* reader.c */
void reader_report(struct reader *r, enum reader_state state, const char *text);
void reader_set_why(struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes what the core says, waiting timeout_ms at most.  0 or -ECANCELED. */
int reader_attend(struct reader *r, int timeout_ms);
int reader_sleep(struct reader *r, int ms);

/* reader_device.c */
int reader_command(struct reader *r, const char *text);

/* One read into r->buf, which the caller wipes; bytes, 0 or -errno. */
int reader_read(struct reader *r, size_t len, unsigned int timeout_ms);

/* Reads to silence; -EBUSY: the device does not stop sending. */
int reader_drain(struct reader *r);

/* Paused, no noise source, pool empty, nothing on its way. */
int reader_quiet(struct reader *r);

/*
 * Starts raw samples and throws the first ones away; what is read afterwards
 * was made after this call.  -ETIMEDOUT: silence.
 */
int reader_start(struct reader *r, size_t discard_bytes);

/*
 * reader_open.c: from a port path to a quiet device whose image the core has;
 * waiting until the core has judged it
 */
int reader_open(struct reader *r);

/* The core asks again, in the message seq.  -ENOENT: not known yet. */
int reader_identify(struct reader *r, uint64_t seq);

void reader_forget_image(struct reader *r);

/* reader_stream.c: until the end; -EIO when the ladder is used up */
int reader_stream(struct reader *r);

#endif /* HOST_AGENT_READER_PRIV_H */

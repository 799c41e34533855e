/*
 * rawmsg.h - messages between the core and its other processes
 *
 * Over a SOCK_SEQPACKET socketpair, one message per packet; the child's end is
 * RAWMSG_FD.  The core does not trust a reader: every message is checked for
 * size and range before use.  Samples are secret: buffers are secmem.
 *
 * RAWMSG_IDENT comes with the image itself, in a sealed descriptor (sealed.h),
 * RAWMSG_TTY_HOLD with a terminal's master; no other message may carry one.
 */
#ifndef HOST_AGENT_RAWMSG_H
#define HOST_AGENT_RAWMSG_H

#include <stddef.h>
#include <stdint.h>

#define RAWMSG_FD	   3
#define RAWMSG_SAMPLES_MAX 4096
#define RAWMSG_TEXT_MAX	   200 /* printable ASCII, not terminated */
#define RAWMSG_PORT_MAX	   32  /* "BUS-PORT[.PORT...]", terminated */

enum rawmsg_type {
	/* watcher to core */
	RAWMSG_ARRIVED = 1, /* struct rawmsg_port */
	RAWMSG_LEFT,	    /* struct rawmsg_port */
	/* reader to core */
	RAWMSG_STATE,	/* struct rawmsg_state, then up to TEXT_MAX of text */
	RAWMSG_IDENT,	/* struct rawmsg_ident, and a descriptor */
	RAWMSG_SAMPLES, /* 1..SAMPLES_MAX raw samples; seq of the first one */
	/* core to reader, no payload */
	RAWMSG_RUN,   /* start, or start again from the beginning */
	RAWMSG_PAUSE, /* device quiet, no samples until RAWMSG_RUN */
	RAWMSG_STOP,  /* leave the device as power-on, give it back, exit */
	/*
	 * Pause, and RAWMSG_IDENT again, with the same image and the seq of
	 * this: a core that was left this reader wants to know it.
	 */
	RAWMSG_IDENTIFY,
	/* core to the terminals' process (terminal.h), seq: which terminal */
	RAWMSG_TTY_HOLD,    /* no payload, and its master's descriptor */
	RAWMSG_TTY_RAW,	    /* no payload, like those that follow */
	RAWMSG_TTY_DISCARD, /* what is unread is discarded; then raw */
	RAWMSG_TTY_CLOSE,
	/* and back: struct rawmsg_done */
	RAWMSG_TTY_DONE,
};

enum reader_state {
	READER_OPENING,	 /* open, detach the kernel's driver, claim */
	READER_CHECKING, /* image dump, version, identity */
	READER_RUNNING,	 /* samples follow; the first ones are start-up */
	READER_PAUSED,
	READER_RECOVERING, /* silence; text names the rung of the ladder */
	READER_FAILED,	   /* text says why and what to do; the reader exits */
	READER_GONE,	   /* the device departed; the reader exits */
	READER_STATES,
};

struct rawmsg_port {
	char port[RAWMSG_PORT_MAX];
};

struct rawmsg_state {
	uint32_t state; /* enum reader_state */
};

struct rawmsg_ident {
	uint16_t firmware;	  /* 1..3 */
	uint16_t text_size;	  /* the header's code size, informative */
	uint32_t image_bytes;	  /* always 262144 */
	uint8_t image_sha256[32]; /* its word; the core hashes the image */
	char id[33];		  /* cmdI, 32 hex digits; empty if unanswered */
};

struct rawmsg_done {
	uint32_t what; /* RAWMSG_TTY_RAW, _DISCARD or _CLOSE */
	int32_t error; /* 0 or -errno */
};

struct rawmsg {
	enum rawmsg_type type;
	uint64_t seq; /* running number of the first sample since the open;
		       * of an identity, that of the question, or 0 */
	size_t len;
	int fd; /* of a received RAWMSG_IDENT or RAWMSG_TTY_HOLD, the
		 * receiver's; else -1 */
	union {
		struct rawmsg_done done;
		struct rawmsg_port port;
		struct rawmsg_ident ident;
		struct {
			struct rawmsg_state s;
			char text[RAWMSG_TEXT_MAX];
		} state;
		uint8_t samples[RAWMSG_SAMPLES_MAX];
	} u;
};

/*
 * Blocks until the packet is taken, unless fd is non-blocking (-EAGAIN);
 * retries EINTR.  0 or -errno (-EPIPE: the other side is gone).
 */
int rawmsg_send(int fd, enum rawmsg_type type, uint64_t seq,
		const void *payload, size_t len);

/* RAWMSG_IDENT; seq: of the question, or 0; image_fd stays the caller's. */
int rawmsg_send_ident(int fd, uint64_t seq, const struct rawmsg_ident *ident,
		      int image_fd);

/* RAWMSG_TTY_HOLD; master stays the caller's. */
int rawmsg_send_master(int fd, uint64_t seq, int master);

/* RAWMSG_STATE; text is cut to RAWMSG_TEXT_MAX. */
int rawmsg_send_state(int fd, enum reader_state state, const char *text);

/*
 * Receives into m (in secmem).  1, 0 (nothing now, non-blocking fd), -EPIPE
 * (other side gone), -EPROTO (malformed, or a descriptor too many or missing;
 * m was wiped), -errno.  m->fd is open only if the result is 1.
 */
int rawmsg_recv(int fd, struct rawmsg *m);

/* Decodes a packet into m.  0 or -EPROTO: wrong size for its type, bad text. */
int rawmsg_decode(struct rawmsg *m, const uint8_t *packet, size_t len);

/* Port path "BUS-PORT[.PORT...]": digits, one dash, dots.  1 or 0. */
int rawmsg_port_valid(const char *port);

#endif /* HOST_AGENT_RAWMSG_H */

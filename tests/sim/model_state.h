/*
 * model_state.h - the inside of a model, for the model's own files
 *
 * What the firmware keeps in RAM survives everything but a loss of power; what
 * the USB engine keeps is gone after a bus reset.  The two are told apart here
 * (struct model_app, struct model_usb) because drivers confuse them.
 */
#ifndef TESTS_SIM_MODEL_STATE_H
#define TESTS_SIM_MODEL_STATE_H

#include "tests/sim/fault.h"
#include "tests/sim/image.h"
#include "tests/sim/model.h"
#include "tests/sim/noise.h"

#define MODEL_NEVER	  UINT64_MAX
#define MODEL_DUMP_HEADER 13
#define MODEL_DUMP	  (MODEL_DUMP_HEADER + IMAGE_SIZE)
#define MODEL_OVERSIZE	  80	 /* bytes of an F13 packet */
#define MODEL_TOKEN	  32	 /* hex digits behind cmdS */
#define MODEL_BANK	  0x8000 /* bytes of flash mapped at a time */

enum model_parser {
	PARSER_IDLE,  /* 'c' -> C */
	PARSER_C,     /* 'm' -> CM, else -> IDLE without a second look */
	PARSER_CM,    /* 'd' -> CMD, else -> IDLE likewise */
	PARSER_CMD,   /* any byte is the command; 'S' -> TOKEN, else IDLE */
	PARSER_TOKEN, /* 32 hex digits arm the secret; others -> IDLE */
};

enum model_pending {
	PENDING_SECRET = 1,
	PENDING_ID = 2,
	PENDING_VERSION = 4,
	PENDING_DUMP = 8,
};

struct model_app {
	bool paused, dtr;
	bool no_crc, rf_on, av_off;
	uint16_t crc;
	uint8_t pool[MODEL_POOL];
	unsigned int p_in, p_out, p_upd;
	uint16_t count; /* wraps: the firmware's counter has 16 bits */
	bool burst;	/* it wrapped and has not come down yet */
	enum model_parser parser;
	uint8_t token[MODEL_TOKEN];
	unsigned int token_have;
	unsigned int pending; /* enum model_pending */
	bool alt;	      /* firmware 3: some reply is armed */
	unsigned int reply_step;
	uint32_t dump_pos;	  /* 0..MODEL_DUMP */
	unsigned int bank;	  /* of flash, as left mapped */
	unsigned int zeros, ones; /* stuck counters of the avalanche source */
	bool rf_turn;
	uint64_t rf_quiet_until_us, rf_retune_at_us;
	uint8_t line_coding[2][7]; /* real, dummy */
};

struct model_packet {
	uint8_t len;
	uint8_t data[MODEL_OVERSIZE];
};

struct model_endpoint {
	bool halted;
	bool toggle;	  /* the device's */
	bool host_toggle; /* what a host keeps that follows USB 2.0, 9.4.5 */
};

struct model_usb {
	uint8_t configuration;
	struct model_endpoint in, out, intr;
	struct model_packet fifo[MODEL_FIFO];
	unsigned int fifo_used;
	struct model_packet rx[MODEL_FIFO];
	unsigned int rx_used;
};

struct model {
	struct model_conf conf;
	struct noise *noise;
	struct noise_prng rf; /* of the radio, and of all that is only odd */
	struct fault fault;
	struct model_counts counts;
	struct model_app app;
	struct model_usb usb;
	uint8_t *image;
	uint64_t last_us;
	uint64_t noise_frac;	     /* millionths of a byte, not yet made */
	uint64_t reply_frac;	     /* likewise, of replies */
	uint64_t reply_credit;	     /* bytes of replies that may leave now */
	uint64_t rx_ready_us;	     /* the next OUT packet is looked at */
	uint64_t in_bytes;	     /* taken by the host */
	uint8_t history[MODEL_POOL]; /* what last left the pool, for F05 */
	unsigned int history_pos;
	bool credit_wait; /* the sender stopped for want of credit */
	bool gone, hung;
};

/* model.c */
void model_advance(struct model *m, uint64_t now_us);
void model_flush_endpoints(struct model *m);

/* model_cmd.c: bytes from EP 0x05. */
void model_parse(struct model *m, const uint8_t *data, size_t len);

/* model_send.c: what the firmware's sender task does when it is woken. */
void model_wake_sender(struct model *m);
/* Microseconds until the sender could put a packet into the FIFO. */
uint64_t model_sender_due(const struct model *m);
bool model_in_burst(const struct model *m);
bool model_silent(const struct model *m);

#endif /* TESTS_SIM_MODEL_STATE_H */

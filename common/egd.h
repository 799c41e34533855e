/*
 * egd.h - the EGD byte protocol, seen from the server
 *
 * Clients speak first; multi-byte integers are big-endian; there is no framing
 * and no acknowledgement (ekeyd's README.egd-protocol).  QEMU's rng-egd sends
 * EGD_READ only.  The parser keeps at most three bytes of state, so a request
 * may arrive in any number of pieces.
 */
#ifndef COMMON_EGD_H
#define COMMON_EGD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum egd_op {
	EGD_LEVEL = 0x00,    /* reply: u32 bits available */
	EGD_READ_NOW = 0x01, /* u8 n; reply: u8 got, got bytes */
	EGD_READ = 0x02,     /* u8 n; reply: exactly n bytes, maybe late */
	EGD_WRITE = 0x03,    /* u16 bits, u8 len, len bytes; no reply */
	EGD_PID = 0x04,	     /* reply: u8 len, len ASCII digits */
};

struct egd_request {
	enum egd_op op;
	uint8_t n; /* bytes asked for, or offered by EGD_WRITE */
};

struct egd_parser {
	uint8_t head[4];
	uint8_t have; /* bytes of head */
	uint8_t skip; /* offered bytes of EGD_WRITE still to be dropped */
};

void egd_parser_init(struct egd_parser *p);

/* Could it have been left so by egd_next()? */
bool egd_parser_is_valid(const struct egd_parser *p);

/*
 * Takes one request off the front of *buf, which moves on.  Returns 1 with
 * *req filled, 0 when all was used and more is needed, or -EPROTO at a byte
 * that is no command (**buf is that byte).  What EGD_WRITE offers is dropped;
 * its request is returned once its header is complete.
 */
int egd_next(struct egd_parser *p, const uint8_t **buf, size_t *len,
	     struct egd_request *req);

#endif /* COMMON_EGD_H */

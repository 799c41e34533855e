/*
 * vrng.h - the virtual OneRNG: a device's commands, modes and replies; pure
 *
 * Behaves as firmware 3 does (OneRNG/firmware, cdc_app.c): commands of four
 * bytes without end or answer, paused at power-up, replies only while it runs.
 * What differs: a reply goes out whole before the next one begins, closing the
 * device drops what was not read of a reply, nothing follows the last one.
 * Knows no random byte: it says when some may go out.
 */
#ifndef HOST_AGENT_VRNG_H
#define HOST_AGENT_VRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/firmware.h"

#define VRNG_PACKET   64 /* the most that vrng_reply() gives */
#define VRNG_VERSION  3	 /* of the firmware that it is like */
#define VRNG_UNIT     32 /* hex digits, not terminated */
#define VRNG_MODE_MAX 15

enum vrng_reply_kind {
	VRNG_NOTHING,
	VRNG_ID,      /* cmdI */
	VRNG_TELL,    /* cmdv */
	VRNG_IMAGE,   /* cmdX */
	VRNG_REPLIES, /* how many there are */
};

struct vrng {
	bool paused;
	uint8_t mode;	   /* as cmd0 to cmdF set it */
	uint8_t parser;	   /* bytes of a command so far */
	uint8_t skip;	   /* hex digits of cmdS to come, at most */
	uint8_t armed;	   /* bits: 1 << enum vrng_reply_kind */
	uint8_t reply;	   /* the one that is on its way */
	uint32_t reply_at; /* bytes of it that went out */
	char unit[VRNG_UNIT];
};

/*
 * As after power-up.  unit is what its cmdI says (vrng_unit()).
 */
void vrng_init(struct vrng *v, const char unit[static VRNG_UNIT]);

/* "ONERNGVIRTUAL" in hex, then six digits of number. */
void vrng_unit(char out[static VRNG_UNIT], uint32_t number);

/*
 * Takes what was written to the device.  True: it was told to flush its pool
 * (cmdw): what has not gone out is not to.
 */
bool vrng_feed(struct vrng *v, const uint8_t *buf, size_t len);

/* Nobody has it open: as vrng_init(), but for pause and mode. */
void vrng_close(struct vrng *v);

/* Would random bytes go out now, if somebody reads? */
bool vrng_gives(const struct vrng *v);

/*
 * The next bytes of a reply that is due, ahead of random ones.  Up to
 * VRNG_PACKET; 0: there is none now.  What was taken of them is then told.
 */
size_t vrng_reply(struct vrng *v, uint8_t out[static VRNG_PACKET]);
void vrng_replied(struct vrng *v, size_t n);

/* Could another process have left it so? */
bool vrng_is_valid(const struct vrng *v);

#endif /* HOST_AGENT_VRNG_H */

/*
 * model.h - a OneRNG in software, free of any transport
 *
 * Firmware 3 unless told otherwise; behaviour and numbers from the published
 * firmware (OneRNG/firmware, cdc_app.c, cdc.c, usb.c).  A front end carries
 * control requests, OUT packets and IN packets between the model and libusb
 * (umockdev), a guest's USB stack (usbredir) or a terminal.  Time is an
 * argument: microseconds of any monotonic clock.
 */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_POOL   7168
#define MODEL_PACKET 64
#define MODEL_FIFO   2 /* packets */
#define MODEL_EP_IN  0x85
#define MODEL_EP_OUT 0x05
#define MODEL_EP_INT 0x82

struct model;
struct noise;
struct fault;

struct model_conf {
	unsigned int firmware;	 /* 1..3 */
	unsigned int rate;	 /* raw bytes a second, 0..1000000 */
	unsigned int reply_rate; /* bytes a second of replies and dumps */
	uint64_t seed;		 /* of the noise */
	bool bugs;		 /* the inferred faithful bugs: burst, stalls */
	bool no_stir;		 /* noise waits while the pool is full */
	const uint8_t *image; /* 262144 bytes of flash; NULL: made from seed */
};

/* NULL and errno.  The noise source is the model's to free. */
struct model *model_new(const struct model_conf *conf, struct noise *noise);
void model_free(struct model *m);

/* Descriptors byte for byte; *len is set. */
const uint8_t *model_device_descriptor(size_t *len);
const uint8_t *model_config_descriptor(size_t *len);
/* String descriptor index 0..4, NULL for others. */
const uint8_t *model_string_descriptor(unsigned int index, size_t *len);

enum model_status {
	MODEL_OK,
	MODEL_NAK, /* nothing now */
	MODEL_STALL,
	MODEL_ERROR, /* injected: I/O error */
	MODEL_GONE,  /* injected: unplugged */
};

struct model_setup {
	uint8_t type, request; /* bmRequestType, bRequest */
	uint16_t value, index, length;
};

/*
 * A control transfer.  IN: data receives at most setup->length bytes, *len is
 * set.  OUT: data holds *len bytes.
 */
enum model_status model_control(struct model *m, uint64_t now_us,
				const struct model_setup *setup, uint8_t *data,
				size_t *len);

/* One OUT packet, 0..64 bytes. */
enum model_status model_out(struct model *m, uint64_t now_us,
			    const uint8_t *data, size_t len);

/* One IN packet, if the FIFO has one: at most 64 bytes unless F13 is on. */
enum model_status model_in(struct model *m, uint64_t now_us, uint8_t *data,
			   size_t size, size_t *len);

/* Advances noise and replies to now; microseconds until the next IN packet. */
uint64_t model_run(struct model *m, uint64_t now_us);

void model_bus_reset(struct model *m, uint64_t now_us);	  /* USB state only */
void model_power_cycle(struct model *m, uint64_t now_us); /* everything */

/* An injected fault pulled the plug; only a power cycle brings it back. */
bool model_gone(const struct model *m);

struct model_counts {
	uint64_t noise_bytes;	/* the source made */
	uint64_t pool_bytes;	/* left the pool in IN packets */
	uint64_t stirred_bytes; /* XORed into a full pool: not deliverable */
	uint64_t reply_bytes;
	uint64_t burst_bytes; /* unchecked packets, firmware 3 bug */
	uint64_t out_packets;
};
void model_counts(const struct model *m, struct model_counts *out);

/* The injected faults, live; see fault.h. */
struct fault *model_fault(struct model *m);
struct noise *model_noise(struct model *m);
void model_set_rate(struct model *m, unsigned int rate);

#endif /* TESTS_SIM_MODEL_H */

/*
 * front_redir_priv.h - between front_redir.c and front_redir_bulk.c
 */
#ifndef TESTS_SIM_FRONT_REDIR_PRIV_H
#define TESTS_SIM_FRONT_REDIR_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usbredirparser.h>

#include "tests/sim/front_redir.h"
#include "tests/sim/model.h"

/* A bulk request that has not ended. */
struct bulk {
	struct bulk *next;
	uint64_t id;
	struct usb_redir_bulk_packet_header head;
	uint8_t *data;
	size_t len, done;
	int status; /* -1 until it has ended */
};

struct redir {
	int fd;
	bool plugged, said; /* the peer knows of the device */
	bool hello;
	struct model *m;
	struct usbredirparser *parser;
	struct bulk *bulks; /* in order of arrival */
};

/* The model's word in usbredir's. */
uint8_t redir_status(enum model_status s);

/* The peer no longer waits for any of them. */
void redir_drop_bulks(struct redir *r);

/* Callbacks of the parser. */
void redir_on_bulk(void *priv, uint64_t id,
		   struct usb_redir_bulk_packet_header *head, uint8_t *data,
		   int data_len);
void redir_on_cancel(void *priv, uint64_t id);

#endif /* TESTS_SIM_FRONT_REDIR_PRIV_H */

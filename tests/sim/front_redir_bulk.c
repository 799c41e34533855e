/*
 * Bulk requests of a usbredir peer: kept in order until the model has, or
 * takes, their data.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/front_redir_priv.h"
#include "tests/sim/sim.h"

#define PACKET_MAX  128u
#define REQUEST_MAX (4u << 20) /* bytes of one bulk request */
#define RETRY_US    1000u      /* a request the model does not take */

uint8_t redir_status(enum model_status s)
{
	switch (s) {
	case MODEL_OK:
		return usb_redir_success;
	case MODEL_STALL:
		return usb_redir_stall;
	case MODEL_NAK:
		return usb_redir_timeout;
	case MODEL_ERROR:
	case MODEL_GONE:
		break;
	}
	return usb_redir_ioerror;
}

static bool is_in(const struct bulk *b)
{
	return b->head.endpoint & 0x80;
}

static void free_bulk(struct bulk *b)
{
	free(b->data);
	free(b);
}

void redir_drop_bulks(struct redir *r)
{
	while (r->bulks) {
		struct bulk *b = r->bulks;

		r->bulks = b->next;
		free_bulk(b);
	}
}

static void set_length(struct usb_redir_bulk_packet_header *head, size_t len)
{
	head->length = (uint16_t)len;
	head->length_high = (uint16_t)(len >> 16);
}

/* Answers the request and forgets it. */
static void end_bulk(struct redir *r, struct bulk *b)
{
	struct bulk **at = &r->bulks;
	bool in = is_in(b);

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	b->head.status = (uint8_t)b->status;
	set_length(&b->head, b->done);
	usbredirparser_send_bulk_packet(r->parser, b->id, &b->head,
					in ? b->data : NULL,
					in ? (int)b->done : 0);
	free_bulk(b);
}

static void run_in(struct redir *r, struct bulk *b)
{
	uint64_t now_us = sim_now_us();
	uint8_t packet[PACKET_MAX];

	while (b->status < 0) {
		size_t room = b->len - b->done, len;
		enum model_status s =
			model_in(r->m, now_us, packet, sizeof(packet), &len);

		if (s == MODEL_NAK || s == MODEL_GONE)
			return;
		if (s != MODEL_OK) {
			b->status = redir_status(s);
			return;
		}
		if (len > room || len > MODEL_PACKET)
			b->status = usb_redir_babble;
		else if (len < MODEL_PACKET || len == room)
			b->status = usb_redir_success;
		len = len < room ? len : room;
		memcpy(b->data + b->done, packet, len);
		b->done += len;
	}
}

static void run_out(struct redir *r, struct bulk *b)
{
	do {
		size_t n = b->len - b->done;
		enum model_status s;

		n = n < MODEL_PACKET ? n : MODEL_PACKET;
		s = model_out(r->m, sim_now_us(), b->data + b->done, n);
		if (s == MODEL_NAK || s == MODEL_GONE)
			return;
		if (s != MODEL_OK) {
			b->status = redir_status(s);
			return;
		}
		b->done += n;
	} while (b->done < b->len);
	b->status = usb_redir_success;
}

void redir_service(struct redir *r)
{
	bool in_busy = false, out_busy = false;
	struct bulk *next;

	for (struct bulk *b = r->bulks; b; b = next) {
		bool *busy = is_in(b) ? &in_busy : &out_busy;

		next = b->next;
		if (*busy)
			continue;
		if (is_in(b))
			run_in(r, b);
		else
			run_out(r, b);
		if (b->status < 0)
			*busy = true;
		else
			end_bulk(r, b);
	}
}

uint64_t redir_due(const struct redir *r)
{
	uint64_t due;

	if (!r->bulks)
		return UINT64_MAX;
	due = model_run(r->m, sim_now_us());
	for (const struct bulk *b = r->bulks; b; b = b->next)
		if (!is_in(b))
			due = 0;
	return due < RETRY_US ? RETRY_US : due;
}

static void refuse_bulk(struct redir *r, uint64_t id,
			struct usb_redir_bulk_packet_header *head)
{
	head->status = usb_redir_inval;
	set_length(head, 0);
	usbredirparser_send_bulk_packet(r->parser, id, head, NULL, 0);
}

static struct bulk *new_bulk(uint64_t id,
			     const struct usb_redir_bulk_packet_header *head,
			     const uint8_t *data, int data_len)
{
	size_t len = head->length | (size_t)head->length_high << 16;
	bool in = head->endpoint & 0x80;
	struct bulk *b;

	if (len > REQUEST_MAX || (!in && len != (size_t)data_len))
		return NULL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->id = id;
	b->head = *head;
	b->len = len;
	b->status = -1;
	b->data = calloc(1, len ? len : 1);
	if (!b->data) {
		free(b);
		return NULL;
	}
	if (!in && data)
		memcpy(b->data, data, len);
	return b;
}

void redir_on_bulk(void *priv, uint64_t id,
		   struct usb_redir_bulk_packet_header *head, uint8_t *data,
		   int data_len)
{
	struct redir *r = priv;
	struct bulk *b = NULL, **at = &r->bulks;

	if (head->endpoint == MODEL_EP_IN || head->endpoint == MODEL_EP_OUT)
		b = new_bulk(id, head, data, data_len);
	usbredirparser_free_packet_data(r->parser, data);
	if (!b) {
		refuse_bulk(r, id, head);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = b;
	redir_service(r);
}

void redir_on_cancel(void *priv, uint64_t id)
{
	struct redir *r = priv;
	struct bulk *b = r->bulks;

	while (b && b->id != id)
		b = b->next;
	if (!b)
		return; /* it ended before this was read */
	b->status = usb_redir_cancelled;
	end_bulk(r, b);
}

/*
 * URBs of the simulated usbfs
 *
 * Data moves when somebody looks: an opener that submits, reaps or waits in a
 * reap.  The model's pool keeps what is made in between.
 *
 * The node is always ready for poll(2) under umockdev, so libusb asks for
 * finished URBs without pause.  A REAPURBNDELAY that finds none is therefore
 * kept for PARK_US before it is refused, unless the one before it brought
 * something: libusb reaps until it is refused before it returns to its caller.
 */
#include "tests/sim/front_usbfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define PARK_US	   2000u
#define WAKE_US	   1000u
#define PACKET_MAX 128u
#define BUFFER_MAX (16u << 20) /* usbfs' own default limit */
#define SETUP_SIZE 8u

static bool is_in(const struct usbfs_urb *u)
{
	return u->endpoint & 0x80;
}

static int status_errno(enum model_status s)
{
	switch (s) {
	case MODEL_OK:
		return 0;
	case MODEL_NAK:
		return EINPROGRESS;
	case MODEL_STALL:
		return EPIPE;
	case MODEL_ERROR:
		return EPROTO;
	case MODEL_GONE:
		break;
	}
	return ENODEV;
}

/* An URB that the departed device leaves ends so (Linux, usb_hcd). */
static int urb_status(enum model_status s)
{
	return s == MODEL_GONE ? -ESHUTDOWN : -status_errno(s);
}

int usbfs_control(struct usbfs *dev, const struct model_setup *setup,
		  uint8_t *data, size_t *len)
{
	return status_errno(
		model_control(dev->m, sim_now_us(), setup, data, len));
}

static void run_in(struct usbfs *dev, struct usbfs_urb *u)
{
	uint64_t now_us = sim_now_us();
	uint8_t packet[PACKET_MAX];

	while (u->status == -EINPROGRESS) {
		size_t room = u->len - u->done, len;
		enum model_status s =
			model_in(dev->m, now_us, packet, sizeof(packet), &len);

		u->status = urb_status(s);
		if (s != MODEL_OK)
			return;
		if (len > room || len > MODEL_PACKET) {
			len = len < room ? len : room;
			u->status = -EOVERFLOW;
		} else if (len == MODEL_PACKET && len < room) {
			u->status = -EINPROGRESS;
		}
		memcpy(u->bytes + u->done, packet, len);
		u->done += len;
	}
}

static void run_out(struct usbfs *dev, struct usbfs_urb *u)
{
	uint64_t now_us = sim_now_us();
	bool zero = !u->len || ((u->flags & USBDEVFS_URB_ZERO_PACKET) &&
				u->len % MODEL_PACKET == 0);

	while (u->done < u->len || (zero && !u->zero_sent)) {
		size_t n = u->len - u->done;
		enum model_status s;

		n = n < MODEL_PACKET ? n : MODEL_PACKET;
		s = model_out(dev->m, now_us, u->bytes + u->done, n);
		if (s != MODEL_OK) {
			u->status = urb_status(s);
			return;
		}
		u->zero_sent = !n;
		u->done += n;
	}
	u->status = 0;
}

static void run_control(struct usbfs *dev, struct usbfs_urb *u)
{
	struct model_setup setup = {
		.type = u->bytes[0],
		.request = u->bytes[1],
		.value = (uint16_t)(u->bytes[2] | u->bytes[3] << 8),
		.index = (uint16_t)(u->bytes[4] | u->bytes[5] << 8),
		.length = (uint16_t)(u->bytes[6] | u->bytes[7] << 8),
	};
	size_t len = setup.length;

	u->status = urb_status(model_control(dev->m, sim_now_us(), &setup,
					     u->bytes + SETUP_SIZE, &len));
	u->done = u->status == 0 ? len : 0;
}

static void run_urb(struct usbfs *dev, struct usbfs_urb *u)
{
	if (u->type == USBDEVFS_URB_TYPE_CONTROL)
		run_control(dev, u);
	else if (u->endpoint == MODEL_EP_IN)
		run_in(dev, u);
	else if (u->endpoint == MODEL_EP_OUT)
		run_out(dev, u);
	/* 0x82: the firmware never sends a notification. */
}

/* The first unfinished URB of each endpoint moves, then the next one. */
static void run_opener(struct usbfs_opener *o)
{
	bool in_busy = false, out_busy = false;

	for (struct usbfs_urb *u = o->urbs; u; u = u->next) {
		bool *busy = is_in(u) ? &in_busy : &out_busy;
		bool bulk = u->type == USBDEVFS_URB_TYPE_BULK;

		if (u->status != -EINPROGRESS || (bulk && *busy))
			continue;
		run_urb(o->dev, u);
		if (bulk && u->status == -EINPROGRESS)
			*busy = true;
	}
}

static void free_urb(struct usbfs_urb *u)
{
	g_clear_object(&u->data);
	g_clear_object(&u->buffer);
	g_clear_object(&u->sync);
	free(u);
}

static void unlink_urb(struct usbfs_opener *o, struct usbfs_urb *u)
{
	struct usbfs_urb **at = &o->urbs;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
}

/* Takes the oldest URB that has ended and is not a BULK ioctl's. */
static struct usbfs_urb *take_ended(struct usbfs_opener *o)
{
	struct usbfs_urb *u = o->urbs;

	while (u && (u->status == -EINPROGRESS || u->sync))
		u = u->next;
	if (u)
		unlink_urb(o, u);
	return u;
}

static void answer_reap(UMockdevIoctlClient *client, struct usbfs_urb *u)
{
	struct usbdevfs_urb *urb = (void *)u->data->data;
	UMockdevIoctlData *slot = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(void *), NULL);

	urb->status = u->status;
	urb->actual_length = (int)u->done;
	if (slot) {
		umockdev_ioctl_data_set_ptr(slot, 0, u->data);
		g_object_unref(slot);
	}
	umockdev_ioctl_client_complete(client, 0, 0);
	free_urb(u);
}

static void complete_parked(struct usbfs_opener *o, uint64_t now_us)
{
	UMockdevIoctlClient *client = o->parked;
	struct usbfs_urb *u = take_ended(o);

	if (!u && !o->gone && now_us < o->parked_until_us)
		return;
	o->parked = NULL;
	o->reaped = u != NULL;
	if (u)
		answer_reap(client, u);
	else
		umockdev_ioctl_client_complete(client, -1,
					       o->gone ? ENODEV : EAGAIN);
	g_object_unref(client);
}

static void complete_sync(struct usbfs_opener *o, uint64_t now_us)
{
	struct usbfs_urb *next;

	for (struct usbfs_urb *u = o->urbs; u; u = next) {
		next = u->next;
		if (!u->sync)
			continue;
		if (u->status == -EINPROGRESS && now_us >= u->deadline_us)
			u->status = -ETIMEDOUT;
		if (u->status == -EINPROGRESS)
			continue;
		unlink_urb(o, u);
		umockdev_ioctl_client_complete(
			u->sync, u->status ? -1 : (long)u->done, -u->status);
		free_urb(u);
	}
}

/* When a waiting opener must be looked at again. */
static uint64_t next_look(const struct usbfs *dev, uint64_t now_us)
{
	uint64_t at = UINT64_MAX, packet = model_run(dev->m, now_us);

	packet = packet < WAKE_US ? WAKE_US : packet;
	for (const struct usbfs_opener *o = dev->openers; o; o = o->next) {
		bool sync = false;

		for (const struct usbfs_urb *u = o->urbs; u; u = u->next)
			sync |= u->sync != NULL;
		if (o->parked && o->parked_until_us < at)
			at = o->parked_until_us;
		if (sync && now_us + PARK_US < at)
			at = now_us + PARK_US;
	}
	if (at == UINT64_MAX || at <= now_us || packet >= at - now_us)
		return at;
	return now_us + packet;
}

void usbfs_service(struct usbfs *dev)
{
	struct usbfs_opener *next;
	uint64_t now_us, at;

	for (struct usbfs_opener *o = dev->openers; o; o = o->next)
		if (!o->gone)
			run_opener(o);
	if (dev->plugged && model_gone(dev->m))
		dev->on_gone(dev);
	now_us = sim_now_us();
	for (struct usbfs_opener *o = dev->openers; o; o = next) {
		next = o->next;
		complete_sync(o, now_us);
		if (o->parked)
			complete_parked(o, now_us);
	}
	if (!dev->timer)
		return;
	at = next_look(dev, now_us);
	g_source_set_ready_time(dev->timer, at == UINT64_MAX ? -1 : (gint64)at);
}

static struct usbfs_urb *new_urb(const struct usbdevfs_urb *from)
{
	struct usbfs_urb *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->type = from->type;
	u->endpoint = from->endpoint;
	u->flags = from->flags;
	u->len = (size_t)from->buffer_length;
	u->status = -EINPROGRESS;
	return u;
}

static int check_urb(struct usbfs_opener *o, const struct usbdevfs_urb *urb)
{
	if (o->gone)
		return ENODEV;
	if (urb->buffer_length < 0 || urb->buffer_length > (int)BUFFER_MAX)
		return EINVAL;
	switch (urb->type) {
	case USBDEVFS_URB_TYPE_CONTROL:
		return urb->buffer_length < (int)SETUP_SIZE ? EINVAL : 0;
	case USBDEVFS_URB_TYPE_BULK:
	case USBDEVFS_URB_TYPE_INTERRUPT:
		return usbfs_check_claim(o, urb->endpoint);
	default:
		return EINVAL;
	}
}

/* wLength must fit the buffer, or the answer would leave it. */
static bool setup_fits(const struct usbfs_urb *u)
{
	size_t wanted;

	if (u->type != USBDEVFS_URB_TYPE_CONTROL)
		return true;
	wanted = (size_t)(u->bytes[6] | u->bytes[7] << 8);
	return SETUP_SIZE + wanted <= u->len;
}

static int attach_buffer(struct usbfs_urb *u)
{
	if (!u->len)
		return 0;
	u->buffer = umockdev_ioctl_data_resolve(
		u->data, offsetof(struct usbdevfs_urb, buffer), u->len, NULL);
	if (!u->buffer)
		return EFAULT;
	u->bytes = u->buffer->data;
	return setup_fits(u) ? 0 : EINVAL;
}

static void append_urb(struct usbfs_opener *o, struct usbfs_urb *u)
{
	struct usbfs_urb **at = &o->urbs;

	while (*at)
		at = &(*at)->next;
	*at = u;
}

int usbfs_submit(struct usbfs_opener *o, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(
		arg, 0, sizeof(struct usbdevfs_urb), NULL);
	struct usbfs_urb *u;
	int err;

	if (!data)
		return EFAULT;
	err = check_urb(o, (void *)data->data);
	u = err ? NULL : new_urb((void *)data->data);
	if (!u) {
		g_object_unref(data);
		return err ? err : ENOMEM;
	}
	u->data = data;
	u->addr = data->client_addr;
	err = attach_buffer(u);
	if (err) {
		free_urb(u);
		return err;
	}
	append_urb(o, u);
	return 0;
}

int usbfs_discard(struct usbfs_opener *o, unsigned long addr)
{
	for (struct usbfs_urb *u = o->urbs; u; u = u->next) {
		if (u->addr != addr || u->status != -EINPROGRESS)
			continue;
		u->status = -ENOENT; /* what has arrived stays in it */
		return 0;
	}
	return EINVAL;
}

void usbfs_reap(struct usbfs_opener *o, UMockdevIoctlClient *client, bool wait)
{
	struct usbfs_urb *u;

	usbfs_service(o->dev);
	u = take_ended(o);
	if (!u && o->reaped && !wait) {
		o->reaped = false;
		umockdev_ioctl_client_complete(client, -1,
					       o->gone ? ENODEV : EAGAIN);
		return;
	}
	o->reaped = u != NULL;
	if (u) {
		answer_reap(client, u);
		return;
	}
	o->parked = g_object_ref(client);
	o->parked_until_us = wait && !o->gone ? UINT64_MAX
					      : sim_now_us() + PARK_US;
	usbfs_service(o->dev);
}

static int fill_bulk(struct usbfs_opener *o, UMockdevIoctlClient *client,
		     struct usbfs_urb **out)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0,
		sizeof(struct usbdevfs_bulktransfer), NULL);
	struct usbdevfs_bulktransfer *b;
	struct usbdevfs_urb urb = { .type = USBDEVFS_URB_TYPE_BULK };
	int err;

	if (!data)
		return EFAULT;
	b = (void *)data->data;
	urb.endpoint = (unsigned char)b->ep;
	urb.buffer_length = b->len > BUFFER_MAX ? -1 : (int)b->len;
	err = check_urb(o, &urb);
	*out = err ? NULL : new_urb(&urb);
	if (!*out) {
		g_object_unref(data);
		return err ? err : ENOMEM;
	}
	(*out)->data = data;
	(*out)->deadline_us = b->timeout ? sim_now_us() + b->timeout * 1000ull
					 : UINT64_MAX;
	if (!b->len)
		return 0;
	(*out)->buffer = umockdev_ioctl_data_resolve(
		data, offsetof(struct usbdevfs_bulktransfer, data), b->len,
		NULL);
	if (!(*out)->buffer)
		return EFAULT;
	(*out)->bytes = (*out)->buffer->data;
	return 0;
}

void usbfs_bulk(struct usbfs_opener *o, UMockdevIoctlClient *client)
{
	struct usbfs_urb *u = NULL;
	int err = fill_bulk(o, client, &u);

	if (err) {
		if (u)
			free_urb(u);
		umockdev_ioctl_client_complete(client, -1, err);
		return;
	}
	u->sync = g_object_ref(client);
	append_urb(o, u);
	usbfs_service(o->dev);
}

void usbfs_drop_urbs(struct usbfs_opener *o)
{
	while (o->urbs) {
		struct usbfs_urb *u = o->urbs;

		o->urbs = u->next;
		free_urb(u);
	}
}

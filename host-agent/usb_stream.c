/*
 * usb_stream.c - transfers in flight
 *
 * Several bulk IN transfers are queued on the endpoint, so that the device
 * never finds the host without one.  A transfer that times out brings what had
 * arrived; libusb completes them in the order of the endpoint's queue.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/secmem.h"
#include "host-agent/role.h"
#include "host-agent/usb_priv.h"

#define CANCEL_MS  300 /* for the cancelled transfers to come back */
#define POLLFD_MAX 16

static int usb_transfer_errno(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
	case LIBUSB_TRANSFER_TIMED_OUT:
		return 0;
	case LIBUSB_TRANSFER_CANCELLED:
		return -ECANCELED;
	case LIBUSB_TRANSFER_STALL:
		return -EPIPE;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return -ENODEV;
	case LIBUSB_TRANSFER_OVERFLOW:
		return -EOVERFLOW;
	case LIBUSB_TRANSFER_ERROR:
		break;
	}
	return -EIO;
}

static void LIBUSB_CALL usb_on_transfer(struct libusb_transfer *t)
{
	struct usb *u = t->user_data;
	int err = usb_transfer_errno(t->status), rc;
	size_t len = err ? 0 : (size_t)t->actual_length;

	u->in_flight--;
	if (u->streaming)
		u->fn(u->fn_ctx, err, t->buffer, len);
	explicit_bzero(t->buffer, USB_TRANSFER);
	if (err || !u->streaming)
		return;
	rc = libusb_submit_transfer(t);
	if (rc == 0)
		u->in_flight++;
	else
		u->fn(u->fn_ctx, usb_errno(rc), NULL, 0);
}

int usb_stream_init(struct usb *u)
{
	u->buffer = secmem_alloc((size_t)USB_TRANSFERS * USB_TRANSFER);
	if (!u->buffer)
		return -errno;
	for (size_t i = 0; i < USB_TRANSFERS; i++) {
		u->transfer[i] = libusb_alloc_transfer(0);
		if (!u->transfer[i])
			return -ENOMEM;
	}
	return 0;
}

int usb_stream_start(struct usb *u, unsigned int timeout_ms, usb_stream_fn fn,
		     void *ctx)
{
	int rc = 0;

	u->fn = fn;
	u->fn_ctx = ctx;
	u->streaming = true;
	for (size_t i = 0; i < USB_TRANSFERS && rc == 0; i++) {
		libusb_fill_bulk_transfer(u->transfer[i], u->dev, u->ep_in,
					  u->buffer + i * USB_TRANSFER,
					  USB_TRANSFER, usb_on_transfer, u,
					  timeout_ms);
		rc = usb_errno(libusb_submit_transfer(u->transfer[i]));
		if (rc == 0)
			u->in_flight++;
	}
	if (rc < 0)
		usb_stream_stop(u);
	return rc;
}

void usb_stream_stop(struct usb *u)
{
	struct timeval slice = { .tv_usec = 20000 };
	int64_t deadline_ms = role_now_ms() + CANCEL_MS;

	u->streaming = false;
	if (!u->in_flight)
		return;
	/* last first: the one at work must not hand its data to the next */
	for (size_t i = USB_TRANSFERS; i-- > 0;)
		libusb_cancel_transfer(u->transfer[i]);
	while (u->in_flight && role_now_ms() < deadline_ms)
		libusb_handle_events_timeout_completed(u->ctx, &slice, NULL);
}

bool usb_stream_free(struct usb *u)
{
	usb_stream_stop(u);
	if (u->in_flight)
		return false;
	for (size_t i = 0; i < USB_TRANSFERS; i++)
		libusb_free_transfer(u->transfer[i]);
	secmem_free(u->buffer);
	return true;
}

/* libusb's descriptors behind ours; how many there are. */
static nfds_t usb_collect_fds(libusb_context *ctx, const int *fds,
			      struct pollfd *pfd)
{
	const struct libusb_pollfd **list = libusb_get_pollfds(ctx);
	nfds_t n = USB_WAIT_FDS;

	for (size_t i = 0; i < USB_WAIT_FDS; i++)
		pfd[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	for (size_t i = 0; list && list[i] && n < POLLFD_MAX; i++)
		pfd[n++] = (struct pollfd){ .fd = list[i]->fd,
					    .events = list[i]->events };
	libusb_free_pollfds(list);
	return n;
}

/* timeout_ms, or less if libusb has no timer of its own and wants it. */
static int usb_wait_limit(libusb_context *ctx, int timeout_ms)
{
	struct timeval tv;
	int next_ms;

	if (libusb_get_next_timeout(ctx, &tv) != 1)
		return timeout_ms;
	next_ms = (int)(tv.tv_sec * 1000 + tv.tv_usec / 1000) + 1;
	return timeout_ms < 0 || next_ms < timeout_ms ? next_ms : timeout_ms;
}

int usb_wait_context(libusb_context *ctx, const int fds[static USB_WAIT_FDS],
		     int timeout_ms)
{
	struct pollfd pfd[POLLFD_MAX];
	struct timeval zero = { 0 };
	nfds_t n = usb_collect_fds(ctx, fds, pfd);
	int rc = poll(pfd, n, usb_wait_limit(ctx, timeout_ms)), mask = 0;

	if (rc < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < USB_WAIT_FDS; i++)
		if (pfd[i].revents)
			mask |= 1 << i;
	rc = libusb_handle_events_timeout_completed(ctx, &zero, NULL);
	if (rc < 0 && rc != LIBUSB_ERROR_INTERRUPTED)
		return usb_errno(rc);
	return mask;
}

int usb_wait(struct usb *u, const int fds[static USB_WAIT_FDS], int timeout_ms)
{
	int mask = usb_wait_context(u->ctx, fds, timeout_ms);

	return u->gone ? -ENODEV : mask;
}

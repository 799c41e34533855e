#include "tests/sim/front_usbfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define DRIVER "cdc_acm"

#define CAPABILITIES                                                 \
	(USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION | \
	 USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)

#define REQ_CLEAR_FEATURE     1
#define REQ_SET_CONFIGURATION 9
#define REQ_SET_INTERFACE     11

struct timer {
	GSource source;
	struct usbfs *dev;
};

static gboolean on_timer(GSource *source, GSourceFunc unused, gpointer data)
{
	struct usbfs *dev = ((struct timer *)source)->dev;

	(void)unused;
	(void)data;
	g_rec_mutex_lock(&dev->lock);
	g_source_set_ready_time(source, -1);
	usbfs_service(dev);
	g_rec_mutex_unlock(&dev->lock);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .dispatch = on_timer };

/* umockdev's context is known only inside its thread. */
static void ensure_timer(struct usbfs *dev)
{
	if (dev->timer)
		return;
	dev->timer = g_source_new(&timer_funcs, sizeof(struct timer));
	((struct timer *)dev->timer)->dev = dev;
	g_source_attach(dev->timer, g_main_context_get_thread_default());
}

/* Interface an endpoint belongs to, or -1. */
static int interface_of(uint8_t endpoint)
{
	switch (endpoint) {
	case MODEL_EP_INT:
		return 0;
	case MODEL_EP_IN:
	case MODEL_EP_OUT:
		return 1;
	default:
		return -1;
	}
}

static struct usbfs_opener *claimer(const struct usbfs *dev,
				    unsigned int interface)
{
	struct usbfs_opener *o = dev->openers;

	while (o && !(o->claimed >> interface & 1))
		o = o->next;
	return o;
}

static int claim(struct usbfs_opener *o, unsigned int interface)
{
	struct usbfs_opener *by;

	if (interface >= USBFS_INTERFACES)
		return EINVAL;
	by = claimer(o->dev, interface);
	if (by == o)
		return 0;
	if (by || o->dev->kernel_driver)
		return EBUSY;
	o->claimed |= 1u << interface;
	return 0;
}

int usbfs_check_claim(struct usbfs_opener *o, uint8_t endpoint)
{
	int interface = interface_of(endpoint);

	return interface < 0 ? ENOENT : claim(o, (unsigned int)interface);
}

static int release(struct usbfs_opener *o, unsigned int interface)
{
	if (interface >= USBFS_INTERFACES || !(o->claimed >> interface & 1))
		return EINVAL;
	o->claimed &= ~(1u << interface);
	return 0;
}

/* cdc_acm holds both interfaces and lets go of both. */
static int disconnect_driver(struct usbfs_opener *o, unsigned int interface)
{
	struct usbfs_opener *by;

	if (interface >= USBFS_INTERFACES)
		return EINVAL;
	by = claimer(o->dev, interface);
	if (by)
		by->claimed &= ~(1u << interface);
	else if (!o->dev->kernel_driver)
		return ENODATA;
	o->dev->kernel_driver = false;
	return 0;
}

/* Probing binds the pair, so the other interface must be free as well. */
static int connect_driver(struct usbfs *dev, unsigned int interface, long *res)
{
	if (interface >= USBFS_INTERFACES)
		return EINVAL;
	if (dev->kernel_driver || claimer(dev, interface))
		return EBUSY;
	*res = !claimer(dev, !interface);
	dev->kernel_driver = *res;
	return 0;
}

/* What an ioctl points to; NULL when the client lies. */
static void *argument(UMockdevIoctlClient *client, size_t size)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, size, NULL);
	void *bytes = data ? data->data : NULL;

	if (data)
		g_object_unref(data); /* the argument keeps it */
	return bytes;
}

static int do_driver_ioctl(struct usbfs_opener *o, UMockdevIoctlClient *client,
			   long *res)
{
	const struct usbdevfs_ioctl *cmd = argument(client, sizeof(*cmd));

	if (!cmd)
		return EFAULT;
	switch ((unsigned int)cmd->ioctl_code) {
	case USBDEVFS_DISCONNECT:
		return disconnect_driver(o, (unsigned int)cmd->ifno);
	case USBDEVFS_CONNECT:
		return connect_driver(o->dev, (unsigned int)cmd->ifno, res);
	default:
		return ENOTTY;
	}
}

static int do_disconnect_claim(struct usbfs_opener *o,
			       UMockdevIoctlClient *client)
{
	const struct usbdevfs_disconnect_claim *dc =
		argument(client, sizeof(*dc));
	const char *bound;
	struct usbfs_opener *by;

	if (!dc)
		return EFAULT;
	if (dc->interface >= USBFS_INTERFACES)
		return EINVAL;
	by = claimer(o->dev, dc->interface);
	bound = o->dev->kernel_driver ? DRIVER : by ? "usbfs" : NULL;
	if (bound) {
		bool same = !strncmp(dc->driver, bound, sizeof(dc->driver));

		if (dc->flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER && !same)
			return EBUSY;
		if (dc->flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER && same)
			return EBUSY;
		(void)disconnect_driver(o, dc->interface);
	}
	return claim(o, dc->interface);
}

static int do_get_driver(struct usbfs_opener *o, UMockdevIoctlClient *client)
{
	struct usbdevfs_getdriver *g = argument(client, sizeof(*g));
	const char *bound = NULL;

	if (!g)
		return EFAULT;
	if (g->interface >= USBFS_INTERFACES)
		return EINVAL;
	if (o->dev->kernel_driver)
		bound = DRIVER;
	else if (claimer(o->dev, g->interface))
		bound = "usbfs";
	if (!bound)
		return ENODATA;
	memset(g->driver, 0, sizeof(g->driver));
	strcpy(g->driver, bound);
	return 0;
}

static int standard_request(struct usbfs *dev, const struct model_setup *setup)
{
	size_t len = 0;

	return usbfs_control(dev, setup, NULL, &len);
}

static int do_set_interface(struct usbfs_opener *o, UMockdevIoctlClient *client)
{
	const struct usbdevfs_setinterface *s = argument(client, sizeof(*s));
	struct model_setup setup = { .type = 1, .request = REQ_SET_INTERFACE };
	int err;

	if (!s)
		return EFAULT;
	err = claim(o, s->interface);
	if (err)
		return err;
	setup.value = (uint16_t)s->altsetting;
	setup.index = (uint16_t)s->interface;
	return standard_request(o->dev, &setup);
}

static int set_configuration(struct usbfs *dev, unsigned int value)
{
	const struct model_setup setup = {
		.request = REQ_SET_CONFIGURATION,
		.value = (uint16_t)value,
	};

	return standard_request(dev, &setup);
}

static int do_set_configuration(struct usbfs_opener *o,
				UMockdevIoctlClient *client)
{
	const unsigned int *value = argument(client, sizeof(*value));

	if (!value)
		return EFAULT;
	if (o->dev->kernel_driver || claimer(o->dev, 0) || claimer(o->dev, 1))
		return EBUSY;
	return set_configuration(o->dev, *value);
}

static int do_clear_halt(struct usbfs_opener *o, UMockdevIoctlClient *client)
{
	const unsigned int *ep = argument(client, sizeof(*ep));
	struct model_setup setup = { .type = 2, .request = REQ_CLEAR_FEATURE };
	int err;

	if (!ep)
		return EFAULT;
	err = usbfs_check_claim(o, (uint8_t)*ep);
	if (err)
		return err;
	setup.index = (uint16_t)*ep;
	return standard_request(o->dev, &setup);
}

static int do_reset(struct usbfs *dev)
{
	model_bus_reset(dev->m, sim_now_us());
	/* usb_reset_device() restores the configuration. */
	return set_configuration(dev, 1);
}

static int do_control(struct usbfs_opener *o, UMockdevIoctlClient *client,
		      long *res)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0,
		sizeof(struct usbdevfs_ctrltransfer), NULL);
	struct usbdevfs_ctrltransfer *c;
	UMockdevIoctlData *buffer = NULL;
	struct model_setup setup;
	size_t len;
	int err;

	if (!data)
		return EFAULT;
	c = (void *)data->data;
	setup = (struct model_setup){ c->bRequestType, c->bRequest, c->wValue,
				      c->wIndex, c->wLength };
	len = c->wLength;
	if (len)
		buffer = umockdev_ioctl_data_resolve(
			data, offsetof(struct usbdevfs_ctrltransfer, data), len,
			NULL);
	err = len && !buffer
		      ? EFAULT
		      : usbfs_control(o->dev, &setup,
				      buffer ? buffer->data : NULL, &len);
	*res = (long)len;
	g_clear_object(&buffer);
	g_object_unref(data);
	return err == EINPROGRESS ? ETIMEDOUT : err;
}

static int do_capabilities(UMockdevIoctlClient *client)
{
	uint32_t *caps = argument(client, sizeof(*caps));

	if (!caps)
		return EFAULT;
	*caps = CAPABILITIES;
	return 0;
}

static int do_interface(struct usbfs_opener *o, UMockdevIoctlClient *client,
			int (*fn)(struct usbfs_opener *o, unsigned int n))
{
	const unsigned int *n = argument(client, sizeof(*n));

	return n ? fn(o, *n) : EFAULT;
}

/* ioctls that are answered at once: 0 or errno. */
static int do_ioctl(struct usbfs_opener *o, UMockdevIoctlClient *client,
		    long *res)
{
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);

	switch (umockdev_ioctl_client_get_request(client)) {
	case USBDEVFS_GET_CAPABILITIES:
		return do_capabilities(client);
	case USBDEVFS_CLAIMINTERFACE:
		return do_interface(o, client, claim);
	case USBDEVFS_RELEASEINTERFACE:
		return do_interface(o, client, release);
	case USBDEVFS_GETDRIVER:
		return do_get_driver(o, client);
	case USBDEVFS_IOCTL:
		return do_driver_ioctl(o, client, res);
	case USBDEVFS_DISCONNECT_CLAIM:
		return do_disconnect_claim(o, client);
	case USBDEVFS_SUBMITURB:
		return usbfs_submit(o, arg);
	case USBDEVFS_DISCARDURB:
		return usbfs_discard(o, *(unsigned long *)(void *)arg->data);
	case USBDEVFS_CLEAR_HALT:
		return do_clear_halt(o, client);
	case USBDEVFS_RESET:
		return do_reset(o->dev);
	case USBDEVFS_SETINTERFACE:
		return do_set_interface(o, client);
	case USBDEVFS_SETCONFIGURATION:
		return do_set_configuration(o, client);
	case USBDEVFS_CONTROL:
		return do_control(o, client, res);
	default:
		return ENOTTY;
	}
}

/* umockdev lets go of the client when its descriptor is closed. */
static void opener_free(gpointer data)
{
	struct usbfs_opener *o = data, **at;
	struct usbfs *dev = o->dev;

	g_rec_mutex_lock(&dev->lock);
	for (at = &dev->openers; *at != o; at = &(*at)->next)
		;
	*at = o->next;
	usbfs_drop_urbs(o);
	g_rec_mutex_unlock(&dev->lock);
	free(o);
}

static struct usbfs_opener *opener_of(struct usbfs *dev,
				      UMockdevIoctlClient *client)
{
	struct usbfs_opener *o = g_object_get_data(G_OBJECT(client), "opener");

	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->dev = dev;
	o->gone = !dev->plugged;
	o->next = dev->openers;
	dev->openers = o;
	g_object_set_data_full(G_OBJECT(client), "opener", o, opener_free);
	return o;
}

static void on_request(struct usbfs_opener *o, UMockdevIoctlClient *client)
{
	unsigned long request = umockdev_ioctl_client_get_request(client);
	long res = 0;
	int err;

	switch (request) {
	case USBDEVFS_REAPURB:
	case USBDEVFS_REAPURBNDELAY:
		usbfs_reap(o, client, request == USBDEVFS_REAPURB);
		return;
	case USBDEVFS_BULK:
		usbfs_bulk(o, client);
		return;
	default:
		break;
	}
	err = o->gone && request != USBDEVFS_DISCARDURB
		      ? ENODEV
		      : do_ioctl(o, client, &res);
	umockdev_ioctl_client_complete(client, err ? -1 : res, err);
	if (request == USBDEVFS_SUBMITURB)
		usbfs_service(o->dev);
}

static gboolean on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client,
			 gpointer data)
{
	struct usbfs *dev = data;
	struct usbfs_opener *o;

	(void)base;
	g_rec_mutex_lock(&dev->lock);
	ensure_timer(dev);
	o = opener_of(dev, client);
	if (o)
		on_request(o, client);
	else
		umockdev_ioctl_client_complete(client, -1, ENOMEM);
	g_rec_mutex_unlock(&dev->lock);
	return TRUE;
}

int usbfs_init(struct usbfs *dev, struct model *m,
	       void (*on_gone)(struct usbfs *dev))
{
	memset(dev, 0, sizeof(*dev));
	g_rec_mutex_init(&dev->lock);
	dev->m = m;
	dev->on_gone = on_gone;
	dev->base = umockdev_ioctl_base_new();
	if (!dev->base)
		return -ENOMEM;
	g_signal_connect(dev->base, "handle-ioctl", G_CALLBACK(on_ioctl), dev);
	return 0;
}

void usbfs_done(struct usbfs *dev)
{
	if (dev->timer) {
		g_source_destroy(dev->timer);
		g_source_unref(dev->timer);
	}
	if (dev->base)
		g_rec_mutex_clear(&dev->lock);
	g_clear_object(&dev->base);
}

void usbfs_arrive(struct usbfs *dev)
{
	g_rec_mutex_lock(&dev->lock);
	model_power_cycle(dev->m, sim_now_us());
	(void)set_configuration(dev, 1);
	dev->kernel_driver = true;
	dev->plugged = true;
	g_rec_mutex_unlock(&dev->lock);
}

void usbfs_depart(struct usbfs *dev)
{
	g_rec_mutex_lock(&dev->lock);
	dev->plugged = false;
	dev->kernel_driver = false;
	for (struct usbfs_opener *o = dev->openers; o; o = o->next) {
		o->gone = true;
		o->claimed = 0;
		for (struct usbfs_urb *u = o->urbs; u; u = u->next)
			if (u->status == -EINPROGRESS)
				u->status = -ESHUTDOWN;
	}
	usbfs_service(dev);
	g_rec_mutex_unlock(&dev->lock);
}

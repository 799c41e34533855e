#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/front_redir_priv.h"
#include "tests/sim/sim.h"

#define TO_INTERFACE	0x01
#define FROM_INTERFACE	0x81
#define FROM_DEVICE	0x80
#define GET_CONFIG	8
#define SET_CONFIG	9
#define GET_INTERFACE	10
#define SET_INTERFACE	11
#define TYPE_UNUSED	255
#define ATTRIBUTES_MASK 3

/* The index of an endpoint in usbredir's arrays. */
static unsigned int slot(uint8_t endpoint)
{
	return (endpoint & 0x80) >> 3 | (endpoint & 0x0f);
}

/* Walks the configuration descriptor for what usbredir wants to know. */
static void describe(struct usb_redir_interface_info_header *info,
		     struct usb_redir_ep_info_header *eps)
{
	size_t len, at = 0;
	const uint8_t *d = model_config_descriptor(&len);
	uint8_t interface = 0;

	memset(info, 0, sizeof(*info));
	memset(eps, 0, sizeof(*eps));
	memset(eps->type, TYPE_UNUSED, sizeof(eps->type));
	eps->type[0] = eps->type[slot(0x80)] = usb_redir_type_control;
	for (; at < len; at += d[at]) {
		const uint8_t *p = d + at;
		unsigned int i = info->interface_count;

		if (p[1] == 4) {
			interface = p[2];
			info->interface[i] = p[2];
			info->interface_class[i] = p[5];
			info->interface_subclass[i] = p[6];
			info->interface_protocol[i] = p[7];
			info->interface_count++;
		} else if (p[1] == 5) {
			unsigned int s = slot(p[2]);

			eps->type[s] = p[3] & ATTRIBUTES_MASK;
			eps->interval[s] = p[6];
			eps->interface[s] = interface;
			eps->max_packet_size[s] = (uint16_t)(p[4] | p[5] << 8);
		}
	}
}

static void say_device(struct redir *r)
{
	struct usb_redir_interface_info_header info;
	struct usb_redir_ep_info_header eps;
	struct usb_redir_device_connect_header c = {
		.speed = usb_redir_speed_full
	};
	size_t len;
	const uint8_t *d = model_device_descriptor(&len);

	if (!r->hello || r->said || !r->plugged)
		return;
	describe(&info, &eps);
	c.device_class = d[4];
	c.device_subclass = d[5];
	c.device_protocol = d[6];
	c.vendor_id = (uint16_t)(d[8] | d[9] << 8);
	c.product_id = (uint16_t)(d[10] | d[11] << 8);
	c.device_version_bcd = (uint16_t)(d[12] | d[13] << 8);
	usbredirparser_send_interface_info(r->parser, &info);
	usbredirparser_send_ep_info(r->parser, &eps);
	usbredirparser_send_device_connect(r->parser, &c);
	r->said = true;
}

static void on_hello(void *priv, struct usb_redir_hello_header *hello)
{
	struct redir *r = priv;

	(void)hello;
	r->hello = true;
	say_device(r);
}

static void on_reset(void *priv)
{
	struct redir *r = priv;

	redir_drop_bulks(r);
	model_bus_reset(r->m, sim_now_us());
}

/* A request of the standard kind without data of its own. */
static uint8_t simple_request(struct redir *r, const struct model_setup *setup,
			      uint8_t *byte)
{
	uint8_t data[1] = { 0 };
	size_t len = setup->length;
	enum model_status s =
		model_control(r->m, sim_now_us(), setup, data, &len);

	if (byte)
		*byte = data[0];
	return redir_status(s);
}

static void say_configuration(struct redir *r, uint64_t id, uint8_t status)
{
	const struct model_setup get = { FROM_DEVICE, GET_CONFIG, 0, 0, 1 };
	struct usb_redir_configuration_status_header h = { .status = status };

	(void)simple_request(r, &get, &h.configuration);
	usbredirparser_send_configuration_status(r->parser, id, &h);
}

static void
on_set_configuration(void *priv, uint64_t id,
		     struct usb_redir_set_configuration_header *head)
{
	const struct model_setup set = { 0, SET_CONFIG, head->configuration, 0,
					 0 };

	say_configuration(priv, id, simple_request(priv, &set, NULL));
}

static void on_get_configuration(void *priv, uint64_t id)
{
	say_configuration(priv, id, usb_redir_success);
}

static void say_alternate(struct redir *r, uint64_t id, uint8_t status,
			  uint8_t interface)
{
	const struct model_setup get = { FROM_INTERFACE, GET_INTERFACE, 0,
					 interface, 1 };
	struct usb_redir_alt_setting_status_header h = {
		.status = status,
		.interface = interface,
	};

	(void)simple_request(r, &get, &h.alt);
	usbredirparser_send_alt_setting_status(r->parser, id, &h);
}

static void on_set_alternate(void *priv, uint64_t id,
			     struct usb_redir_set_alt_setting_header *head)
{
	const struct model_setup set = { TO_INTERFACE, SET_INTERFACE, head->alt,
					 head->interface, 0 };

	say_alternate(priv, id, simple_request(priv, &set, NULL),
		      head->interface);
}

static void on_get_alternate(void *priv, uint64_t id,
			     struct usb_redir_get_alt_setting_header *head)
{
	say_alternate(priv, id, usb_redir_success, head->interface);
}

/* The firmware never sends a notification: nothing follows these. */
static void say_interrupt(struct redir *r, uint64_t id, uint8_t endpoint)
{
	struct usb_redir_interrupt_receiving_status_header h = {
		.status = usb_redir_success,
		.endpoint = endpoint,
	};

	usbredirparser_send_interrupt_receiving_status(r->parser, id, &h);
}

static void
on_start_interrupt(void *priv, uint64_t id,
		   struct usb_redir_start_interrupt_receiving_header *head)
{
	say_interrupt(priv, id, head->endpoint);
}

static void
on_stop_interrupt(void *priv, uint64_t id,
		  struct usb_redir_stop_interrupt_receiving_header *head)
{
	say_interrupt(priv, id, head->endpoint);
}

static void on_control(void *priv, uint64_t id,
		       struct usb_redir_control_packet_header *head,
		       uint8_t *data, int data_len)
{
	struct redir *r = priv;
	const struct model_setup setup = { head->requesttype, head->request,
					   head->value, head->index,
					   head->length };
	uint8_t buf[UINT16_MAX] = { 0 };
	size_t len = head->length;
	bool in = head->requesttype & FROM_DEVICE;

	if (!in && data)
		memcpy(buf, data,
		       (size_t)data_len < len ? (size_t)data_len : len);
	usbredirparser_free_packet_data(r->parser, data);
	head->status = redir_status(
		model_control(r->m, sim_now_us(), &setup, buf, &len));
	if (head->status != usb_redir_success)
		len = 0;
	head->length = (uint16_t)len;
	usbredirparser_send_control_packet(r->parser, id, head, in ? buf : NULL,
					   in ? (int)len : 0);
	redir_service(r);
}

static void on_disconnect_ack(void *priv)
{
	(void)priv;
}

static int on_read(void *priv, uint8_t *data, int count)
{
	struct redir *r = priv;
	ssize_t n = read(r->fd, data, (size_t)count);

	if (n > 0)
		return (int)n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int on_write(void *priv, uint8_t *data, int count)
{
	struct redir *r = priv;
	ssize_t n = write(r->fd, data, (size_t)count);

	if (n >= 0)
		return (int)n;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void on_log(void *priv, int level, const char *msg)
{
	(void)priv;
	if (level <= usbredirparser_warning)
		log_warn("usbredir: %s", msg);
}

static void set_callbacks(struct redir *r)
{
	struct usbredirparser *p = r->parser;

	p->priv = r;
	p->log_func = on_log;
	p->read_func = on_read;
	p->write_func = on_write;
	p->hello_func = on_hello;
	p->reset_func = on_reset;
	p->set_configuration_func = on_set_configuration;
	p->get_configuration_func = on_get_configuration;
	p->set_alt_setting_func = on_set_alternate;
	p->get_alt_setting_func = on_get_alternate;
	p->start_interrupt_receiving_func = on_start_interrupt;
	p->stop_interrupt_receiving_func = on_stop_interrupt;
	p->cancel_data_packet_func = redir_on_cancel;
	p->control_packet_func = on_control;
	p->bulk_packet_func = redir_on_bulk;
	p->device_disconnect_ack_func = on_disconnect_ack;
}

struct redir *redir_new(int fd, struct model *m, bool plugged)
{
	static const int wanted[] = {
		usb_redir_cap_connect_device_version,
		usb_redir_cap_device_disconnect_ack,
		usb_redir_cap_ep_info_max_packet_size,
		usb_redir_cap_64bits_ids,
		usb_redir_cap_32bits_bulk_length,
	};
	uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };
	struct redir *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->parser = usbredirparser_create();
	if (!r->parser) {
		free(r);
		errno = ENOMEM;
		return NULL;
	}
	r->fd = fd;
	r->m = m;
	r->plugged = plugged;
	set_callbacks(r);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		usbredirparser_caps_set_cap(caps, wanted[i]);
	usbredirparser_init(r->parser, "onerng-sim " ONERNG_VERSION, caps,
			    USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
	return r;
}

void redir_free(struct redir *r)
{
	if (!r)
		return;
	redir_drop_bulks(r);
	usbredirparser_destroy(r->parser);
	close(r->fd);
	free(r);
}

void redir_plug(struct redir *r)
{
	r->plugged = true;
	say_device(r);
}

void redir_unplug(struct redir *r)
{
	r->plugged = false;
	redir_drop_bulks(r);
	if (r->said)
		usbredirparser_send_device_disconnect(r->parser);
	r->said = false;
}

int redir_serve(struct redir *r)
{
	/* A packet that makes no sense is skipped; only the socket can end it. */
	if (usbredirparser_do_read(r->parser) == usbredirparser_read_io_error)
		return -EIO;
	if (usbredirparser_has_data_to_write(r->parser) &&
	    usbredirparser_do_write(r->parser) < 0)
		return -EIO;
	return 0;
}

int redir_fd(const struct redir *r)
{
	return r->fd;
}

bool redir_wants_write(const struct redir *r)
{
	return usbredirparser_has_data_to_write(r->parser) > 0;
}

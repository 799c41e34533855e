/*
 * Descriptors and control requests, byte for byte those of the firmware
 * (OneRNG/firmware, cdc.c and usb.c), quirks included.
 */
#include <string.h>

#include "tests/sim/model_state.h"

#define USB_DIR_IN	   0x80
#define USB_TYPE_MASK	   0x60
#define USB_TYPE_STANDARD  0x00
#define USB_TYPE_CLASS	   0x20
#define USB_RECIP_MASK	   0x1f
#define USB_RECIP_ENDPOINT 0x02

#define REQ_GET_STATUS	      0
#define REQ_CLEAR_FEATURE     1
#define REQ_SET_FEATURE	      3
#define REQ_SET_ADDRESS	      5
#define REQ_GET_DESCRIPTOR    6
#define REQ_GET_CONFIGURATION 8
#define REQ_SET_CONFIGURATION 9
#define REQ_GET_INTERFACE     10
#define REQ_SET_INTERFACE     11
#define FEATURE_ENDPOINT_HALT 0

#define CDC_SET_LINE_CODING	   0x20
#define CDC_GET_LINE_CODING	   0x21
#define CDC_SET_CONTROL_LINE_STATE 0x22
#define CDC_DTR			   0x01

#define DESC_DEVICE 1
#define DESC_CONFIG 2
#define DESC_STRING 3
#define STRINGS	    5
#define STRING_MAX  102

static const uint8_t device_descriptor[] = {
	0x12, 0x01, 0x00, 0x02, 0x02, 0x00, 0x00, 0x20, 0x50,
	0x1d, 0x86, 0x60, 0x09, 0x00, 0x01, 0x03, 0x03, 0x01,
};

static const uint8_t config_descriptor[] = {
	0x09,
	0x02,
	0x43,
	0x00,
	0x02,
	0x01,
	0x00,
	0x80,
	0x64,
	/* interface 0: CDC control, ACM, AT commands */
	0x09,
	0x04,
	0x00,
	0x00,
	0x01,
	0x02,
	0x02,
	0x01,
	0x00,
	/* header, ACM, union, call management: in the firmware's order */
	0x05,
	0x24,
	0x00,
	0x10,
	0x01,
	0x04,
	0x24,
	0x02,
	0x06,
	0x05,
	0x24,
	0x06,
	0x00,
	0x01,
	0x05,
	0x24,
	0x01,
	0x00,
	0x01,
	/* interrupt IN, never used */
	0x07,
	0x05,
	0x82,
	0x03,
	0x20,
	0x00,
	0x40,
	/* interface 1: CDC data, bulk IN, bulk OUT */
	0x09,
	0x04,
	0x01,
	0x00,
	0x02,
	0x0a,
	0x00,
	0x00,
	0x04,
	0x07,
	0x05,
	0x85,
	0x02,
	0x40,
	0x00,
	0x01,
	0x07,
	0x05,
	0x05,
	0x02,
	0x40,
	0x00,
	0x01,
};

/* Index 0 holds a language, not text. */
static const char *const strings[STRINGS] = {
	NULL,
	"Moonbase Otago http://www.moonbaseotago.com/random",
	"CC2531 USB Random Number Generator",
	"00",
	"Random",
};

const uint8_t *model_device_descriptor(size_t *len)
{
	*len = sizeof(device_descriptor);
	return device_descriptor;
}

const uint8_t *model_config_descriptor(size_t *len)
{
	*len = sizeof(config_descriptor);
	return config_descriptor;
}

const uint8_t *model_string_descriptor(unsigned int index, size_t *len)
{
	static const uint8_t language[] = { 4, DESC_STRING, 0x09, 0x04 };
	static _Thread_local uint8_t desc[STRING_MAX];

	if (index >= STRINGS)
		return NULL;
	*len = sizeof(language);
	if (!index)
		return language;
	*len = 2 + 2 * strlen(strings[index]);
	memset(desc, 0, sizeof(desc));
	desc[0] = (uint8_t)*len;
	desc[1] = DESC_STRING;
	for (size_t i = 0; strings[index][i]; i++)
		desc[2 + 2 * i] = (uint8_t)strings[index][i];
	return desc;
}

/* One control transfer under way. */
struct transfer {
	const struct model_setup *setup;
	uint8_t *data;
	size_t *len;
};

static enum model_status answer(const struct transfer *t, const void *data,
				size_t len)
{
	if (!data)
		return MODEL_STALL;
	*t->len = len < t->setup->length ? len : t->setup->length;
	memcpy(t->data, data, *t->len);
	return MODEL_OK;
}

static enum model_status get_descriptor(const struct transfer *t)
{
	const uint8_t *desc = NULL;
	size_t len = 0;

	switch (t->setup->value >> 8) {
	case DESC_DEVICE:
		desc = model_device_descriptor(&len);
		break;
	case DESC_CONFIG:
		desc = model_config_descriptor(&len);
		break;
	case DESC_STRING:
		desc = model_string_descriptor(t->setup->value & 0xff, &len);
		break;
	default:
		break; /* DEVICE_QUALIFIER and the rest: stalled */
	}
	return answer(t, desc, len);
}

static struct model_endpoint *endpoint(struct model *m, uint16_t index)
{
	switch (index & 0xff) {
	case MODEL_EP_IN:
		return &m->usb.in;
	case MODEL_EP_OUT:
		return &m->usb.out;
	case MODEL_EP_INT:
		return &m->usb.intr;
	default:
		return NULL;
	}
}

static enum model_status get_status(struct model *m, const struct transfer *t)
{
	const struct model_endpoint *ep = NULL;
	uint8_t status[2] = { 0, 0 };

	if ((t->setup->type & USB_RECIP_MASK) == USB_RECIP_ENDPOINT)
		ep = endpoint(m, t->setup->index);
	status[0] = ep && ep->halted;
	return answer(t, status, sizeof(status));
}

static bool is_halt(const struct model_setup *s)
{
	return (s->type & USB_RECIP_MASK) == USB_RECIP_ENDPOINT &&
	       s->value == FEATURE_ENDPOINT_HALT;
}

/*
 * The firmware's helper returns 1 for "done" and its caller takes 1 for
 * "stall": what it did is answered with STALL, what it did not understand is
 * accepted.
 */
static enum model_status set_feature(struct model *m,
				     const struct model_setup *s)
{
	struct model_endpoint *ep = endpoint(m, s->index);

	if (!is_halt(s) || !ep)
		return m->conf.bugs ? MODEL_OK : MODEL_STALL;
	ep->halted = s->request == REQ_SET_FEATURE;
	if (!ep->halted)
		ep->toggle = false;
	if (m->conf.bugs)
		return MODEL_STALL;
	/* Only after a successful clear does the host reset its own. */
	ep->host_toggle = ep->toggle;
	return MODEL_OK;
}

static enum model_status set_interface(struct model *m,
				       const struct model_setup *s)
{
	if (s->index > 1 || s->value)
		return MODEL_STALL;
	if (s->index == 1)
		model_flush_endpoints(m);
	fault_event(&m->fault, FAULT_CURE_INTERFACE);
	return MODEL_OK;
}

static enum model_status set_configuration(struct model *m,
					   const struct model_setup *s)
{
	if (s->value > 1)
		return MODEL_STALL;
	model_flush_endpoints(m);
	m->usb.configuration = (uint8_t)s->value;
	return MODEL_OK;
}

static enum model_status standard(struct model *m, const struct transfer *t)
{
	static const uint8_t alternate = 0;

	switch (t->setup->request) {
	case REQ_GET_STATUS:
		return get_status(m, t);
	case REQ_CLEAR_FEATURE:
	case REQ_SET_FEATURE:
		return set_feature(m, t->setup);
	case REQ_SET_ADDRESS:
		return MODEL_OK;
	case REQ_GET_DESCRIPTOR:
		return get_descriptor(t);
	case REQ_GET_CONFIGURATION:
		return answer(t, &m->usb.configuration, 1);
	case REQ_SET_CONFIGURATION:
		return set_configuration(m, t->setup);
	case REQ_GET_INTERFACE:
		return answer(t, &alternate, 1);
	case REQ_SET_INTERFACE:
		return set_interface(m, t->setup);
	default:
		return MODEL_STALL;
	}
}

/* DTR alone is the gate; the firmware's variable is misnamed RTS. */
static enum model_status set_line_state(struct model *m, bool dtr)
{
	struct fault *f = &m->fault;

	if (!dtr)
		f->dtr_fell = true;
	else if (f->dtr_fell)
		fault_event(f, FAULT_CURE_DTR);
	m->app.dtr = dtr;
	model_wake_sender(m);
	return MODEL_OK;
}

/* The stack looks at type and direction, not at recipient or wLength. */
static enum model_status class_request(struct model *m,
				       const struct transfer *t)
{
	bool in = t->setup->type & USB_DIR_IN;
	uint8_t *coding = m->app.line_coding[(t->setup->index & 0x1f) != 0];

	if (in)
		return t->setup->request == CDC_GET_LINE_CODING
			       ? answer(t, coding, 7)
			       : MODEL_STALL;
	switch (t->setup->request) {
	case CDC_SET_LINE_CODING:
		memcpy(coding, t->data, *t->len < 7 ? *t->len : 7);
		return MODEL_OK;
	case CDC_SET_CONTROL_LINE_STATE:
		return set_line_state(m, t->setup->value & CDC_DTR);
	default:
		return MODEL_STALL;
	}
}

enum model_status model_control(struct model *m, uint64_t now_us,
				const struct model_setup *setup, uint8_t *data,
				size_t *len)
{
	struct transfer t = { setup, data, len };
	struct fault *f = &m->fault;

	model_advance(m, now_us);
	if (fault_moment_came(f, FAULT_MOMENT_CONTROL, 1))
		m->gone = true;
	if (setup->type & USB_DIR_IN)
		*len = 0;
	if (m->gone)
		return MODEL_GONE;
	if (f->suspended || m->hung)
		return MODEL_NAK;
	if (f->error_control) {
		if (!--f->error_control)
			fault_spent(f, "error-control");
		return MODEL_ERROR;
	}
	switch (setup->type & USB_TYPE_MASK) {
	case USB_TYPE_STANDARD:
		return standard(m, &t);
	case USB_TYPE_CLASS:
		return class_request(m, &t);
	default:
		return MODEL_STALL;
	}
}

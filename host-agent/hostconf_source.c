#include "host-agent/hostconf_source.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/health.h"

static int say(char *why, const char *text)
{
	snprintf(why, INI_WHY_MAX, "%s", text);
	return -EINVAL;
}

/* "4", "4.0", "0.25" to thousandths; more than three decimals are refused. */
static int millibits(const char *value, unsigned int *out)
{
	unsigned int whole = 0, part = 0, scale = 1000;
	const char *p = value;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p) && whole < 10; p++)
		whole = whole * 10 + (unsigned int)(*p - '0');
	if (*p == '.' && isdigit((unsigned char)p[1]))
		p++;
	for (; p > value && isdigit((unsigned char)*p) && scale > 1; p++) {
		scale /= 10;
		part += (unsigned int)(*p - '0') * scale;
	}
	if (*p || whole > 8)
		return -EINVAL;
	*out = whole * 1000 + part;
	return 0;
}

int hostconf_h_byte(const char *value, unsigned int *out, char *why)
{
	struct health_cutoffs cut;
	unsigned int h;

	if (millibits(value, &h) ||
	    health_cutoffs(&cut, h, HEALTH_H_BIT_DEFAULT))
		return say(why, "not 0.5 to 8 in steps of 0.5");
	*out = h;
	return 0;
}

int hostconf_h_bit(const char *value, unsigned int *out, char *why)
{
	struct health_cutoffs cut;
	unsigned int h;

	if (millibits(value, &h) ||
	    health_cutoffs(&cut, HEALTH_H_BYTE_DEFAULT, h))
		return say(why, "not 0.1, 0.25, 0.5, 0.75, 0.8, 0.9 or 1");
	*out = h;
	return 0;
}

static struct hostconf_device *find_device(struct hostconf *c,
					   const char *label)
{
	for (size_t i = 0; i < c->devices_count; i++)
		if (!strcmp(c->devices[i].label, label))
			return &c->devices[i];
	return NULL;
}

int hostconf_open_device(struct hostconf *c, const char *label,
			 struct hostconf_device **out, char *why)
{
	const char *fault = label_fault(label);

	if (fault)
		return say(why, fault);
	if (!strcmp(c->hwrng.label, label))
		return say(why, "the hwrng has this label already");
	*out = find_device(c, label);
	if (*out)
		return 0;
	if (c->devices_count == HOSTCONF_PORTS_MAX)
		return say(why, "more than 16 devices");
	*out = &c->devices[c->devices_count++];
	snprintf((*out)->label, sizeof((*out)->label), "%s", label);
	return 0;
}

int hostconf_open_hwrng(struct hostconf *c, const char *label, char *why)
{
	struct hostconf_hwrng *h = &c->hwrng;
	const char *fault = label_fault(label);

	if (fault)
		return say(why, fault);
	if (find_device(c, label))
		return say(why, "a device has this label already");
	if (!strcmp(h->label, label))
		return 0;
	if (h->label[0])
		return say(why, "another hwrng: a kernel has one only");
	snprintf(h->label, sizeof(h->label), "%s", label);
	snprintf(h->path, sizeof(h->path), HOSTCONF_HWRNG);
	h->h_byte_millibits = HOSTCONF_HWRNG_H_BYTE;
	h->h_bit_millibits = HEALTH_H_BIT_DEFAULT;
	return 0;
}

int hostconf_set_port(struct hostconf *c, struct hostconf_device *d,
		      const char *value, char *why)
{
	if (strlen(value) >= RAWMSG_PORT_MAX || !rawmsg_port_valid(value))
		return say(why, "not BUS-PORT[.PORT...]");
	for (size_t i = 0; i < c->devices_count; i++) {
		if (&c->devices[i] == d || strcmp(c->devices[i].port, value))
			continue;
		snprintf(why, INI_WHY_MAX, "device %s has this port already",
			 c->devices[i].label);
		return -EINVAL;
	}
	snprintf(d->port, sizeof(d->port), "%s", value);
	return 0;
}

int hostconf_path(const char *value, char *out, size_t size, char *why)
{
	size_t len = strlen(value);

	if (value[0] != '/' || len >= size) {
		snprintf(why, INI_WHY_MAX,
			 "not an absolute path of at most %zu bytes", size - 1);
		return -EINVAL;
	}
	memset(out, 0, size);
	memcpy(out, value, len);
	return 0;
}

int hostconf_check_sources(const struct hostconf *c, const char *path,
			   char *err, size_t err_size)
{
	for (size_t i = 0; i < c->devices_count; i++) {
		if (c->devices[i].port[0])
			continue;
		snprintf(err, err_size, "%s: [device %s] has no port", path,
			 c->devices[i].label);
		return -EINVAL;
	}
	return 0;
}

const char *hostconf_label(const struct hostconf *c, const char *port)
{
	for (size_t i = 0; i < c->devices_count; i++)
		if (!strcmp(c->devices[i].port, port))
			return c->devices[i].label;
	return NULL;
}

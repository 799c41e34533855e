#include "host-agent/letgo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/log.h"
#include "common/textfile.h"
#include "host-agent/control.h"
#include "host-agent/egd_conn.h"
#include "host-agent/onerng.h"

#define SYSFS_DEVICES "/sys/bus/usb/devices"
#define DOMAIN	      "domain " /* in front of its name */

/* Who had one last. */
struct ended {
	char uuid[CONSUMER_UUID_MAX];
	uint64_t at_us;
};

struct letgo {
	struct devset *devices;
	struct letgo_entry entries[DEVSET_MAX];
	size_t count;
	struct ended ended[DEVSET_MAX]; /* the oldest is written over */
	size_t ended_next;
	int waiters[LETGO_WAITERS_MAX];
	size_t waiters_count;
	struct event late_ev;
	void (*changed)(void *ctx);
	void *ctx;
};

static bool is_settled(const struct letgo *l)
{
	const struct device *d;
	size_t i;

	for (i = 0; i < devset_count(l->devices); i++) {
		d = devset_device(l->devices, i);
		if (d->released[0] && !device_is_let_go(d))
			return false;
	}
	return true;
}

static void answer(int fd)
{
	static const char text[] = "{\"ok\":true,\"result\":{}}\n";

	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("who asked for a device did not wait");
	close(fd);
}

static void answer_all(struct letgo *l)
{
	event_del(&l->late_ev);
	while (l->waiters_count)
		answer(l->waiters[--l->waiters_count]);
}

/* A reader that does not let go is killed: the kernel takes it all back. */
static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct letgo *l = arg;
	size_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < devset_count(l->devices); i++)
		if (devset_device(l->devices, i)->released[0])
			devset_force(l->devices, i);
	answer_all(l);
}

struct letgo *letgo_new(struct event_base *base, struct devset *devices,
			void (*changed)(void *ctx), void *ctx)
{
	struct letgo *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->devices = devices;
	l->changed = changed;
	l->ctx = ctx;
	event_assign(&l->late_ev, base, -1, 0, on_late, l);
	return l;
}

void letgo_free(struct letgo *l)
{
	if (!l)
		return;
	event_del(&l->late_ev);
	while (l->waiters_count)
		close(l->waiters[--l->waiters_count]);
	free(l);
}

void letgo_settle(struct letgo *l)
{
	if (l->waiters_count && is_settled(l))
		answer_all(l);
}

void letgo_answer(struct letgo *l, int fd)
{
	const struct timeval late = { .tv_usec = LETGO_WAIT_MS * 1000 };

	if (is_settled(l) || l->waiters_count == LETGO_WAITERS_MAX) {
		answer(fd);
		return;
	}
	if (!l->waiters_count)
		event_add(&l->late_ev, &late);
	l->waiters[l->waiters_count++] = fd;
}

static struct letgo_entry *find(struct letgo *l, const char *port)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (!strcmp(l->entries[i].port, port))
			return &l->entries[i];
	return NULL;
}

/* By what it was asked for; a file that is left says no more either. */
static bool is_of_domain(const char *by)
{
	return !strncmp(by, DOMAIN, sizeof(DOMAIN) - 1);
}

/* -EALREADY: it is let go; -ENOSPC: no more places. */
static int let_go_port(struct letgo *l, const char *port, const char *by,
		       const char *uuid)
{
	struct letgo_entry *e;

	if (find(l, port))
		return -EALREADY;
	if (l->count == DEVSET_MAX)
		return -ENOSPC;
	e = &l->entries[l->count++];
	memset(e, 0, sizeof(*e));
	snprintf(e->port, sizeof(e->port), "%s", port);
	snprintf(e->by, sizeof(e->by), "%s", by);
	snprintf(e->uuid, sizeof(e->uuid), "%s", uuid);
	e->of_domain = is_of_domain(by);
	e->asked_us = egd_conn_now_us();
	devset_reserve(l->devices, e->port, e->by);
	l->changed(l->ctx);
	return 0;
}

static int let_go(struct letgo *l, size_t i, const char *by, const char *uuid)
{
	return let_go_port(l, devset_device(l->devices, i)->port, by, uuid);
}

static void note_end(struct letgo *l, const struct letgo_entry *e)
{
	struct ended *ended = &l->ended[l->ended_next];

	memcpy(ended->uuid, e->uuid, sizeof(ended->uuid));
	ended->at_us = egd_conn_now_us();
	l->ended_next = (l->ended_next + 1) % DEVSET_MAX;
}

uint64_t letgo_ended_us(const struct letgo *l, const char *uuid)
{
	uint64_t last_us = 0;
	size_t i;

	for (i = 0; i < DEVSET_MAX; i++)
		if (!strcmp(l->ended[i].uuid, uuid) &&
		    l->ended[i].at_us > last_us)
			last_us = l->ended[i].at_us;
	return last_us;
}

static void take_back(struct letgo *l, struct letgo_entry *e)
{
	int i = devset_find(l->devices, e->port);

	note_end(l, e);
	*e = l->entries[--l->count];
	if (i >= 0)
		devset_claim(l->devices, (size_t)i);
	l->changed(l->ctx);
}

/* What sysfs says of the device at that port; 0: nothing. */
static unsigned int sysfs_number(const char *port, const char *file)
{
	char path[sizeof(SYSFS_DEVICES) + LABEL_PLACE_MAX + 16], text[16];

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", port, file);
	textfile_read(path, text, sizeof(text));
	return (unsigned int)strtoul(text, NULL, 10);
}

static bool is_meant(const struct device *d, const struct passed *usb)
{
	if (d->kind != DEVICE_ONERNG)
		return false;
	if ((usb->vendor || usb->product) &&
	    (usb->vendor != ONERNG_VENDOR || usb->product != ONERNG_PRODUCT))
		return false;
	if (usb->bus || usb->device)
		return sysfs_number(d->port, "busnum") == usb->bus &&
		       sysfs_number(d->port, "devnum") == usb->device;
	/* by what it is alone: libvirt refuses that where there are two */
	return usb->vendor && !d->released[0] && d->state != DEVICE_GONE;
}

/* Has it one already?  Then it was asked for again. */
static bool has_one(struct letgo *l, const char *uuid)
{
	bool has = false;
	size_t i;

	for (i = 0; i < l->count; i++) {
		if (strcmp(l->entries[i].uuid, uuid) != 0)
			continue;
		l->entries[i].asked_us = egd_conn_now_us();
		l->entries[i].begun = false;
		has = true;
	}
	return has;
}

bool letgo_for_domain(struct letgo *l, const char *uuid, const char *name,
		      const struct passed *usb)
{
	char by[DEVICE_BY_MAX];
	size_t i;

	snprintf(by, sizeof(by), DOMAIN "%s", name);
	/* it was asked for before, and is not asked for twice */
	if (has_one(l, uuid) && !usb->bus && !usb->device)
		return !is_settled(l);
	for (i = 0; i < devset_count(l->devices); i++)
		if (is_meant(devset_device(l->devices, i), usb)) {
			let_go(l, i, by, uuid);
			break;
		}
	return !is_settled(l);
}

void letgo_begun(struct letgo *l, const char *uuid)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (!strcmp(l->entries[i].uuid, uuid))
			l->entries[i].begun = true;
}

const char *letgo_port_of(const struct letgo *l, const char *uuid)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (!strcmp(l->entries[i].uuid, uuid))
			return l->entries[i].port;
	return NULL;
}

void letgo_for_container(struct letgo *l, const char *uuid, const char *id,
			 const char *port)
{
	const struct passed any = { .vendor = ONERNG_VENDOR,
				    .product = ONERNG_PRODUCT };
	char by[DEVICE_BY_MAX];
	size_t i;

	if (has_one(l, uuid))
		return;
	snprintf(by, sizeof(by), "container %s", id);
	/* one that comes later is not to be opened first */
	if (*port) {
		let_go_port(l, port, by, uuid);
		return;
	}
	for (i = 0; i < devset_count(l->devices); i++)
		if (is_meant(devset_device(l->devices, i), &any)) {
			let_go(l, i, by, uuid);
			return;
		}
}

void letgo_end(struct letgo *l, size_t i)
{
	take_back(l, &l->entries[i]);
}

void letgo_end_domain(struct letgo *l, const char *uuid)
{
	size_t i;

	for (i = l->count; i-- > 0;)
		if (!strcmp(l->entries[i].uuid, uuid))
			take_back(l, &l->entries[i]);
}

/* The device that a request names: its index, or -ENOENT with why. */
static int named(const struct letgo *l, const json_t *request, char *why)
{
	const char *name =
		json_string_value(json_object_get(request, "device"));
	int i = name ? devset_find(l->devices, name) : -ENOENT;

	if (i < 0)
		snprintf(why, CONTROL_WHY_MAX,
			 "no such OneRNG: see onerngctl status");
	return i;
}

int letgo_release(void *letgo, int fd, const json_t *request, char *why)
{
	struct letgo *l = letgo;
	int i = named(l, request, why);
	int r = i < 0 ? i : let_go(l, (size_t)i, "root", "");

	if (r == -EALREADY)
		snprintf(why, CONTROL_WHY_MAX, "it is let go already, for %s",
			 devset_device(l->devices, (size_t)i)->released);
	else if (r == -ENOSPC)
		snprintf(why, CONTROL_WHY_MAX, "%d devices are let go already",
			 DEVSET_MAX);
	if (r < 0)
		return r;
	letgo_answer(l, fd);
	return 0;
}

static json_t *claim(struct letgo *l, const json_t *request, char *why)
{
	struct letgo_entry *e;
	const char *name =
		json_string_value(json_object_get(request, "device"));
	int i;

	/* its own failure holds it, and nobody else has it */
	if (name && devset_forgive(l->devices, name)) {
		l->changed(l->ctx);
		return json_object();
	}
	i = named(l, request, why);
	if (i < 0)
		return NULL;
	name = devset_device(l->devices, (size_t)i)->name;
	e = find(l, devset_device(l->devices, (size_t)i)->port);
	if (!e) {
		snprintf(why, CONTROL_WHY_MAX,
			 "%s was not let go, and did not fail for good", name);
		return NULL;
	}
	/* its end, when that is told, takes the device back */
	if (e->uuid[0] && !json_is_true(json_object_get(request, "force"))) {
		snprintf(why, CONTROL_WHY_MAX,
			 "%s is let go for %s, whose end nobody told: if that "
			 "is down, use --force",
			 name, e->by);
		return NULL;
	}
	take_back(l, e);
	return json_object();
}

json_t *letgo_claim(void *letgo, const json_t *request, char *why)
{
	const char *name =
		json_string_value(json_object_get(request, "device"));
	json_t *answer = claim(letgo, request, why);

	/* also of one that had no need of a claim */
	if (name && json_is_true(json_object_get(request, "new_baseline")) &&
	    devset_renew(((struct letgo *)letgo)->devices, name) && !answer)
		answer = json_object();
	return answer;
}

size_t letgo_count(const struct letgo *l)
{
	return l->count;
}

const struct letgo_entry *letgo_entry(const struct letgo *l, size_t i)
{
	return &l->entries[i];
}

void letgo_restore(struct letgo *l, const struct letgo_entry *e)
{
	if (l->count == DEVSET_MAX || find(l, e->port))
		return;
	l->entries[l->count] = *e;
	l->entries[l->count].of_domain = is_of_domain(e->by);
	l->entries[l->count++].asked_us = egd_conn_now_us();
	devset_reserve(l->devices, e->port, e->by);
}

void letgo_apply(struct letgo *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		devset_reserve(l->devices, l->entries[i].port,
			       l->entries[i].by);
}

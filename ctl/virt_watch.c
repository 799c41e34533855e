#include "ctl/virt_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "ctl/virt_load.h"

#define KEEPALIVE_S	5
#define KEEPALIVE_COUNT 3 /* unanswered: the connection is dead */
#define EVENTS		2
#define NO_ID		((unsigned int)-1)

#define CALLS(X)                              \
	X(virConnectClose)                    \
	X(virConnectDomainEventDeregisterAny) \
	X(virConnectDomainEventRegisterAny)   \
	X(virConnectListAllDomains)           \
	X(virConnectOpenReadOnly)             \
	X(virConnectRegisterCloseCallback)    \
	X(virConnectSetKeepAlive)             \
	X(virConnectUnregisterCloseCallback)  \
	X(virDomainFree)                      \
	X(virDomainGetID)                     \
	X(virDomainGetName)                   \
	X(virDomainGetUUIDString)             \
	X(virDomainGetXMLDesc)                \
	X(virDomainLookupByUUIDString)        \
	X(virEventAddHandle)                  \
	X(virEventAddTimeout)                 \
	X(virEventRegisterDefaultImpl)        \
	X(virEventRemoveHandle)               \
	X(virEventRunDefaultImpl)             \
	X(virEventUpdateTimeout)              \
	X(virGetLastError)                    \
	X(virGetLastErrorMessage)             \
	X(virSetErrorFunc)

struct changed {
	char uuid[VIRT_UUID_MAX];
	bool undefined; /* an event said so */
};

struct virt_watch {
#define MEMBER(name) __typeof__(name) *(name);
	CALLS(MEMBER)
	const char *uri;
	virConnectPtr conn;
	int events[EVENTS];
	bool closed; /* the other end is gone */
	int timer;
	int handle;    /* of a descriptor that is waited for; 0: none */
	bool readable; /* ... has something */
	struct changed changed[VIRT_WATCH_CHANGED_MAX];
	size_t changed_count;
	bool lost;
};

static const struct library_call calls[] = {
#define ENTRY(name) { #name, offsetof(struct virt_watch, name) },
	CALLS(ENTRY)
};

static int fail(struct virt_watch *w, const char *what,
		char why[static VIRT_WHY_MAX])
{
	virt_explain(what, w->virGetLastErrorMessage(), why);
	return -EIO;
}

/* The loop ends its turn after any event, this one among them. */
static void on_timer(int timer, void *arg)
{
	struct virt_watch *w = arg;

	w->virEventUpdateTimeout(timer, -1);
}

struct virt_watch *virt_watch_new(const char *uri,
				  char why[static VIRT_WHY_MAX])
{
	struct virt_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		snprintf(why, VIRT_WHY_MAX, "%s", strerror(ENOMEM));
		return NULL;
	}
	if (virt_load(calls, sizeof(calls) / sizeof(calls[0]), w, why) < 0)
		goto fail;
	w->uri = virt_uri(uri);
	w->virSetErrorFunc(NULL, virt_be_quiet);
	if (w->virEventRegisterDefaultImpl() < 0) {
		fail(w, "its loop", why);
		goto fail;
	}
	w->timer = w->virEventAddTimeout(-1, on_timer, w, NULL);
	if (w->timer >= 0)
		return w;
	fail(w, "a timer", why);
fail:
	free(w);
	return NULL;
}

const char *virt_watch_uri(const struct virt_watch *w)
{
	return w->uri;
}

static void note(struct virt_watch *w, virDomainPtr dom, bool undefined)
{
	char uuid[VIRT_UUID_MAX];
	struct changed *c;
	size_t i;

	if (w->virDomainGetUUIDString(dom, uuid) < 0)
		return;
	for (i = 0; i < w->changed_count; i++)
		if (!strcmp(w->changed[i].uuid, uuid))
			break;
	if (i == VIRT_WATCH_CHANGED_MAX) {
		w->lost = true;
		return;
	}
	c = &w->changed[i];
	if (i == w->changed_count) {
		memcpy(c->uuid, uuid, sizeof(uuid));
		c->undefined = false;
		w->changed_count++;
	}
	c->undefined |= undefined;
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event,
			int detail, void *arg)
{
	(void)conn;
	(void)detail;
	if (event == VIR_DOMAIN_EVENT_DEFINED ||
	    event == VIR_DOMAIN_EVENT_UNDEFINED ||
	    event == VIR_DOMAIN_EVENT_STARTED ||
	    event == VIR_DOMAIN_EVENT_STOPPED)
		note(arg, dom, event == VIR_DOMAIN_EVENT_UNDEFINED);
	return 0;
}

static void on_metadata(virConnectPtr conn, virDomainPtr dom, int type,
			const char *uri, void *arg)
{
	(void)conn;
	(void)type;
	(void)uri;
	note(arg, dom, false);
}

static void on_close(virConnectPtr conn, int reason, void *arg)
{
	(void)conn;
	(void)reason;
	((struct virt_watch *)arg)->closed = true;
}

static int add_event(struct virt_watch *w, int id,
		     virConnectDomainEventGenericCallback fn)
{
	return w->virConnectDomainEventRegisterAny(w->conn, NULL, id, fn, w,
						   NULL);
}

int virt_watch_open(struct virt_watch *w, char why[static VIRT_WHY_MAX])
{
	virt_watch_close(w);
	w->conn = w->virConnectOpenReadOnly(w->uri);
	if (!w->conn)
		return fail(w, w->uri, why);
	w->closed = false;
	w->virConnectRegisterCloseCallback(w->conn, on_close, w, NULL);
	/* a driver within this process has none, and cannot fall silent */
	w->virConnectSetKeepAlive(w->conn, KEEPALIVE_S, KEEPALIVE_COUNT);
	w->events[0] = add_event(w, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
				 VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
	/* one that has no such event changes none while a domain runs */
	w->events[1] = add_event(w, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
				 VIR_DOMAIN_EVENT_CALLBACK(on_metadata));
	if (w->events[0] >= 0)
		return 0;
	fail(w, "its events", why);
	virt_watch_close(w);
	return -EIO;
}

void virt_watch_close(struct virt_watch *w)
{
	size_t i;

	if (!w->conn)
		return;
	/* each holds a reference to the connection */
	for (i = 0; i < EVENTS; i++)
		if (w->events[i] >= 0)
			w->virConnectDomainEventDeregisterAny(w->conn,
							      w->events[i]);
	w->virConnectUnregisterCloseCallback(w->conn, on_close);
	w->virConnectClose(w->conn);
	w->conn = NULL;
	w->changed_count = 0;
	w->lost = false;
}

bool virt_watch_is_open(const struct virt_watch *w)
{
	return w->conn && !w->closed;
}

bool virt_watch_is_lost(const struct virt_watch *w)
{
	return w->conn && w->closed;
}

static void on_readable(int watch, int fd, int events, void *arg)
{
	(void)watch;
	(void)fd;
	(void)events;
	((struct virt_watch *)arg)->readable = true;
}

/*
 * Kept from turn to turn: libvirt removes one in a turn of its own, which has
 * no time for anything else.
 */
void virt_watch_set_fd(struct virt_watch *w, int fd)
{
	if (w->handle > 0)
		w->virEventRemoveHandle(w->handle);
	w->handle = 0;
	w->readable = false;
	if (fd >= 0)
		w->handle = w->virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE,
						 on_readable, w, NULL);
}

int virt_watch_run(struct virt_watch *w, int timeout_ms)
{
	w->readable = false;
	w->virEventUpdateTimeout(w->timer, timeout_ms);
	if (w->virEventRunDefaultImpl() < 0)
		return -EIO;
	return w->readable;
}

bool virt_watch_has_changes(const struct virt_watch *w)
{
	return w->changed_count > 0;
}

bool virt_watch_has_lost(const struct virt_watch *w)
{
	return w->lost;
}

/* Takes the handle. */
static int see(struct virt_watch *w, virDomainPtr dom, virt_seen_fn fn,
	       void *ctx)
{
	struct virt_seen seen = { .state = VIRT_SEEN_DOWN };
	char *xml = NULL;
	int r = 0;

	/* of a handle just made: answered without asking the daemon */
	if (w->virDomainGetID(dom) != NO_ID) {
		seen.state = VIRT_SEEN_RUNNING;
		xml = w->virDomainGetXMLDesc(dom, 0);
		seen.xml = xml;
	}
	seen.name = w->virDomainGetName(dom);
	if (seen.name && w->virDomainGetUUIDString(dom, seen.uuid) == 0)
		r = fn(ctx, &seen);
	free(xml);
	w->virDomainFree(dom);
	return r;
}

int virt_watch_all(struct virt_watch *w, virt_seen_fn fn, void *ctx,
		   char why[static VIRT_WHY_MAX])
{
	virDomainPtr *all = NULL;
	int i, n, r = 0;

	w->changed_count = 0;
	w->lost = false;
	n = w->virConnectListAllDomains(w->conn, &all, 0);
	if (n < 0)
		return fail(w, "the domains cannot be listed", why);
	for (i = 0; i < n; i++) {
		if (r == 0)
			r = see(w, all[i], fn, ctx);
		else
			w->virDomainFree(all[i]);
	}
	free(all);
	return r;
}

static int see_one(struct virt_watch *w, const struct changed *c,
		   virt_seen_fn fn, void *ctx, char why[static VIRT_WHY_MAX])
{
	virDomainPtr dom = w->virDomainLookupByUUIDString(w->conn, c->uuid);
	struct virt_seen seen = { .name = "" };
	virErrorPtr error;

	if (dom)
		return see(w, dom, fn, ctx);
	error = w->virGetLastError();
	if (!error || error->code != VIR_ERR_NO_DOMAIN)
		return fail(w, "a domain cannot be asked for", why);
	/* a transient one that ended may well come again */
	seen.state = c->undefined ? VIRT_SEEN_UNDEFINED : VIRT_SEEN_DOWN;
	memcpy(seen.uuid, c->uuid, sizeof(seen.uuid));
	return fn(ctx, &seen);
}

int virt_watch_changes(struct virt_watch *w, virt_seen_fn fn, void *ctx,
		       char why[static VIRT_WHY_MAX])
{
	struct changed changed[VIRT_WATCH_CHANGED_MAX];
	size_t i, count = w->changed_count;
	int r = 0;

	/* while these are asked about they may change again */
	memcpy(changed, w->changed, count * sizeof(changed[0]));
	w->changed_count = 0;
	for (i = 0; i < count && r == 0; i++)
		r = see_one(w, &changed[i], fn, ctx, why);
	return r;
}

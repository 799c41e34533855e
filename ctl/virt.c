#include "ctl/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "common/log.h"
#include "ctl/near.h"
#include "ctl/virt_load.h"

#define CALLS(X)                        \
	X(virConnectClose)              \
	X(virConnectGetCapabilities)    \
	X(virConnectGetType)            \
	X(virConnectGetVersion)         \
	X(virConnectListAllDomains)     \
	X(virConnectOpen)               \
	X(virConnectOpenReadOnly)       \
	X(virDomainAttachDeviceFlags)   \
	X(virDomainDefineXMLFlags)      \
	X(virDomainDetachDeviceFlags)   \
	X(virDomainFree)                \
	X(virDomainGetName)             \
	X(virDomainGetUUIDString)       \
	X(virDomainGetXMLDesc)          \
	X(virDomainHasManagedSaveImage) \
	X(virDomainIsActive)            \
	X(virDomainIsPersistent)        \
	X(virDomainLookupByName)        \
	X(virDomainLookupByUUIDString)  \
	X(virDomainSetMetadata)         \
	X(virGetLastError)              \
	X(virGetLastErrorMessage)       \
	X(virSetErrorFunc)

struct virt {
#define MEMBER(name) __typeof__(name) *(name);
	CALLS(MEMBER)
	virConnectPtr conn;
};

static const struct library_call calls[] = {
#define ENTRY(name) { #name, offsetof(struct virt, name) },
	CALLS(ENTRY)
};

/* -EIO. */
static int fail(struct virt *v, const char *what, char why[static VIRT_WHY_MAX])
{
	virt_explain(what, v->virGetLastErrorMessage(), why);
	return -EIO;
}

static void explain_open(struct virt *v, const char *uri,
			 char why[static VIRT_WHY_MAX])
{
	const char *s = v->virGetLastErrorMessage();
	char text[300];

	snprintf(why, VIRT_WHY_MAX,
		 "libvirt does not answer at %.100s: %s; is it running? "
		 "systemctl start libvirtd.socket",
		 uri, log_escape(text, sizeof(text), s, strlen(s)));
}

struct virt *virt_open(const char *uri, bool read_only,
		       char why[static VIRT_WHY_MAX])
{
	struct virt *v = calloc(1, sizeof(*v));

	if (!v) {
		snprintf(why, VIRT_WHY_MAX, "%s", strerror(ENOMEM));
		return NULL;
	}
	if (virt_load(calls, sizeof(calls) / sizeof(calls[0]), v, why) < 0)
		goto fail;
	v->virSetErrorFunc(NULL, virt_be_quiet);
	uri = virt_uri(uri);
	v->conn = read_only ? v->virConnectOpenReadOnly(uri)
			    : v->virConnectOpen(uri);
	if (v->conn)
		return v;
	explain_open(v, uri, why);
fail:
	free(v);
	return NULL;
}

void virt_close(struct virt *v)
{
	if (!v)
		return;
	v->virConnectClose(v->conn);
	free(v);
}

/* Takes the handle. */
static int describe(struct virt *v, virDomainPtr dom, struct virt_domain *d,
		    char why[static VIRT_WHY_MAX])
{
	int active = v->virDomainIsActive(dom);
	int persistent = v->virDomainIsPersistent(dom);

	*d = (struct virt_domain){ .handle = dom,
				   .name = v->virDomainGetName(dom),
				   .active = active > 0,
				   .persistent = persistent > 0 };
	if (active >= 0 && persistent >= 0 && d->name &&
	    v->virDomainGetUUIDString(dom, d->uuid) == 0)
		return 0;
	fail(v, "a domain cannot be asked", why);
	v->virDomainFree(dom);
	d->handle = NULL;
	return -EIO;
}

/* Of the lookup that failed last: libvirt was asked, and has none, or no UUID. */
static bool is_missing(struct virt *v)
{
	virErrorPtr error = v->virGetLastError();

	return !error || error->code == VIR_ERR_NO_DOMAIN ||
	       error->code == VIR_ERR_INVALID_ARG;
}

static void explain_missing(struct virt *v, const char *name,
			    char why[static VIRT_WHY_MAX])
{
	char shown[128], ignored[VIRT_WHY_MAX];
	struct virt_domain *list;
	int i, count = virt_list(v, &list, ignored);
	size_t near = 0, len;

	snprintf(why, VIRT_WHY_MAX, "no such domain: %s",
		 log_escape(shown, sizeof(shown), name, strlen(name)));
	for (i = 0; i < count && near < NEAR_OFFERED_MAX; i++) {
		if (!near_names(name, list[i].name))
			continue;
		len = strlen(why);
		snprintf(why + len, VIRT_WHY_MAX - len, "%s%s",
			 near++ ? ", " : "; near it: ",
			 log_escape(shown, 100, list[i].name,
				    strlen(list[i].name)));
	}
	if (count == 0)
		strncat(why, "; there is none at all",
			VIRT_WHY_MAX - strlen(why) - 1);
	if (count >= 0)
		virt_list_free(v, list, count);
}

int virt_find(struct virt *v, const char *name, struct virt_domain *d,
	      char why[static VIRT_WHY_MAX])
{
	virDomainPtr dom = v->virDomainLookupByName(v->conn, name);
	bool missing = dom || is_missing(v);

	if (!dom && missing) {
		dom = v->virDomainLookupByUUIDString(v->conn, name);
		missing = dom || is_missing(v);
	}
	if (dom)
		return describe(v, dom, d, why);
	if (!missing)
		return fail(v, "the domain cannot be looked up", why);
	explain_missing(v, name, why);
	return -ENOENT;
}

void virt_release(struct virt *v, struct virt_domain *d)
{
	if (d->handle)
		v->virDomainFree(d->handle);
	d->handle = NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct virt_domain *)a)->name,
		      ((const struct virt_domain *)b)->name);
}

int virt_list(struct virt *v, struct virt_domain **list,
	      char why[static VIRT_WHY_MAX])
{
	virDomainPtr *all = NULL;
	int i, kept = 0, n = v->virConnectListAllDomains(v->conn, &all, 0);

	*list = NULL;
	if (n < 0)
		return fail(v, "the domains cannot be listed", why);
	*list = calloc((size_t)n + 1, sizeof(**list));
	for (i = 0; i < n; i++) {
		/* one that is gone meanwhile is left out */
		if (!*list)
			v->virDomainFree(all[i]);
		else if (describe(v, all[i], &(*list)[kept], why) == 0)
			kept++;
	}
	free(all);
	if (*list) {
		qsort(*list, (size_t)kept, sizeof(**list), by_name);
		return kept;
	}
	snprintf(why, VIRT_WHY_MAX, "%s", strerror(ENOMEM));
	return -EIO;
}

void virt_list_free(struct virt *v, struct virt_domain *list, int count)
{
	int i;

	for (i = 0; i < count; i++)
		virt_release(v, &list[i]);
	free(list);
}

char *virt_xml(struct virt *v, const struct virt_domain *d, enum virt_xml which,
	       char why[static VIRT_WHY_MAX])
{
	static const unsigned int flags[] = {
		[VIRT_XML_LIVE] = 0,
		[VIRT_XML_CONFIG] = VIR_DOMAIN_XML_INACTIVE,
		[VIRT_XML_DEFINABLE] = VIR_DOMAIN_XML_INACTIVE |
				       VIR_DOMAIN_XML_SECURE,
	};
	char *xml = v->virDomainGetXMLDesc(d->handle, flags[which]);

	if (!xml)
		fail(v, "its XML cannot be read", why);
	return xml;
}

bool virt_has_saved(struct virt *v, const struct virt_domain *d)
{
	return v->virDomainHasManagedSaveImage(d->handle, 0) > 0;
}

int virt_define(struct virt *v, const char *xml, char why[static VIRT_WHY_MAX])
{
	virDomainPtr dom = v->virDomainDefineXMLFlags(v->conn, xml, 0);

	if (!dom)
		return fail(v, "libvirt refuses the new configuration", why);
	v->virDomainFree(dom);
	return 0;
}

int virt_attach_live(struct virt *v, const struct virt_domain *d,
		     const char *device, char why[static VIRT_WHY_MAX])
{
	if (v->virDomainAttachDeviceFlags(d->handle, device,
					  VIR_DOMAIN_AFFECT_LIVE) < 0)
		return fail(v, "libvirt cannot attach it to the running domain",
			    why);
	return 0;
}

int virt_detach_live(struct virt *v, const struct virt_domain *d,
		     const char *device, char why[static VIRT_WHY_MAX])
{
	if (v->virDomainDetachDeviceFlags(d->handle, device,
					  VIR_DOMAIN_AFFECT_LIVE) < 0)
		return fail(v,
			    "libvirt cannot detach it from the running domain",
			    why);
	return 0;
}

int virt_metadata_live(struct virt *v, const struct virt_domain *d,
		       const char *element, const char *uri,
		       char why[static VIRT_WHY_MAX])
{
	if (v->virDomainSetMetadata(d->handle, VIR_DOMAIN_METADATA_ELEMENT,
				    element, element ? "onerng" : NULL, uri,
				    VIR_DOMAIN_AFFECT_LIVE) < 0)
		return fail(v, "libvirt does not take the policy", why);
	return 0;
}

bool virt_is_qemu(struct virt *v)
{
	const char *type = v->virConnectGetType(v->conn);

	return type && !strcmp(type, "QEMU");
}

unsigned long virt_qemu_version(struct virt *v)
{
	unsigned long version;

	if (!virt_is_qemu(v) || v->virConnectGetVersion(v->conn, &version) < 0)
		return 0;
	return version;
}

char *virt_capabilities(struct virt *v)
{
	return v->virConnectGetCapabilities(v->conn);
}

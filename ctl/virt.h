/*
 * virt.h - libvirt, for the commands about domains
 *
 * The library is loaded when the first of them runs and not linked: it brings
 * fifty others, and onerngctl is also for hosts that have none of them.
 * Foreign error numbers end here: failures are said in *why, for people, with
 * what to do.
 */
#ifndef CTL_VIRT_H
#define CTL_VIRT_H

#include <stdbool.h>
#include <stddef.h>

#define VIRT_WHY_MAX  512
#define VIRT_UUID_MAX 37 /* terminated */

struct virt;

struct virt_domain {
	void *handle;	  /* libvirt's */
	const char *name; /* as long as the handle lives */
	char uuid[VIRT_UUID_MAX];
	bool active, persistent;
};

enum virt_xml {
	VIRT_XML_LIVE,	   /* of an active domain */
	VIRT_XML_CONFIG,   /* what its next start will have; secrets left out */
	VIRT_XML_DEFINABLE /* the same with secrets, not for a read-only one */
};

/*
 * uri NULL: $LIBVIRT_DEFAULT_URI, else qemu:///system.  read_only asks for no
 * more rights than it needs.  NULL with why.
 */
struct virt *virt_open(const char *uri, bool read_only,
		       char why[static VIRT_WHY_MAX]);
void virt_close(struct virt *v); /* NULL is fine */

/*
 * By name, else by UUID.  0; -ENOENT (why has the names that are near) or
 * -EIO.  virt_release() ends it.
 */
int virt_find(struct virt *v, const char *name, struct virt_domain *d,
	      char why[static VIRT_WHY_MAX]);
void virt_release(struct virt *v, struct virt_domain *d);

/* All there are, by name; virt_list_free() ends it.  Their number or -EIO. */
int virt_list(struct virt *v, struct virt_domain **list,
	      char why[static VIRT_WHY_MAX]);
void virt_list_free(struct virt *v, struct virt_domain *list, int count);

/* Terminated, to be freed; NULL with why. */
char *virt_xml(struct virt *v, const struct virt_domain *d, enum virt_xml which,
	       char why[static VIRT_WHY_MAX]);

/* 0 or -EIO. */
int virt_define(struct virt *v, const char *xml, char why[static VIRT_WHY_MAX]);
int virt_attach_live(struct virt *v, const struct virt_domain *d,
		     const char *device, char why[static VIRT_WHY_MAX]);
/* Asked for; the guest has to agree. */
int virt_detach_live(struct virt *v, const struct virt_domain *d,
		     const char *device, char why[static VIRT_WHY_MAX]);

/* element NULL takes it out of the running domain. */
int virt_metadata_live(struct virt *v, const struct virt_domain *d,
		       const char *element, const char *uri,
		       char why[static VIRT_WHY_MAX]);

/*
 * Whether it was saved by libvirt, to go on from there at its next start: with
 * the XML it had then, whatever its configuration says.
 */
bool virt_has_saved(struct virt *v, const struct virt_domain *d);

/* Whether its domains are QEMU's. */
bool virt_is_qemu(struct virt *v);

/* Of the host's default QEMU, as libvirt counts it; 0: not known. */
unsigned long virt_qemu_version(struct virt *v);

/* Terminated, to be freed; NULL. */
char *virt_capabilities(struct virt *v);

#endif /* CTL_VIRT_H */

/*
 * facts.h - what the linter of domain XML is told of this host
 */
#ifndef CTL_FACTS_H
#define CTL_FACTS_H

#include "ctl/virt.h"
#include "libvirt-xml/domain_check.h"

#define FACTS_EMULATOR_MAX 512

struct facts {
	struct domain_facts of_host; /* what is the same for all domains */
	bool qemu;		     /* domains are QEMU's */
	unsigned long version;	     /* of the default one; 0: not known */
	char emulator[FACTS_EMULATOR_MAX]; /* that one; "": not known */
	char unsafe[64];		   /* what domain_facts has of it */
};

/* What cannot be found out stays unknown.  run_dir must outlive it. */
void facts_gather(struct facts *f, struct virt *v, const char *run_dir);

/* With the domain's own. */
struct domain_facts facts_of(struct facts *f, const struct domain_xml *xml);

/* Parts of it, of given text and folders. */

/*
 * The user and group that QEMU runs as: of the capabilities' security model
 * "dac".  0 or -ENOENT.
 */
int facts_qemu_user(const char *capabilities, uid_t *uid, gid_t *gid);

/* dir/local/abstractions/libvirt-qemu, or the file that includes it. */
enum domain_apparmor facts_apparmor(const char *capabilities, const char *dir,
				    const char *run_dir);

/*
 * Which QEMU may be unsafe to detach from, for people: that of a domain that
 * names this emulator (or "").  NULL: it is safe, or none.  Of qemu, version
 * and emulator; may write to unsafe.
 */
const char *facts_detach(struct facts *f, const char *emulator);

/*
 * usb and onerngs, of sysfs's folder of USB devices.  Of more than there is
 * room for, what is plugged in is not known, but for the OneRNGs seen by then.
 */
void facts_usb(const char *dir, struct domain_facts *out);

#endif /* CTL_FACTS_H */

/*
 * hostconf_source.h - the sections that name sources: [device LABEL] and
 * [hwrng LABEL]
 *
 * For hostconf.c.  Each function returns 0 or -EINVAL with why (INI_WHY_MAX).
 */
#ifndef HOST_AGENT_HOSTCONF_SOURCE_H
#define HOST_AGENT_HOSTCONF_SOURCE_H

#include "host-agent/hostconf.h"

/* The bits of entropy of a byte or a bit, in thousandths. */
int hostconf_h_byte(const char *value, unsigned int *out, char *why);
int hostconf_h_bit(const char *value, unsigned int *out, char *why);

/*
 * An absolute path, terminated; zeros behind it, as struct firmware_conf is
 * compared as a whole.
 */
int hostconf_path(const char *value, char *out, size_t size, char *why);

/* The section's entry, made if this label is new; of hwrngs there is one. */
int hostconf_open_device(struct hostconf *c, const char *label,
			 struct hostconf_device **out, char *why);
int hostconf_open_hwrng(struct hostconf *c, const char *label, char *why);

int hostconf_set_port(struct hostconf *c, struct hostconf_device *d,
		      const char *value, char *why);

/* After the last line: has each device its port? */
int hostconf_check_sources(const struct hostconf *c, const char *path,
			   char *err, size_t err_size);

#endif /* HOST_AGENT_HOSTCONF_SOURCE_H */

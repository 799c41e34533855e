/*
 * acm.h - the OneRNGs that are terminals of this host now, from sysfs
 */
#ifndef CTL_ACM_H
#define CTL_ACM_H

#include <stddef.h>

#define ACM_DIR "/sys/class/tty"
#define ACM_MAX 16 /* more are not looked at */

struct acm {
	unsigned int major, minor;
	char name[32]; /* "ttyACM0" */
	char port[32]; /* "1-2.3" */
};

/* By name; their number. */
size_t acm_list(const char *dir, struct acm out[static ACM_MAX]);

/* The one at that USB port, empty: the first by name.  0 or -ENODEV. */
int acm_find_port(const char *dir, const char *port, struct acm *out);

/* The one that has this number.  0 or -ENODEV. */
int acm_find_number(const char *dir, unsigned int major, unsigned int minor,
		    struct acm *out);

#endif /* CTL_ACM_H */

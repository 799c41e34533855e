#include "ctl/container_device.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ctl/acm.h"

static bool look_at_node(struct container_snippet *s)
{
	struct stat st;

	if (stat(s->place, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	s->major = major(st.st_rdev);
	s->minor = minor(st.st_rdev);
	return true;
}

/* The agent's choice, where it has made one. */
static bool look_at_facts(struct container_snippet *s,
			  const struct container_host *h)
{
	struct lxc_facts facts;

	if (!container_read_facts(h, s->id, &facts) || !*facts.node ||
	    facts.device != LXC_DEVICE_PASSTHROUGH)
		return false;
	s->major = facts.major;
	s->minor = facts.minor;
	return true;
}

static bool look_at_usb(struct container_snippet *s)
{
	struct acm acm;

	if (acm_find_port(ACM_DIR, s->place, &acm) < 0)
		return false;
	s->major = acm.major;
	s->minor = acm.minor;
	return true;
}

void container_device_look(struct container_snippet *s,
			   const struct container_host *h)
{
	s->has_number = false;
	if (s->device != CONTAINER_PASSTHROUGH)
		return;
	if (*s->place == '/')
		s->has_number = look_at_node(s);
	else
		s->has_number = look_at_facts(s, h) || look_at_usb(s);
}

const char *container_device_for_agent(const struct container_snippet *s,
				       char port[static CONTAINER_PLACE_MAX])
{
	struct acm acm;

	port[0] = '\0';
	if (s->device != CONTAINER_PASSTHROUGH)
		return container_device_name(s->device);
	if (*s->place != '/') {
		memcpy(port, s->place, CONTAINER_PLACE_MAX);
		return "passthrough";
	}
	if (!s->has_number ||
	    acm_find_number(ACM_DIR, s->major, s->minor, &acm) < 0)
		return "none";
	snprintf(port, CONTAINER_PLACE_MAX, "%s", acm.port);
	return "passthrough";
}

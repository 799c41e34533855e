#include "host-agent/domains_file.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/domains.h"
#include "host-agent/letgo.h"
#include "host-agent/rundir.h"
#include "host-agent/statefile.h"

json_t *domains_file_domain(const struct consumer *c)
{
	const struct consumer_domain *d = &c->domain;

	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:b, s:o, s:b, "
			 "s:[I,I]}",
			 "uuid", c->uuid, "name", c->name, "libvirt_name",
			 d->name, "phase", (int)d->phase, "origin",
			 (int)d->origin, "next", (int)d->next, "generation",
			 (json_int_t)d->generation, "dynamic", d->dynamic,
			 "policy", wish_json(&d->wish), "due", d->boot_due,
			 "counted", (json_int_t)d->counted.pid,
			 (json_int_t)d->counted.start);
}

int domains_file_uuid(char *out, const char *uuid)
{
	size_t i;

	if (strlen(uuid) != CONSUMER_UUID_MAX - 1)
		return -EINVAL;
	for (i = 0; uuid[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? uuid[i] != '-' : !isxdigit((unsigned char)uuid[i]))
			return -EINVAL;
		out[i] = (char)tolower((unsigned char)uuid[i]);
	}
	out[i] = '\0';
	return 0;
}

int domains_file_name(char out[static CONSUMER_NAME_MAX], const char *name)
{
	size_t i;

	for (i = 0; i < CONSUMER_NAME_MAX - 1 && name[i]; i++)
		out[i] = name[i] > ' ' && name[i] <= '~' ? name[i] : '_';
	out[i] = '\0';
	return i ? 0 : -EINVAL;
}

/* For whom it was counted; a record that does not say is as good. */
static void take_counted(struct consumer_domain *d, const json_t *o)
{
	json_int_t pid = 0, start = 0;
	int due = 0;

	json_unpack((json_t *)(uintptr_t)o, "{s?b, s?[I,I]}", "due", &due,
		    "counted", &pid, &start);
	d->boot_due = due;
	if (pid <= 0 || pid > INT_MAX || start < 0)
		return;
	d->counted.pid = (pid_t)pid;
	d->counted.start = (uint64_t)start;
}

static bool in_range(int n, int max)
{
	return n >= 0 && n <= max;
}

int domains_file_take_domain(struct consumer *out, const json_t *o)
{
	const char *uuid, *name, *libvirt_name;
	const json_t *policy = NULL;
	char why[WISH_WHY_MAX];
	int phase, origin, next, dynamic;
	json_int_t generation;

	memset(out, 0, sizeof(*out));
	if (json_unpack((json_t *)(uintptr_t)o,
			"{s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:b, s?o}", "uuid",
			&uuid, "name", &name, "libvirt_name", &libvirt_name,
			"phase", &phase, "origin", &origin, "next", &next,
			"generation", &generation, "dynamic", &dynamic,
			"policy", &policy) < 0)
		return -EINVAL;
	if (policy && wish_parse(&out->domain.wish, policy, why) < 0)
		return -EINVAL;
	if (domains_file_uuid(out->uuid, uuid) < 0 ||
	    domains_file_name(out->name, name) < 0 || generation < 0 ||
	    !in_range(phase, CONSUMER_STOPPED) ||
	    !in_range(origin, CONSUMER_ORIGIN_MIGRATE) ||
	    !in_range(next, CONSUMER_ORIGIN_MIGRATE))
		return -EINVAL;
	domains_file_name(out->domain.name, libvirt_name);
	out->domain.phase = (enum consumer_phase)phase;
	out->domain.origin = (enum consumer_origin)origin;
	out->domain.next = (enum consumer_origin)next;
	out->domain.generation = (uint64_t)generation;
	out->domain.dynamic = dynamic;
	take_counted(&out->domain, o);
	return 0;
}

json_t *domains_file_device(const struct letgo_entry *e)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "port", e->port, "by", e->by,
			 "uuid", e->uuid, "begun", (int)e->begun);
}

int domains_file_take_device(struct letgo_entry *out, const json_t *o)
{
	const char *port, *by, *uuid;
	int begun = true; /* of an agent that did not note it */

	memset(out, 0, sizeof(*out));
	if (json_unpack((json_t *)(uintptr_t)o, "{s:s, s:s, s:s, s?b}", "port",
			&port, "by", &by, "uuid", &uuid, "begun", &begun) < 0)
		return -EINVAL;
	out->begun = begun;
	if (strlen(port) >= sizeof(out->port) || !rawmsg_port_valid(port) ||
	    !*by || strlen(by) >= sizeof(out->by))
		return -EINVAL;
	if (*uuid && domains_file_uuid(out->uuid, uuid) < 0)
		return -EINVAL;
	memcpy(out->port, port, strlen(port) + 1);
	log_escape(out->by, sizeof(out->by), by, strlen(by));
	return 0;
}

int domains_file_write(const char *run_dir, const json_t *o)
{
	char path[CONSUMER_PATH_MAX], new[CONSUMER_PATH_MAX];

	rundir_file(path, run_dir, RUNDIR_DOMAINS);
	rundir_file(new, run_dir, RUNDIR_DOMAINS_NEW);
	return statefile_write(path, new, o);
}

json_t *domains_file_read(const char *run_dir)
{
	char path[CONSUMER_PATH_MAX];

	rundir_file(path, run_dir, RUNDIR_DOMAINS);
	return statefile_read(path, DOMAINS_FILE_MAX);
}

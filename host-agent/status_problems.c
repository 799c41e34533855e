/*
 * status_problems.c - what is wrong with the agent's own place, in one list
 *
 * Devices speak for themselves; here stands what an operator has to mend so
 * that everybody is served.  Each is what was logged, while it lasts.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/containers.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/egd_pub.h"
#include "host-agent/hostconf_files.h"
#include "host-agent/rundir.h"
#include "host-agent/status.h"

#define TEXT_MAX 512

static void __attribute__((format(printf, 2, 3)))
add(json_t *list, const char *format, ...)
{
	char text[TEXT_MAX], shown[2 * TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* a file's text need not be UTF-8 */
	log_escape(shown, sizeof(shown), text, strlen(text));
	json_array_append_new(list, json_string(shown));
}

static void add_sockets(json_t *list, struct egd_pub *pub)
{
	struct egd_sock *s = NULL;
	const struct consumer *c;

	while ((s = egd_pub_next(pub, s))) {
		c = egd_pub_consumer(s);
		if (c->no_socket)
			add(list, "%s %s: no socket: %s",
			    consumer_kind_name(c->kind), c->name, c->no_socket);
	}
}

static void add_containers(json_t *list, struct containers *containers)
{
	struct container *t = NULL;
	struct container_view v;

	while (containers && (t = containers_next(containers, t))) {
		containers_view(t, &v);
		if (v.lacks)
			add(list, "container %s: %s", v.id, v.lacks);
	}
}

static void add_faults(json_t *list, const struct hostconf *conf)
{
	size_t i;

	for (i = 0; conf && i < conf->faults_count; i++)
		add(list, "%s: %s: mend it and reload", conf->faults[i].why,
		    hostconf_fault_effect(&conf->faults[i]));
}

json_t *status_problems(const struct status *s)
{
	json_t *list = json_array();

	if (s->rundir && *s->rundir->lacks)
		add(list, "run_dir: %s", s->rundir->lacks);
	if (s->hook && control_lacks(s->hook))
		add(list, "hook socket: %s", control_lacks(s->hook));
	if (*devset_lacks(s->devices))
		add(list, "state_dir: %s", devset_lacks(s->devices));
	if (*s->reload_refused)
		add(list, "reload: %s: the old configuration stays",
		    s->reload_refused);
	add_faults(list, s->conf);
	add_sockets(list, s->pub);
	add_containers(list, s->containers);
	return list;
}

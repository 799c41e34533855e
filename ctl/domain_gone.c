#include "ctl/domain_gone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "ctl/answer.h"
#include "ctl/domain_tell.h"
#include "ctl/leftover.h"
#include "ctl/reload.h"

static int complain(const struct change *c, const char *what, const char *why)
{
	return command_complain(&c->call->call, what, why);
}

static const struct command_call *call_of(const struct change *c)
{
	return &c->call->call;
}

/* verb: "removed", or "would remove". */
static void say_file(const struct change *c, const char *uuid, const char *verb,
		     const char *path)
{
	answer_line(call_of(c), "%s: left over: %s %s", uuid, verb, path);
	if (!c->call->dry_run)
		answer_file(call_of(c), path);
}

/* libvirt was asked about it, and it is nothing that has a place here. */
static int refuse(const struct change *c, const struct leftover *l)
{
	char why[300];

	if (l->connected)
		return complain(c, l->uuid,
				"this libvirt does not know it, but its QEMU "
				"is connected to the host agent: it runs, for "
				"another libvirt (--connect) or without one, "
				"and is left alone");
	if (!l->consumer || l->dynamic || *l->drop_in)
		return EXIT_SUCCESS;
	snprintf(why, sizeof(why),
		 "libvirt does not know it, and attach did not write its "
		 "section, which stays: grep -rs %s " ONERNG_SYSCONFDIR
		 "/onerng finds it",
		 l->uuid);
	return complain(c, l->uuid, why);
}

static int take_back_drop_in(const struct change *c, const struct leftover *l)
{
	char why[CLIENT_WHY_MAX];
	int r;

	if (!*l->drop_in)
		return EXIT_SUCCESS;
	r = register_forget(&c->call->registry, l->uuid, why);
	if (r < 0)
		return complain(c, l->uuid, why);
	say_file(c, l->uuid, "removed", l->drop_in);
	reload_warn(call_of(c));
	return EXIT_SUCCESS;
}

/* Known to the agent alone, by what its hook told once. */
static int have_forgotten(const struct change *c, const struct leftover *l)
{
	char why[CLIENT_WHY_MAX];

	if (!l->dynamic)
		return EXIT_SUCCESS;
	if (domain_tell_gone(c->run_dir, l->uuid, l->name, why) < 0)
		return complain(c, l->uuid, why);
	answer_changed(call_of(c));
	answer_line(call_of(c), "%s: left over: the host agent forgot it",
		    l->uuid);
	return EXIT_SUCCESS;
}

static int remove_socket(const struct change *c, const struct leftover *l)
{
	char why[300];

	if (!*l->socket)
		return EXIT_SUCCESS;
	if (unlink(l->socket) < 0 && errno != ENOENT) {
		snprintf(why, sizeof(why), "%.200s: %s", l->socket,
			 strerror(errno));
		return complain(c, l->uuid, why);
	}
	say_file(c, l->uuid, "removed", l->socket);
	return EXIT_SUCCESS;
}

static int show(const struct change *c, const struct leftover *l)
{
	answer_set(call_of(c), "dry_run", json_true());
	if (*l->drop_in)
		say_file(c, l->uuid, "would remove", l->drop_in);
	if (l->dynamic)
		answer_line(call_of(c),
			    "%s: left over: the host agent would forget it",
			    l->uuid);
	if (*l->socket)
		say_file(c, l->uuid, "would remove", l->socket);
	return EXIT_SUCCESS;
}

static int take_back(const struct change *c, const struct leftover *l)
{
	int r = refuse(c, l);

	if (r)
		return r;
	answer_set(call_of(c), "name", json_string(l->name));
	answer_set(call_of(c), "uuid", json_string(l->uuid));
	answer_set(call_of(c), "left_over", json_true());
	if (c->call->dry_run)
		return show(c, l);
	r = take_back_drop_in(c, l);
	r = have_forgotten(c, l) || r;
	r = remove_socket(c, l) || r;
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What there is of the operand; *all is to be freed. */
static const struct leftover *look(const struct change *c,
				   struct leftovers *all)
{
	char ignored[CLIENT_WHY_MAX];
	json_t *status = NULL;

	client_ask(c->call->registry.socket, "status", &status, ignored);
	leftovers_gather(all, &c->call->registry, c->run_dir, status);
	json_decref(status);
	return leftovers_find(all, c->call->call.operand);
}

int domain_gone_detach(const struct change *c, const char *why)
{
	char uuid[DOMAIN_UUID_MAX];
	struct leftovers all;
	const struct leftover *l = look(c, &all);
	int r = EXIT_SUCCESS;

	if (l && !c->call->no_register)
		r = take_back(c, l);
	else if (domain_xml_read_uuid(c->call->call.operand, uuid) == 0)
		answer_line(call_of(c),
			    "%s: libvirt does not know it: nothing to do",
			    uuid);
	else
		r = complain(c, NULL, why);
	leftovers_free(&all);
	return r ? r : command_flush(&c->call->call);
}

void domain_gone_advise(const struct change *c)
{
	struct leftovers all;
	const struct leftover *l = look(c, &all);

	if (l && *l->drop_in)
		fprintf(stderr,
			"%s: %s: its configuration is libvirt's to change; "
			"without libvirt the host agent alone can be made to "
			"forget it: rm %s && systemctl reload onerng-hostd\n",
			c->call->call.program, l->uuid, l->drop_in);
	leftovers_free(&all);
}

#include "ctl/domain_tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/watch_line.h"
#include "libvirt-xml/domain_xml.h"

/* Takes the request; NULL: out of memory. */
static int tell(const char *run_dir, json_t *request,
		char why[static CLIENT_WHY_MAX])
{
	char path[DOMAIN_RUN_DIR_MAX + 16];
	json_t *result = NULL;
	int r = -ENOMEM;

	snprintf(path, sizeof(path), "%s/hook.sock", run_dir);
	snprintf(why, CLIENT_WHY_MAX, "%s", strerror(ENOMEM));
	if (request)
		r = client_request(path, request, &result, why);
	json_decref(result);
	json_decref(request);
	return r;
}

int domain_tell_running(const char *run_dir, const struct virt_domain *d,
			const char *xml, char why[static CLIENT_WHY_MAX])
{
	struct virt_seen seen = { .name = d->name,
				  .state = VIRT_SEEN_RUNNING,
				  .xml = xml };
	struct domain_error ignored;
	json_t *request;

	memcpy(seen.uuid, d->uuid, sizeof(seen.uuid));
	/* what libvirt's hook says when its daemon comes back to a domain */
	request = watch_line(&seen, run_dir, &ignored);
	json_object_set_new(request, "cmd", json_string("domain-event"));
	json_object_set_new(request, "op", json_string("reconnect"));
	json_object_del(request, "state");
	return tell(run_dir, request, why);
}

int domain_tell_gone(const char *run_dir, const char *uuid, const char *name,
		     char why[static CLIENT_WHY_MAX])
{
	return tell(run_dir,
		    json_pack("{s:s, s:s, s:s, s:s}", "cmd", "domain-event",
			      "op", "forget", "uuid", uuid, "name", name),
		    why);
}

#include "ctl/container_tell.h"

#include <stdio.h>

#include <jansson.h>

#include "ctl/client.h"

/* A container that runs has what it has, with an agent or without. */
void container_tell_running(const char *run_dir, const char *id, pid_t pid)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:I}", "cmd",
				    "container-event", "op", "running", "id",
				    id, "pid", (json_int_t)pid);
	char path[CONTAINER_DIR_MAX + 16], ignored[CLIENT_WHY_MAX];
	json_t *result = NULL;

	snprintf(path, sizeof(path), "%s/hook.sock", run_dir);
	if (request)
		client_request(path, request, &result, ignored);
	json_decref(result);
	json_decref(request);
}

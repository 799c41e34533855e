/*
 * The control socket: whatever the request, the reply is one line of JSON that
 * onerngctl understands.  The same bytes are also fed to onerngctl as a reply.
 */
#include "host-agent/change.h"
#include "host-agent/control.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *answer(void *ctx, const char *cmd)
{
	(void)ctx;
	return strcmp(cmd, "status") ? NULL : json_object();
}

static void require(int condition)
{
	if (!condition)
		abort();
}

static void print(const json_t *result)
{
	FILE *out = fopen("/dev/null", "w");

	require(out != NULL);
	table_status(result, out);
	table_domains(result, out);
	fclose(out);
}

/* A change is taken whole and within its limits, or refused with a reason. */
static void change(const uint8_t *data, size_t size)
{
	json_t *request = json_loadb((const char *)data, size,
				     JSON_REJECT_DUPLICATES, NULL);
	char why[CONTROL_WHY_MAX] = "";
	struct change c;

	if (request && change_parse(request, &c, why) == 0)
		require(c.consumer &&
			c.wish.limits.weight <= SCHED_WEIGHT_MAX &&
			c.wish.limits.rate_bytes <= 1000000000);
	else if (request)
		require(why[0]);
	json_decref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[CLIENT_WHY_MAX], *reply;
	json_t *result;
	int r;

	change(data, size);
	reply = control_reply((const char *)data, size, answer, NULL);
	require(reply && !strchr(reply, '\n'));
	r = client_parse(reply, strlen(reply), &result, why);
	require(r == 0 || r == -EINVAL);
	json_decref(result);
	free(reply);
	if (client_parse((const char *)data, size, &result, why) == 0) {
		print(result);
		json_decref(result);
	}
	return 0;
}

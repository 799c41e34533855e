#include "ctl/report.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define SHOWN_MAX 256

void report_begin(struct report *r, const struct command_call *call,
		  const char *noun)
{
	*r = (struct report){ .call = call,
			      .noun = noun,
			      .list = json_array() };
}

void report_fail(struct report *r, const char *name, const char *why)
{
	char shown[SHOWN_MAX];

	command_complain(
		r->call,
		name ? log_escape(shown, sizeof(shown), name, strlen(name))
		     : NULL,
		why);
	r->failed = true;
}

static void print(const char *name, const struct finding *f)
{
	char shown[SHOWN_MAX], what[SHOWN_MAX];

	printf("%s: %s: %s: %s",
	       log_escape(shown, sizeof(shown), name, strlen(name)),
	       finding_severity_name(f->severity), f->code,
	       log_escape(what, sizeof(what), f->what, strlen(f->what)));
	if (f->in)
		printf(" (%s)", f->in);
	putchar('\n');
	printf("    %s\n    %s\n", f->why, f->command);
}

void report_add(struct report *r, const char *name, json_t *about,
		const struct findings *findings)
{
	size_t i;

	r->things++;
	r->findings += findings->count;
	for (i = 0; i < findings->count; i++)
		r->bad |= findings->finding[i].severity > FINDING_NOTE;
	if (r->call->json) {
		json_object_set_new(about, "findings", findings_json(findings));
		json_array_append_new(r->list, about);
		return;
	}
	json_decref(about);
	for (i = 0; i < findings->count; i++)
		print(name, &findings->finding[i]);
}

int report_end(struct report *r)
{
	char key[32];
	json_t *o;

	snprintf(key, sizeof(key), "%ss", r->noun);
	if (r->call->json) {
		o = json_object();
		json_object_set(o, key, r->list);
		command_print_json(o);
		json_decref(o);
	} else {
		printf("%zu %s%s checked, %zu finding%s\n", r->things, r->noun,
		       r->things == 1 ? "" : "s", r->findings,
		       r->findings == 1 ? "" : "s");
	}
	json_decref(r->list);
	if (command_flush(r->call) != EXIT_SUCCESS || r->failed)
		return EXIT_FAILURE;
	return r->bad ? REPORT_EXIT_FINDINGS : EXIT_SUCCESS;
}

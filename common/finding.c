#include "common/finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *command_for(const char *command, const char *ref)
{
	const char *place = strstr(command, "%s");
	char *text;

	if (!place)
		return strdup(command);
	if (asprintf(&text, "%.*s%s%s", (int)(place - command), command, ref,
		     place + 2) < 0)
		return NULL;
	return text;
}

void finding_vadd(struct findings *f, const struct finding_rule *rule,
		  const char *ref, unsigned int line, const char *format,
		  va_list ap)
{
	struct finding *one;

	if (f->err || f->count == FINDINGS_MAX)
		return;
	one = &f->finding[f->count++];
	*one = (struct finding){ .code = rule->code,
				 .severity = rule->severity,
				 .line = line,
				 .why = rule->why };
	if (vasprintf(&one->what, format, ap) < 0)
		one->what = NULL;
	one->command = command_for(rule->command, ref);
	if (!one->what || !one->command)
		f->err = -ENOMEM;
}

void finding_add(struct findings *f, const struct finding_rule *rule,
		 const char *ref, unsigned int line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	finding_vadd(f, rule, ref, line, format, ap);
	va_end(ap);
}

void findings_clear(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->finding[i].what);
		free(f->finding[i].command);
	}
	f->count = 0;
	f->err = 0;
}

const char *finding_severity_name(enum finding_severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

json_t *findings_json(const struct findings *f)
{
	json_t *list = json_array(), *one;

	for (size_t i = 0; list && i < f->count; i++) {
		const struct finding *p = &f->finding[i];

		one = json_pack(
			"{s:s, s:s, s:o, s:s, s:s, s:s}", "code", p->code,
			"severity", finding_severity_name(p->severity), "line",
			p->line ? json_integer(p->line) : json_null(), "what",
			p->what, "why", p->why, "command", p->command);
		if (json_array_append_new(list, one)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

#include "common/finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *command_for(const char *command, const char *ref)
{
	const char *place;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (; (place = strstr(command, "%s")); command = place + 2)
		fprintf(out, "%.*s%s", (int)(place - command), command, ref);
	fputs(command, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
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

/* One that is about in, and not yet about both. */
static struct finding *find_same(struct findings *f, const char *in,
				 const struct finding *as)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->finding[i].in == in &&
		    !strcmp(f->finding[i].code, as->code) &&
		    !strcmp(f->finding[i].what, as->what))
			return &f->finding[i];
	return NULL;
}

static void clear(struct finding *one)
{
	free(one->what);
	free(one->command);
}

void findings_join(struct findings *f, struct findings *other, const char *in,
		   const char *in_other, const char *in_both)
{
	struct finding *same;
	size_t i;

	for (i = 0; i < f->count; i++)
		f->finding[i].in = in;
	for (i = 0; i < other->count; i++) {
		same = find_same(f, in, &other->finding[i]);
		if (same || f->count == FINDINGS_MAX) {
			clear(&other->finding[i]);
		} else {
			other->finding[i].in = in_other;
			f->finding[f->count++] = other->finding[i];
		}
		if (same)
			same->in = in_both;
	}
	other->count = 0;
}

void findings_clear(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		clear(&f->finding[i]);
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
		if (p->in)
			json_object_set_new(one, "in", json_string(p->in));
		if (json_array_append_new(list, one)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

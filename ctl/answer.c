#include "ctl/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diff.h"
#include "ctl/register.h"
#include "ctl/reload.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* ASCII as it is; a few bytes that would be UTF-8 go with those that are not. */
static json_t *replaced(const char *text)
{
	char *room = malloc(strlen(text) * strlen(REPLACEMENT) + 1), *to = room;
	json_t *value;

	if (!room)
		return NULL;
	for (; *text; text++) {
		if (*text & 0x80)
			to = stpcpy(to, REPLACEMENT);
		else
			*to++ = *text;
	}
	*to = '\0';
	value = json_string(room);
	free(room);
	return value;
}

json_t *answer_text(const char *text)
{
	json_t *value = json_string(text);

	return value || !text ? value : replaced(text);
}

int answer_begin(struct command_call *call)
{
	call->answer = json_pack("{s:b, s:[], s:[]}", "changed", 0, "files",
				 "warnings");
	return call->answer ? 0 : -ENOMEM;
}

void answer_end(struct command_call *call)
{
	command_print_json(call->answer);
	json_decref(call->answer);
	call->answer = NULL;
}

void answer_line(const struct command_call *call, const char *format, ...)
{
	va_list ap;

	if (call->answer)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

void answer_note(const struct command_call *call, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text && call->answer)
		answer_warning(call, text);
	else if (text)
		puts(text);
	free(text);
}

void answer_set(const struct command_call *call, const char *key, json_t *value)
{
	if (call->answer)
		json_object_set_new(call->answer, key, value);
	else
		json_decref(value);
}

void answer_changed(const struct command_call *call)
{
	answer_set(call, "changed", json_true());
}

/* To a list of the object. */
static void append(const struct command_call *call, const char *key,
		   const char *text)
{
	if (call->answer)
		json_array_append_new(json_object_get(call->answer, key),
				      answer_text(text));
}

void answer_file(const struct command_call *call, const char *path)
{
	append(call, "files", path);
	answer_changed(call);
}

void answer_undone(const struct command_call *call)
{
	answer_set(call, "files", json_array());
	answer_set(call, "changed", json_false());
	answer_set(call, "agent", json_null());
}

void answer_warning(const struct command_call *call, const char *text)
{
	append(call, "warnings", text);
}

/* Behind the diffs that there are. */
static int add_diff(const struct command_call *call, const char *text)
{
	const char *old =
		json_string_value(json_object_get(call->answer, "diff"));
	json_t *one = answer_text(text), *all = NULL;

	if (one)
		all = json_sprintf("%s%s", old ? old : "",
				   json_string_value(one));
	json_decref(one);
	if (!all)
		return -ENOMEM;
	answer_set(call, "diff", all);
	return 0;
}

int answer_diff(const struct command_call *call, const char *name,
		const char *before, const char *after)
{
	char *text = NULL;
	size_t len;
	FILE *out;
	int r;

	if (!call->answer)
		return diff_print(name, before, after, stdout);
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	r = diff_print(name, before, after, out);
	if (fclose(out) != 0)
		r = -ENOMEM;
	if (r >= 0)
		r = add_diff(call, text);
	free(text);
	return r;
}

void answer_agent(const struct command_call *call, const char *subject,
		  int told, const char *file)
{
	static const char *const words[] = { [REGISTER_KNOWN] = "known",
					     [REGISTER_TOLD] = "told",
					     [REGISTER_ELSEWHERE] = "elsewhere",
					     [REGISTER_LATER] = "later" };

	if (told < 0)
		return;
	answer_set(call, "agent", json_string(words[told]));
	if (told == REGISTER_TOLD || told == REGISTER_LATER)
		answer_file(call, file);
	if (told != REGISTER_TOLD)
		return;
	answer_line(call, "%s: host agent: told", subject);
	reload_warn(call);
}

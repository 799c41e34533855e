#include "host-agent/verdicts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/rundir.h"
#include "host-agent/statefile.h"

static struct verdicts_entry *find(struct verdicts *v, const char *place)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (!strcmp(v->entries[i].place, place))
			return &v->entries[i];
	return NULL;
}

static void drop(struct verdicts *v, struct verdicts_entry *e)
{
	*e = v->entries[--v->count];
}

static json_t *times_json(const struct failures *f)
{
	unsigned int n = f->count < FAILURES_MAX ? f->count : FAILURES_MAX;
	json_t *a = json_array();
	unsigned int i;

	/* the oldest first, as failures_add() takes them */
	for (i = f->count - n; i != f->count; i++)
		json_array_append_new(
			a,
			json_integer((json_int_t)f->at_us[i % FAILURES_MAX]));
	return a;
}

static json_t *entry_json(const struct verdicts_entry *e)
{
	const struct verdict *d = &e->verdict;

	return json_pack("{s:s, s:I, s:o, s:s, s:I}", "place", e->place,
			 "instance", (json_int_t)e->instance, "failed_us",
			 times_json(&d->failures), "final",
			 d->final ? d->why : "", "at", (json_int_t)d->at_s);
}

json_t *verdicts_json(const struct verdicts *v)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < v->count; i++)
		if (json_array_append_new(a, entry_json(&v->entries[i])) < 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

/* NULL, or what is wrong with it. */
static const char *take_times(struct failures *f, const json_t *a,
			      uint64_t now_us)
{
	size_t i, n = json_array_size(a);
	json_int_t at_us, last_us = 0;

	if (!json_is_array(a) || n > FAILURES_MAX)
		return "failed_us is no list of up to 3 times";
	for (i = 0; i < n; i++) {
		at_us = json_integer_value(json_array_get(a, i));
		if (at_us <= 0 || at_us < last_us)
			return "failed_us is not in order";
		if ((uint64_t)at_us > now_us)
			return "it failed in another boot";
		failures_add(f, (uint64_t)at_us);
		last_us = at_us;
	}
	return NULL;
}

static bool is_text(const char *s, size_t size)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (i == size - 1 || s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static const char *take_entry(struct verdicts *v, const json_t *o,
			      uint64_t now_us)
{
	struct verdicts_entry e = { .verdict.before = true };
	const char *place, *final, *fault;
	json_int_t instance, at_s;
	const json_t *times;
	json_error_t err;

	if (json_unpack_ex((json_t *)(uintptr_t)o, &err, JSON_STRICT,
			   "{s:s, s:I, s:o, s:s, s:I}", "place", &place,
			   "instance", &instance, "failed_us", &times, "final",
			   &final, "at", &at_s) < 0)
		return "it is not {place, instance, failed_us, final, at}";
	if (!*place || !is_text(place, sizeof(e.place)))
		return "place is no place";
	if (find(v, place))
		return "place is there twice";
	if (instance < 0 || at_s < 0)
		return "a number is below 0";
	if (!is_text(final, sizeof(e.verdict.why)))
		return "final is no reason";
	fault = take_times(&e.verdict.failures, times, now_us);
	if (fault)
		return fault;
	snprintf(e.place, sizeof(e.place), "%s", place);
	snprintf(e.verdict.why, sizeof(e.verdict.why), "%s", final);
	e.verdict.final = *final != '\0';
	e.verdict.at_s = at_s;
	e.instance = (uint64_t)instance;
	v->entries[v->count++] = e;
	return NULL;
}

size_t verdicts_parse(struct verdicts *v, const json_t *o, uint64_t now_us)
{
	size_t i, dropped = 0;
	const char *fault;

	if (!json_is_array(o)) {
		log_err("%s: no list: dropped", v->path);
		return 1;
	}
	for (i = 0; i < json_array_size(o); i++) {
		fault = v->count < VERDICTS_MAX
				? take_entry(v, json_array_get(o, i), now_us)
				: "there are too many";
		if (!fault)
			continue;
		log_err("%s: entry %zu: %s: dropped", v->path, i + 1, fault);
		dropped++;
	}
	return dropped;
}

void verdicts_load(struct verdicts *v, const char *run_dir, uint64_t now_us)
{
	json_t *o;

	rundir_file(v->path, run_dir, RUNDIR_FAILURES);
	rundir_file(v->new, run_dir, RUNDIR_FAILURES_NEW);
	o = statefile_read(v->path, VERDICTS_FILE_MAX);
	if (o)
		verdicts_parse(v, o, now_us);
	json_decref(o);
}

static int write_all(const struct verdicts *v)
{
	json_t *o;
	int r;

	if (!v->count)
		return statefile_write(v->path, v->new, NULL);
	o = verdicts_json(v);
	r = o ? statefile_write(v->path, v->new, o) : -ENOMEM;
	json_decref(o);
	return r;
}

int verdicts_save(struct verdicts *v)
{
	int r = v->path[0] ? write_all(v) : 0;

	if (r < 0 && !v->unsaved)
		log_err("%s: %s: a restart forgets failures of devices",
			v->path, strerror(-r));
	v->unsaved = r < 0;
	return r;
}

bool verdicts_recall(struct verdicts *v, const char *place, uint64_t instance,
		     struct verdict *out)
{
	struct verdicts_entry *e = find(v, place);

	if (!e)
		return false;
	if (instance && e->instance && instance != e->instance) {
		log_info("%s: what failed there has departed", place);
		verdicts_forget(v, place);
		return false;
	}
	*out = e->verdict;
	return true;
}

void verdicts_note(struct verdicts *v, const char *place, uint64_t instance,
		   const struct verdict *verdict)
{
	struct verdicts_entry *e = find(v, place);

	if (!e && v->count == VERDICTS_MAX) {
		log_err("%s: full: a restart forgets that %s failed", v->path,
			place);
		return;
	}
	if (!e)
		e = &v->entries[v->count++];
	memset(e, 0, sizeof(*e));
	snprintf(e->place, sizeof(e->place), "%s", place);
	e->instance = instance;
	e->verdict = *verdict;
	verdicts_save(v);
}

void verdicts_forget(struct verdicts *v, const char *place)
{
	struct verdicts_entry *e = find(v, place);

	if (!e)
		return;
	drop(v, e);
	verdicts_save(v);
}

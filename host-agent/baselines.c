#include "host-agent/baselines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "host-agent/statefile.h"

#define PATH_SIZE (BASELINES_DIR_MAX + sizeof("/baselines.json"))

static void file_path(char out[static PATH_SIZE], const struct baselines *b)
{
	snprintf(out, PATH_SIZE, "%s/baselines.json", b->dir);
}

/* Its index, or count. */
static size_t find(const struct baselines *b, const char *unit)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (!strcmp(b->entries[i].unit, unit))
			break;
	return i;
}

static void drop(struct baselines *b, size_t i)
{
	memmove(&b->entries[i], &b->entries[i + 1],
		(--b->count - i) * sizeof(b->entries[0]));
}

static json_t *rate_json(const struct trend_rate *r)
{
	return json_pack("[I, I]", (json_int_t)r->n, (json_int_t)r->hits);
}

static json_t *entry_json(const struct baselines_entry *e)
{
	const struct trend_baseline *b = &e->base;

	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "unit", e->unit,
			 "since", (json_int_t)b->since_s, "ones",
			 rate_json(&b->ones), "same", rate_json(&b->same),
			 "mode", rate_json(&b->mode), "blocks",
			 rate_json(&b->blocks));
}

json_t *baselines_json(const struct baselines *b)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < b->count; i++)
		if (json_array_append_new(a, entry_json(&b->entries[i])) < 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

static bool is_unit(const char *s)
{
	return strspn(s, "0123456789abcdef") == BASELINES_UNIT_MAX - 1 &&
	       !s[BASELINES_UNIT_MAX - 1];
}

/* What a rate's numbers have to be otherwise, trend_baseline_is_sane() says. */
static bool take_rates(struct trend_baseline *out, const json_int_t from[8])
{
	struct trend_rate *const rates[] = { &out->ones, &out->same, &out->mode,
					     &out->blocks };
	size_t i;

	for (i = 0; i < 4; i++) {
		if (from[2 * i] < 0 || from[2 * i + 1] < 0)
			return false;
		rates[i]->n = (uint64_t)from[2 * i];
		rates[i]->hits = (uint64_t)from[2 * i + 1];
	}
	return true;
}

/* NULL, or what is wrong with it. */
static const char *take_entry(struct baselines *b, const json_t *o)
{
	struct baselines_entry e = { .unit = "" };
	json_int_t since_s, n[8];
	json_error_t err;
	const char *unit;

	if (json_unpack_ex((json_t *)(uintptr_t)o, &err, JSON_STRICT,
			   "{s:s, s:I, s:[II], s:[II], s:[II], s:[II]}", "unit",
			   &unit, "since", &since_s, "ones", &n[0], &n[1],
			   "same", &n[2], &n[3], "mode", &n[4], &n[5], "blocks",
			   &n[6], &n[7]) < 0)
		return "it is not {unit, since, ones, same, mode, blocks}";
	if (!is_unit(unit))
		return "unit is no hash of 16 digits";
	if (find(b, unit) < b->count)
		return "unit is there twice";
	if (since_s <= 0)
		return "since is no time";
	if (!take_rates(&e.base, n) || !trend_baseline_is_sane(&e.base))
		return "its counts cannot be";
	memcpy(e.unit, unit, sizeof(e.unit));
	e.base.since_s = since_s;
	b->entries[b->count++] = e;
	return NULL;
}

size_t baselines_parse(struct baselines *b, const json_t *o)
{
	size_t i, dropped = 0;
	char path[PATH_SIZE];
	const char *fault;

	file_path(path, b);
	if (!json_is_array(o)) {
		log_err("%s: no list: dropped", path);
		return 1;
	}
	for (i = 0; i < json_array_size(o); i++) {
		fault = b->count < BASELINES_MAX
				? take_entry(b, json_array_get(o, i))
				: "there are too many";
		if (!fault)
			continue;
		log_err("%s: entry %zu: %s: dropped", path, i + 1, fault);
		dropped++;
	}
	return dropped;
}

static int make_dir(const struct baselines *b)
{
	return mkdir(b->dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int write_all(const struct baselines *b)
{
	char path[PATH_SIZE], new[PATH_SIZE];
	int r = make_dir(b);
	json_t *o;

	file_path(path, b);
	snprintf(new, sizeof(new), "%s/baselines.new", b->dir);
	if (r < 0 || !b->count)
		return r < 0 ? r : statefile_write(path, new, NULL);
	o = baselines_json(b);
	r = o ? statefile_write(path, new, o) : -ENOMEM;
	json_decref(o);
	return r;
}

static void settle(struct baselines *b, int r)
{
	bool known = *b->lacks;

	b->lacks[0] = '\0';
	if (r == 0)
		return;
	snprintf(
		b->lacks, sizeof(b->lacks),
		"%s/baselines.json: %s: a restart forgets baselines of devices",
		b->dir, strerror(-r));
	if (!known)
		log_err("%s", b->lacks);
}

int baselines_save(struct baselines *b)
{
	int r = b->dir[0] ? write_all(b) : 0;

	settle(b, r);
	return r;
}

void baselines_load(struct baselines *b, const char *state_dir)
{
	char path[PATH_SIZE];
	json_t *o;

	snprintf(b->dir, sizeof(b->dir), "%s", state_dir);
	settle(b, make_dir(b));
	file_path(path, b);
	o = statefile_read(path, BASELINES_FILE_MAX);
	if (o)
		baselines_parse(b, o);
	json_decref(o);
}

bool baselines_recall(const struct baselines *b, const char *unit,
		      struct trend_baseline *out)
{
	size_t i = find(b, unit);

	if (i == b->count)
		return false;
	*out = b->entries[i].base;
	return true;
}

void baselines_note(struct baselines *b, const char *unit,
		    const struct trend_baseline *base)
{
	bool blocks = trend_blocks_learnt(base), more = true;
	struct baselines_entry e = { .base = *base };
	size_t i = find(b, unit);

	if (!*unit)
		return;
	if (i < b->count) {
		e = b->entries[i];
		more = blocks && !trend_blocks_learnt(&e.base);
	}
	if (more)
		e.base.blocks = blocks ? base->blocks
				       : (struct trend_rate){ 0 };
	snprintf(e.unit, sizeof(e.unit), "%s", unit);
	e.base.recalled = false;
	/* to the end; of too many the one goes that was away for longest */
	if (i < b->count || b->count == BASELINES_MAX)
		drop(b, i < b->count ? i : 0);
	b->entries[b->count++] = e;
	if (more)
		baselines_save(b);
}

void baselines_forget(struct baselines *b, const char *unit)
{
	size_t i = find(b, unit);

	if (i == b->count)
		return;
	drop(b, i);
	baselines_save(b);
}

/*
 * hostconf_files.c - the configuration's files, some of which may be wrong
 *
 * A start has nothing to go back to: an agent that did not start would take the
 * bytes from every guest that runs, because of a line about one of them.  So
 * what is in a drop-in of its own, as onerngctl writes them, is left out alone.
 * An error in what concerns all, a weaker limit or another H, is no such thing.
 *
 * A reload has what is in use.  A drop-in that is wrong then stands for what it
 * said when it was last right, whatever that is about: nothing is weaker than
 * before, and nobody who is served loses that by a slip in his file, nor keeps
 * others from being attached.  What was never right is left out.  Each drop-in
 * is taken whole or not at all.
 */
#include "host-agent/hostconf_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-agent/hostconf_priv.h"

/* Of one reading of all files. */
struct reading {
	struct hostconf *c;
	const struct hostconf *old; /* what is in use; NULL: a start */
	struct hostconf *settled;   /* what is as it was, of all; may be NULL */
	bool strict;
	char *err; /* INI_WHY_MAX bytes or more */
	size_t err_size;
};

static int fail(const struct reading *r, int error, const char *why)
{
	snprintf(r->err, r->err_size, "%s", why);
	return error;
}

static int no_memory(const struct reading *r, const char *path)
{
	snprintf(r->err, r->err_size, "%s: out of memory", path);
	return -ENOMEM;
}

static bool begins_with(const char *text, const char *head)
{
	return !strncmp(text, head, strlen(head));
}

/* Has it sections of domains and containers alone?  Unreadable: nobody knows. */
static bool has_others(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *text;
	bool others = false;
	size_t size = 0;

	while (f && !others && getline(&line, &size, f) >= 0) {
		text = line + strspn(line, " \t\xef\xbb\xbf");
		others = *text == '[' && !begins_with(text, "[domain ") &&
			 !begins_with(text, "[container ");
	}
	free(line);
	if (f)
		fclose(f);
	return others;
}

static bool is_of_one(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return (begins_with(name, "domain-") ||
		begins_with(name, "container-")) &&
	       !has_others(path);
}

static void *copy_list(const void *list, size_t count, size_t each)
{
	void *copy = calloc(count + 1, each);

	if (copy && count)
		memcpy(copy, list, count * each);
	return copy;
}

/* What it says, without the files that say so. */
static struct hostconf *copy_of(const struct hostconf *c)
{
	struct hostconf *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *c;
	copy->files = NULL;
	copy->files_count = 0;
	copy->faults = NULL;
	copy->faults_count = 0;
	copy->domains =
		copy_list(c->domains, c->domains_count, sizeof(*c->domains));
	copy->containers = copy_list(c->containers, c->containers_count,
				     sizeof(*c->containers));
	if (copy->domains && copy->containers)
		return copy;
	hostconf_free(copy);
	return NULL;
}

/* What the two say changes places; the files stay. */
static void exchange(struct hostconf *a, struct hostconf *b)
{
	struct hostconf old = *a;

	*a = *b;
	*b = old;
	b->files = a->files;
	b->files_count = a->files_count;
	b->faults = a->faults;
	b->faults_count = a->faults_count;
	a->files = old.files;
	a->files_count = old.files_count;
	a->faults = old.faults;
	a->faults_count = old.faults_count;
}

static const struct hostconf_file *find(const struct hostconf *c,
					const char *path)
{
	size_t i;

	for (i = 0; c && i < c->files_count; i++)
		if (!strcmp(c->files[i].path, path))
			return &c->files[i];
	return NULL;
}

/* Takes the text.  0 or -ENOMEM. */
static int remember(struct hostconf *c, const char *path, char *text,
		    size_t size)
{
	struct hostconf_file *list =
		reallocarray(c->files, c->files_count + 1, sizeof(*list));
	char *name = strdup(path);

	if (list)
		c->files = list;
	if (!list || !name) {
		free(name);
		free(text);
		return -ENOMEM;
	}
	list[c->files_count++] = (struct hostconf_file){ .path = name,
							 .text = text,
							 .size = size };
	return 0;
}

static int add_fault(struct hostconf *c, const char *path, const char *why,
		     bool kept)
{
	struct hostconf_fault *list = reallocarray(c->faults,
						   c->faults_count + 1,
						   sizeof(*list)),
			      *one;

	if (!list)
		return -ENOMEM;
	c->faults = list;
	one = &list[c->faults_count];
	*one = (struct hostconf_fault){ .path = strdup(path),
					.kept = kept,
					.ends_start = !is_of_one(path) };
	snprintf(one->why, sizeof(one->why), "%s", why);
	if (!one->path)
		return -ENOMEM;
	c->faults_count++;
	return 0;
}

/* What was open before is not looked for: a file behind may complete it. */
static void close_open(struct hostconf *whole, const struct hostconf *before)
{
	size_t i;

	for (i = 0; i < before->domains_count; i++)
		if (!before->domains[i].uuid[0])
			whole->domains[i].uuid[0] = '-';
	for (i = 0; i < before->devices_count; i++)
		if (!before->devices[i].port[0])
			whole->devices[i].port[0] = '-';
}

/* Is that right as a whole, with the file at path on top of before? */
static int check(const struct hostconf *with, const struct hostconf *before,
		 const char *path, char *why)
{
	struct hostconf *whole = copy_of(with);
	int r = -ENOMEM;

	if (whole) {
		close_open(whole, before);
		r = hostconf_finish(whole, path, why, INI_WHY_MAX);
	}
	hostconf_free(whole);
	return r;
}

/* All of it or nothing: 0, or -errno with why. */
static int try(struct hostconf *c, const struct hostconf_file *f, char *why)
{
	struct hostconf *with = copy_of(c);
	int r = -ENOMEM;

	if (with)
		r = hostconf_read_text(with, f, why, INI_WHY_MAX);
	if (r == 0)
		r = check(with, c, f->path, why);
	if (r == 0)
		exchange(c, with);
	hostconf_free(with);
	return r;
}

static bool is_same(const struct hostconf_file *f,
		    const struct hostconf_file *old)
{
	return f->text && old && f->size == old->size &&
	       !memcmp(f->text, old->text, f->size);
}

/* Nothing if it is another than it was.  0, or -errno: unlike before. */
static int read_if_same(struct hostconf *c, const struct reading *r,
			const char *path)
{
	const struct hostconf_file *old = find(r->old, path);
	struct ini_text file = { .path = path };
	struct hostconf_file f = { .text = NULL };
	char ignored[INI_WHY_MAX];
	int err = 0;

	if (ini_read(&file, ignored, sizeof(ignored)) == 0) {
		f.text = file.text;
		f.size = file.size;
	}
	if (is_same(&f, old))
		err = hostconf_read_text(c, old, ignored, sizeof(ignored));
	free(f.text);
	return err;
}

/*
 * The file and those drop-ins that are as they were.  NULL: they do not go
 * together, which is found again, or there is no memory.
 */
static struct hostconf *settle(const struct reading *r, const char *path,
			       char **dropins, int n)
{
	struct hostconf *c = r->old ? hostconf_new() : NULL;
	char ignored[INI_WHY_MAX];
	int i, err;

	if (!c)
		return NULL;
	err = hostconf_read(c, path, ignored, sizeof(ignored));
	for (i = 0; i < n && err == 0; i++)
		err = read_if_same(c, r, dropins[i]);
	if (err == 0)
		return c;
	hostconf_free(c);
	return NULL;
}

/* Who came first is right, whichever file is read first. */
static int check_settled(const struct reading *r, const struct hostconf_file *f,
			 char *why)
{
	struct hostconf *with;
	int err = -ENOMEM;

	if (!r->settled)
		return 0;
	with = copy_of(r->settled);
	if (with)
		err = hostconf_read_text(with, f, why, INI_WHY_MAX);
	hostconf_free(with);
	return err;
}

/* What it said when it was right; or it is left out.  why: what is wrong. */
static int fall_back(const struct reading *r, const char *path, const char *why)
{
	const struct hostconf_file *old = find(r->old, path);
	char ignored[INI_WHY_MAX], *text;

	if (add_fault(r->c, path, why, old != NULL) < 0)
		return no_memory(r, path);
	if (!old)
		return 0;
	/* beside what the others say by now it may be wrong, too */
	if (hostconf_read_text(r->c, old, ignored, sizeof(ignored)) < 0)
		return fail(r, -EINVAL, why);
	text = copy_list(old->text, old->size, 1);
	if (!text || remember(r->c, path, text, old->size) < 0)
		return no_memory(r, path);
	return 0;
}

/*
 * Whether an error in it is not the whole configuration's.  One that is as it
 * was is not at fault, but what it does not go together with.
 */
static bool may_be_wrong(const struct reading *r, const struct hostconf_file *f)
{
	if (r->strict)
		return false;
	return r->old ? !is_same(f, find(r->old, f->path)) : is_of_one(f->path);
}

static int take(const struct reading *r, const struct hostconf_file *f,
		bool *taken)
{
	char why[INI_WHY_MAX] = "";
	int err;

	*taken = true;
	if (!may_be_wrong(r, f))
		return hostconf_read_text(r->c, f, r->err, r->err_size);
	err = check_settled(r, f, why);
	if (err == 0)
		err = try(r->c, f, why);
	*taken = err == 0;
	if (err == -ENOMEM)
		return no_memory(r, f->path);
	return err < 0 ? fall_back(r, f->path, why) : 0;
}

static int read_dropin(const struct reading *r, char *path)
{
	struct ini_text file = { .path = path };
	struct hostconf_file f = { .path = path };
	char why[INI_WHY_MAX];
	bool taken;
	int err = ini_read(&file, why, sizeof(why));

	f.text = file.text;
	f.size = file.size;
	if (err < 0)
		return may_be_wrong(r, &f) ? fall_back(r, path, why)
					   : fail(r, err, why);
	err = take(r, &f, &taken);
	if (err < 0 || !taken) {
		free(f.text);
		return err;
	}
	return remember(r->c, path, f.text, f.size) < 0 ? no_memory(r, path)
							: 0;
}

static int read_all(struct reading *r, const char *path)
{
	char **dropins;
	int i, n, err = hostconf_read(r->c, path, r->err, r->err_size);

	if (err < 0)
		return err;
	n = ini_dropins(path, &dropins, r->err, r->err_size);
	if (n < 0)
		return n;
	if (!r->strict)
		r->settled = settle(r, path, dropins, n);
	for (i = 0; i < n && err == 0; i++)
		err = read_dropin(r, dropins[i]);
	hostconf_free(r->settled);
	r->settled = NULL;
	ini_free_dropins(dropins, n);
	return err;
}

static bool leaves_out(const struct hostconf *c)
{
	size_t i;

	for (i = 0; i < c->faults_count; i++)
		if (!c->faults[i].kept)
			return true;
	return false;
}

/* A domain whose uuid is in what is left out is left out with it. */
static void drop_open(struct hostconf *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->domains_count; i++)
		if (c->domains[i].uuid[0])
			c->domains[n++] = c->domains[i];
	c->domains_count = n;
}

static int load(struct reading *r, const char *path, struct hostconf **out)
{
	int err;

	*out = NULL;
	r->c = hostconf_new();
	if (!r->c)
		return no_memory(r, path);
	err = read_all(r, path);
	if (err == 0 && leaves_out(r->c))
		drop_open(r->c);
	if (err == 0)
		err = hostconf_finish(r->c, path, r->err, r->err_size);
	if (err == 0)
		*out = r->c;
	else
		hostconf_free(r->c);
	return err;
}

int hostconf_load(const char *path, struct hostconf **out, char *err,
		  size_t err_size)
{
	struct reading r = { .strict = true, .err = err, .err_size = err_size };

	return load(&r, path, out);
}

/* To look at each drop-in by itself costs more than all of them at once. */
static int load_what_is_right(const char *path, const struct hostconf *old,
			      struct hostconf **out, char *err, size_t err_size)
{
	struct reading r = { .old = old, .err = err, .err_size = err_size };
	int e = hostconf_load(path, out, err, err_size);

	return e == 0 || e == -ENOMEM ? e : load(&r, path, out);
}

int hostconf_load_for_start(const char *path, struct hostconf **out, char *err,
			    size_t err_size)
{
	return load_what_is_right(path, NULL, out, err, err_size);
}

int hostconf_load_again(const char *path, const struct hostconf *old,
			struct hostconf **out, char *err, size_t err_size)
{
	return load_what_is_right(path, old, out, err, err_size);
}

const char *hostconf_fault_effect(const struct hostconf_fault *f)
{
	if (f->kept)
		return f->ends_start ? "what it said before stays; the agent "
				       "does not start with it"
				     : "what it said before stays; a start "
				       "leaves it out";
	return f->ends_start ? "left out; the agent does not start with it"
			     : "left out";
}

void hostconf_free_files(struct hostconf *c)
{
	size_t i;

	for (i = 0; i < c->files_count; i++) {
		free(c->files[i].path);
		free(c->files[i].text);
	}
	free(c->files);
	for (i = 0; i < c->faults_count; i++)
		free(c->faults[i].path);
	free(c->faults);
}

/* Carries a plan out: the files of a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/replace.h"
#include "common/resolve.h"
#include "ctl/answer.h"
#include "ctl/container_plan.h"

static int fail(const struct plan *p, const char *path, int err)
{
	char why[PATH_MAX + 128];

	snprintf(why, sizeof(why), "%s: %s", path, resolve_strerror(err));
	return container_complain(&p->c, why);
}

static void folder_of(const char *path, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.*s", (int)(strrchr(path, '/') - path), path);
}

int plan_write_generated(const struct plan *p)
{
	const struct plan_file *f = &p->generated;
	char folder[PATH_MAX];
	int err;

	if (!plan_changes(f))
		return 0;
	folder_of(f->path, folder);
	/* LXC reads it as root or, unprivileged, as somebody else */
	err = resolve_make_folder(p->c.host->dir, 0755);
	if (!err)
		err = resolve_make_folder(folder, 0755);
	if (!err && !resolve_is_own(folder))
		return container_complain(&p->c,
					  "somebody else can change the "
					  "folder of includes, and LXC runs "
					  "hooks that stand there");
	if (!err)
		err = replace_file(f->path, f->before, f->after, 0644);
	if (err)
		return fail(p, f->path, err);
	answer_file(&p->call->of.call, f->path);
	return 0;
}

/* A folder that is empty then goes, too. */
static int remove_file(const char *path)
{
	char folder[PATH_MAX];
	int err = resolve_unlink(path, 0);

	folder_of(path, folder);
	resolve_unlink(folder, AT_REMOVEDIR);
	return err;
}

void plan_undo_generated(const struct plan *p)
{
	const struct plan_file *f = &p->generated;

	if (f->before)
		replace_file(f->path, f->after, f->before, 0644);
	else
		remove_file(f->path);
}

int plan_remove_generated(const struct plan *p)
{
	const char *path = p->generated.path;
	int err = p->generated.before ? remove_file(path) : -ENOENT;

	if (err == -ENOENT)
		return 0;
	if (err)
		return fail(p, path, err);
	answer_file(&p->call->of.call, path);
	return 0;
}

int plan_write_config(const struct plan *p)
{
	const struct plan_file *f = &p->config;
	int err;

	if (!f->after)
		return 0;
	err = replace_file(f->path, f->before, f->after, 0644);
	if (err == -EAGAIN)
		return container_complain(&p->c,
					  "somebody else changed its "
					  "configuration meanwhile, which was "
					  "left as it is now: try again");
	if (err)
		return fail(p, f->path, err);
	answer_file(&p->call->of.call, f->path);
	return 0;
}

/* Carries a plan out: the files of a container. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/replace.h"
#include "ctl/container_plan.h"

static int fail(const struct plan *p, const char *path, int err)
{
	char why[PATH_MAX + 64];

	snprintf(why, sizeof(why), "%s: %s", path, strerror(err));
	return container_complain(&p->c, why);
}

/* LXC reads it as root or, unprivileged, as somebody else. */
static int make_folder(const char *path)
{
	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) < 0 ? -errno : 0;
	return errno == EEXIST ? 0 : -errno;
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
	err = make_folder(p->c.host->dir);
	if (!err)
		err = make_folder(folder);
	if (!err)
		err = replace_file(f->path, f->before, f->after, 0644);
	return err ? fail(p, f->path, -err) : 0;
}

/* A folder that is empty then goes, too. */
static void remove_file(const char *path)
{
	char folder[PATH_MAX];

	unlink(path);
	folder_of(path, folder);
	rmdir(folder);
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
	if (!p->generated.before)
		return 0;
	remove_file(p->generated.path);
	if (access(p->generated.path, F_OK) == 0)
		return fail(p, p->generated.path, EACCES);
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
	return err ? fail(p, f->path, -err) : 0;
}

#include "ctl/container.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/replace.h"
#include "common/resolve.h"
#include "ctl/change.h"
#include "ctl/libdir.h"
#include "ctl/near.h"

#define LXCPATH "/var/lib/lxc" /* where there is no liblxc to ask */

OPT_TEXT(container_set_path, struct container_call, host.path);

static int set_folder(const char **out, const char *value, const char **why)
{
	size_t len = strlen(value);

	*why = "not an absolute path without blanks, with an end but /";
	if (*value != '/' || len < 2 || value[len - 1] == '/' ||
	    strpbrk(value, " \t\n\"'"))
		return -EINVAL;
	*out = value;
	return 0;
}

int container_set_dir(void *ctx, const char *value, const char **why)
{
	return set_folder(&((struct container_call *)ctx)->host.dir, value,
			  why);
}

OPT_TEXT(container_set_drop_ins, struct container_call, host.registry.dir);

/*
 * As it was given, links and all: LXC finds a running container by the path
 * that it was started with.  0 or -errno.
 */
static int absolute(const char *path, char out[static PATH_MAX])
{
	size_t len = strlen(path);

	if (*path != '/')
		return resolve_real(path, out);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(out, path, len);
	out[len] = '\0';
	return 0;
}

int container_find_lxc(struct container_host *h, const char **path)
{
	struct stat st;
	int err;

	if (!h->dir)
		h->dir = CONTAINER_DIR;
	h->api = lxcapi_open(h->why_no_api);
	*path = h->path;
	if (!*path)
		*path = h->api ? lxcapi_default_path(h->api) : LXCPATH;
	err = absolute(*path, h->lxcpath);
	if (err)
		return err;
	if (stat(*path, &st) < 0)
		return -errno;
	h->is_file = !S_ISDIR(st.st_mode);
	return 0;
}

int container_begin(struct container_host *h, const struct command_call *call)
{
	const char *path;
	int r;

	h->call = call;
	h->registry.socket = call->socket;
	if (!h->registry.dir)
		h->registry.dir = REGISTER_DIR;
	if (change_run_dir(call, h->run_dir) < 0)
		return -1;
	r = container_find_lxc(h, &path);
	if (r == 0)
		return 0;
	command_complain(call, path, resolve_strerror(r));
	return -1;
}

void container_end(struct container_host *h)
{
	lxcapi_close(h->api);
	h->api = NULL;
}

int container_complain(const struct container *c, const char *why)
{
	command_complain(c->host->call, c->shown, why);
	return -1;
}

bool container_generated_path(const struct container_host *h, const char *id,
			      char out[static PATH_MAX])
{
	return (size_t)snprintf(out, PATH_MAX, "%s/%s.d/%s", h->dir, id,
				CONTAINER_SNIPPET_FILE) < PATH_MAX;
}

bool container_read_facts(const struct container_host *h, const char *id,
			  struct lxc_facts *out)
{
	return lxc_facts_read(out, h->run_dir, id) == 0;
}

const char *container_state(struct container *c)
{
	static const char *const names[] = { "stopped", "starting", "running" };

	if (!c->handle.handle)
		return "unknown";
	return names[lxcapi_state(&c->handle)];
}

void container_release(struct container *c)
{
	lxcapi_release(&c->handle);
	free(c->text);
	free(c->generated);
	c->text = c->generated = NULL;
}

/* Of an ID; false: nothing is generated for it, or it is not understood. */
static bool read_generated(const struct container_host *h, const char *id,
			   char **text, struct container_snippet *s)
{
	char path[PATH_MAX];

	*text = container_generated_path(h, id, path) ? replace_read(path)
						      : NULL;
	return *text && container_snippet_parse(*text, s) == 0;
}

/* Whether that configuration still includes what is generated for the ID. */
static bool uses(const struct container_host *h, const char *config,
		 const char *id)
{
	char *text = replace_read(config);
	struct container_include found = { 0 };

	if (text)
		container_edit_find(text, h->dir, &found);
	free(text);
	return !strcmp(found.id, id);
}

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return !strcmp(a, b) ||
	       (stat(a, &one) == 0 && stat(b, &other) == 0 &&
		one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

/*
 * Another container's: what is generated says whose it is.  One that was
 * renamed or moved takes its own along.
 */
static bool is_anothers(const struct container *c, const char *id)
{
	struct container_snippet s;
	char *text;
	bool other;

	if (!read_generated(c->host, id, &text, &s))
		other = false;
	else
		other = !same_file(s.config, c->config) &&
			uses(c->host, s.config, id);
	free(text);
	return other;
}

static void choose_id(struct container *c)
{
	const char *own = c->include.id;

	c->foreign = *own && is_anothers(c, own);
	if (*own && !c->foreign)
		memcpy(c->id, own, sizeof(c->id));
	else if (container_id_valid(c->name) && !is_anothers(c, c->name))
		snprintf(c->id, sizeof(c->id), "%.63s", c->name);
	else
		container_id_derive(c->name, c->config, c->id);
}

static void load_generated(struct container *c)
{
	bool understood =
		read_generated(c->host, c->id, &c->generated, &c->snippet);

	if (!understood)
		container_snippet_init(&c->snippet);
	memcpy(c->snippet.id, c->id, sizeof(c->id));
	memcpy(c->snippet.config, c->config, sizeof(c->config));
	memcpy(c->snippet.run_dir, c->host->run_dir, sizeof(c->host->run_dir));
	libdir_find(c->snippet.hook_dir, sizeof(c->snippet.hook_dir));
}

/* Names and paths that fit on a line of a file, and in a path. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return true;
}

static int fail(int err, char why[static LXCAPI_WHY_MAX], const char *what,
		const char *text)
{
	char shown[CONTAINER_SHOWN_MAX];

	snprintf(why, LXCAPI_WHY_MAX, "%s: %s",
		 log_escape(shown, sizeof(shown), what, strlen(what)), text);
	return err;
}

static int locate(struct container *c, char why[static LXCAPI_WHY_MAX])
{
	const struct container_host *h = c->host;
	char path[PATH_MAX + CONTAINER_SHOWN_MAX + 8];
	int err;

	if (!*c->name || strchr(c->name, '/') || *c->name == '.' ||
	    !is_plain(c->name))
		return fail(-ENOENT, why, c->name, "not a name of a container");
	snprintf(path, sizeof(path), h->is_file ? "%s" : "%s/%s/config",
		 h->lxcpath, c->name);
	err = resolve_real(path, c->real);
	if (err)
		return fail(err == -ENOENT ? -ENOENT : -EIO, why, path,
			    resolve_strerror(err));
	if (strlen(path) >= sizeof(c->config) || !is_plain(path))
		return fail(-EIO, why, path,
			    "not a path that can be written down here");
	memcpy(c->config, path, strlen(path) + 1);
	return 0;
}

static void explain_missing(const struct container_host *h, const char *name,
			    char why[static LXCAPI_WHY_MAX])
{
	char **names, shown[128];
	int count = container_names(h, &names), near = 0;
	size_t len;

	snprintf(why, LXCAPI_WHY_MAX, "no such container: %s",
		 log_escape(shown, sizeof(shown), name, strlen(name)));
	for (int i = 0; i < count && near < NEAR_OFFERED_MAX; i++) {
		if (!near_names(name, names[i]))
			continue;
		len = strlen(why);
		snprintf(why + len, LXCAPI_WHY_MAX - len, "%s%s",
			 near++ ? ", " : "; near it: ",
			 log_escape(shown, 100, names[i], strlen(names[i])));
	}
	len = strlen(why);
	if (count <= 0)
		snprintf(why + len, LXCAPI_WHY_MAX - len,
			 "; there is none in %s", h->lxcpath);
	container_free_names(names, count);
}

bool container_is_trusted(const char *config, char why[static LXCAPI_WHY_MAX])
{
	if (resolve_is_own(config))
		return true;
	snprintf(why, LXCAPI_WHY_MAX,
		 "its configuration can be changed by somebody else, and "
		 "liblxc would do as root what that says");
	return false;
}

static void ask_liblxc(struct container *c)
{
	const struct container_host *h = c->host;

	if (!h->api)
		snprintf(c->why_no_handle, sizeof(c->why_no_handle), "%s",
			 h->why_no_api);
	else if (h->is_file)
		snprintf(c->why_no_handle, sizeof(c->why_no_handle),
			 "a configuration alone does not say which container "
			 "runs with it");
	else if (!container_is_trusted(c->config, c->why_no_handle) ||
		 lxcapi_find(h->api, h->lxcpath, c->name, &c->handle,
			     c->why_no_handle) < 0)
		c->handle.handle = NULL;
}

int container_find(const struct container_host *h, const char *name,
		   struct container *c, char why[static LXCAPI_WHY_MAX])
{
	int err;

	*c = (struct container){ .host = h };
	log_escape(c->shown, sizeof(c->shown), name, strlen(name));
	if (strlen(name) >= sizeof(c->name))
		return fail(-ENOENT, why, name, "not a name of a container");
	memcpy(c->name, name, strlen(name) + 1);
	err = locate(c, why);
	if (err == -ENOENT && !h->is_file)
		explain_missing(h, name, why);
	if (err)
		return err;
	c->text = replace_read(c->real);
	if (!c->text)
		return fail(-EIO, why, c->config, resolve_strerror(-errno));
	container_edit_find(c->text, h->dir, &c->include);
	container_conf_sum(c->config, c->text, h->dir, &c->sum);
	choose_id(c);
	load_generated(c);
	ask_liblxc(c);
	return 0;
}

#include "ctl/refresh.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/replace.h"
#include "common/resolve.h"
#include "ctl/container_device.h"
#include "ctl/hold.h"
#include "ctl/libdir.h"

#define KILL_MS 200 /* until one that was killed is gone */

/* One registered container, and how it was when that was written. */
struct entry {
	char path[PATH_MAX];
	char *text;
	struct container_snippet before, after;
};

static void fail(struct refresh *out, const char *what, const char *why)
{
	out->failed = true;
	snprintf(out->why, sizeof(out->why), "%.300s: %.150s", what, why);
}

static int load(const struct container_host *h, const char *id, struct entry *e,
		struct refresh *out)
{
	if (!container_id_valid(id) ||
	    !container_generated_path(h, id, e->path)) {
		fail(out, "registered containers", "this is no ID of one");
		return -1;
	}
	e->text = replace_read(e->path);
	if (!e->text) {
		fail(out, e->path,
		     errno == ENOENT ? "is not there: no container with this "
				       "ID is attached"
				     : resolve_strerror(-errno));
		return -1;
	}
	if (container_snippet_parse(e->text, &e->before) < 0 ||
	    strcmp(e->before.id, id) != 0) {
		fail(out, e->path, "not what container attach wrote");
		return -1;
	}
	return 0;
}

/* This program was installed elsewhere since: its hooks are there now. */
static void find_hooks(struct container_snippet *s)
{
	char dir[CONTAINER_DIR_MAX];

	libdir_find(dir, sizeof(dir));
	if (!libdir_has_hook(s->hook_dir) && libdir_has_hook(dir))
		memcpy(s->hook_dir, dir, sizeof(dir));
}

/* Writes what is generated again, if number or hooks are others. */
static void rewrite(const struct container_host *h, struct entry *e,
		    struct refresh *out)
{
	char *text;
	int r;

	e->after = e->before;
	find_hooks(&e->after);
	container_device_look(&e->after, h);
	text = container_snippet_text(&e->after);
	if (!text) {
		fail(out, e->path, strerror(ENOMEM));
	} else if (strcmp(text, e->text) != 0) {
		r = replace_file(e->path, e->text, text, 0644);
		out->rewritten = r == 0;
		if (r < 0)
			fail(out, e->path, resolve_strerror(r));
	}
	free(text);
}

/* Cuts the last part off path, and returns it; NULL: there is none. */
static char *cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/*
 * What is written down has no links in it; a running container is known by the
 * path that it was started with, which LXC's own may be.
 */
static const char *lxcpath(const struct container_host *h, const char *path)
{
	const char *own = lxcapi_default_path(h->api);
	char real[PATH_MAX];

	return realpath(own, real) && !strcmp(real, path) ? own : path;
}

/*
 * Who took our line out by hand, or destroyed the container, wants no device in
 * it, and that is no failure.
 */
static bool is_attached(const struct container_host *h, const struct entry *e,
			struct refresh *out)
{
	struct container_include found;
	char *text = replace_read(e->before.config);

	if (!text && errno == ENOENT) {
		snprintf(out->why, sizeof(out->why),
			 "%.300s is gone: onerngctl container detach %s",
			 e->before.config, e->before.id);
		return false;
	}
	if (!text) {
		fail(out, e->before.config, resolve_strerror(-errno));
		return false;
	}
	container_edit_find(text, h->dir, &found);
	free(text);
	if (!strcmp(found.id, e->before.id))
		return true;
	snprintf(out->why, sizeof(out->why), "%.300s does not include it",
		 e->before.config);
	return false;
}

/* LXCPATH/NAME/config, as liblxc has it; false: another one. */
static bool find(const struct container_host *h, const struct entry *e,
		 struct lxcapi_container *c, struct refresh *out)
{
	char path[CONTAINER_CONFIG_MAX], why[LXCAPI_WHY_MAX];
	char *file, *name;

	snprintf(path, sizeof(path), "%s", e->before.config);
	file = cut(path);
	name = file ? cut(path) : NULL;
	if (!is_attached(h, e, out) || !name || strcmp(file, "config") != 0)
		return false;
	if (!container_is_trusted(e->before.config, out->why))
		return false;
	if (lxcapi_find(h->api, lxcpath(h, path), name, c, why) == 0)
		return true;
	fail(out, e->before.config, why);
	return false;
}

static void update_live(const struct entry *e, struct lxcapi_container *c,
			struct refresh *out)
{
	char old[LIVE_RULE_MAX], rule[LIVE_RULE_MAX], why[LXCAPI_WHY_MAX] = "";
	struct lxc_words w;

	container_device_rule(&e->before, old);
	container_device_rule(&e->after, rule);
	live_words(&e->after, &w);
	out->asked = true;
	out->result = live_attach(c, &w, old, rule, why);
	if (out->result == LIVE_FAILED || out->result == LIVE_NONE) {
		out->failed |= out->result == LIVE_FAILED;
		memcpy(out->why, why, sizeof(out->why));
	}
}

/* The agent first: what it lets go for this one has its number then. */
static void update(const struct container_host *h, struct entry *e,
		   struct refresh *out)
{
	struct lxcapi_container c;
	bool found = h->api && find(h, e, &c, out);
	struct lxc_words w;

	if (found) {
		live_words(&e->before, &w);
		live_tell(&c, &w);
	}
	rewrite(h, e, out);
	if (!found)
		return;
	update_live(e, &c, out);
	lxcapi_release(&c);
}

static void work(const struct container_host *given, const char *id,
		 struct refresh *out)
{
	struct container_host h = *given;
	struct entry e = { .text = NULL };

	if (load(&h, id, &e, out) == 0) {
		if (*e.before.run_dir)
			memcpy(h.run_dir, e.before.run_dir, sizeof(h.run_dir));
		update(&h, &e, out);
	}
	free(e.text);
}

/* false: it had to be ended. */
static bool await(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool ended = p.fd >= 0 && poll(&p, 1, REFRESH_MS) == 1;

	if (!ended)
		kill(pid, SIGKILL);
	if (ended || (p.fd >= 0 && poll(&p, 1, KILL_MS) == 1))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (p.fd >= 0)
		close(p.fd);
	return ended;
}

static void work_apart(const struct container_host *h, const char *id,
		       struct refresh *out)
{
	struct refresh *shared = mmap(NULL, sizeof(*shared),
				      PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid, parent = getpid();

	if (shared == MAP_FAILED) {
		fail(out, "memory", strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
		    getppid() == parent)
			work(h, id, shared);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0)
		fail(shared, "a process", strerror(errno));
	else if (!await(pid))
		fail(shared, "LXC", "it does not answer in time");
	*out = *shared;
	munmap(shared, sizeof(*shared));
}

void refresh_container(const struct container_host *h, const char *id,
		       struct refresh *out)
{
	int hold = -EINVAL;
	const char *why;

	*out = (struct refresh){ .failed = false };
	/* before the process is started, whose time is limited */
	if (container_id_valid(id))
		hold = hold_take(h, id, &why);
	if (hold == -EBUSY)
		fail(out, "its device", why);
	else
		work_apart(h, id, out);
	/* it has it, too, and so has what it left, for as long as that lives */
	if (hold >= 0)
		close(hold);
}

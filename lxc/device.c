#include "lxc/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lxc/idmap.h"

static const char *path_of(const struct lxc_words *w)
{
	return w->path[0] ? w->path : NULL;
}

static int read_facts(struct lxc_words *w, struct lxc_facts *facts,
		      char why[static LXC_WHY_MAX])
{
	int r = lxc_facts_read(facts, w->run_dir, w->id);

	if (r == -ENOENT)
		snprintf(why, LXC_WHY_MAX,
			 "the agent knows no container %s (%s)", w->id,
			 w->run_dir);
	else if (r < 0)
		snprintf(why, LXC_WHY_MAX, "%s/lxc/%s.facts: %s", w->run_dir,
			 w->id, strerror(-r));
	if (r < 0 || w->has_device)
		return r;
	if (facts->device != LXC_DEVICE_VIRTUAL &&
	    facts->device != LXC_DEVICE_PLAIN) {
		snprintf(why, LXC_WHY_MAX, "device=%s has to be said here",
			 lxc_device_name(facts->device));
		return -EPERM;
	}
	w->device = facts->device;
	w->has_device = true;
	return 0;
}

int lxc_device_open(struct lxc_words *w, struct lxc_node *n,
		    char why[static LXC_WHY_MAX])
{
	struct lxc_facts facts = { .owner = 0 };
	int r = 0;

	n->fd = -1;
	if (!w->has_device || lxc_node_needs_facts(w->device, path_of(w)))
		r = read_facts(w, &facts, why);
	if (r < 0)
		return r;
	if (w->device == LXC_DEVICE_NONE) {
		snprintf(why, LXC_WHY_MAX, "it is to have no device");
		return -ENOENT;
	}
	return lxc_node_open(n, w->device, path_of(w), &facts, LXC_SYS, why);
}

/* The owner as the host has him. */
static int map_owner(const struct lxc_words *w, pid_t pid,
		     struct lxc_owner *host, char why[static LXC_WHY_MAX])
{
	int r = lxc_idmap_read(pid, w->inside.uid, w->inside.gid, &host->uid,
			       &host->gid);

	host->mode = w->inside.mode;
	if (r < 0)
		snprintf(why, LXC_WHY_MAX,
			 "owner %u or group %u has no id on the host: %s",
			 w->inside.uid, w->inside.gid, strerror(-r));
	return r;
}

/* Notes what one of several steps came to; what failed first is said. */
static void sum_up(int *sum, int r, char why[static LXC_WHY_MAX],
		   const char *reason)
{
	if (r < 0 && *sum >= 0)
		snprintf(why, LXC_WHY_MAX, "%s", reason);
	if (*sum >= 0 && r != 0)
		*sum = r;
}

int lxc_device_out_node(const struct lxc_words *w, const struct lxc_init *init,
			char why[static LXC_WHY_MAX])
{
	char reason[LXC_WHY_MAX];
	unsigned int i;
	int one, r = 0;

	for (i = 0; i < w->names; i++) {
		one = lxc_inject_remove(init, w->name[i], false, reason);
		sum_up(&r, one == -EEXIST ? 0 : one, why, reason);
	}
	return r;
}

/* Each name by itself: one that is taken keeps no other from being there. */
static int put_names(const struct lxc_words *w, const struct lxc_init *init,
		     const struct lxc_node *n, const struct lxc_owner *host,
		     char why[static LXC_WHY_MAX])
{
	char reason[LXC_WHY_MAX];
	unsigned int i;
	int one, r = 0;

	for (i = 0; i < w->names; i++) {
		one = lxc_inject_node(init, w->name[i], n, host, &w->inside,
				      reason);
		sum_up(&r, one, why, reason);
	}
	return r;
}

/* The node, the container's by now, and its owner as the host has him. */
static int get_node(struct lxc_words *w, const struct lxc_init *init,
		    struct lxc_node *n, struct lxc_owner *host,
		    char why[static LXC_WHY_MAX])
{
	int r = lxc_device_open(w, n, why);

	if (r < 0)
		return r;
	r = map_owner(w, init->pid, host, why);
	/* what was read by number was the process's that the pidfd is of */
	if (r == 0 && lxc_inject_alive(init) < 0) {
		snprintf(why, LXC_WHY_MAX, "its init is gone");
		r = -ESRCH;
	}
	if (r == 0)
		r = lxc_node_give(n, host, why);
	if (r < 0)
		lxc_node_close(n);
	return r;
}

static int put_node(struct lxc_words *w, const struct lxc_init *init,
		    char why[static LXC_WHY_MAX])
{
	char ignored[LXC_WHY_MAX];
	struct lxc_owner host;
	struct lxc_node n;
	int r = get_node(w, init, &n, &host, why);

	/* neither a node that leads nowhere, nor the file that one was on */
	if (r < 0) {
		lxc_device_out_node(w, init, ignored);
		return r;
	}
	r = put_names(w, init, &n, &host, why);
	lxc_node_close(&n);
	return r;
}

static int put_directory(const struct lxc_words *w, const struct lxc_init *init,
			 char why[static LXC_WHY_MAX])
{
	int r, fd = lxc_facts_directory(w->run_dir, w->id);

	if (fd < 0) {
		snprintf(why, LXC_WHY_MAX, "%s/lxc/%s: %s", w->run_dir, w->id,
			 strerror(-fd));
		return fd;
	}
	r = lxc_inject_directory(init, LXC_DIRECTORY, fd, why);
	close(fd);
	return r;
}

int lxc_device_into(struct lxc_words *w, const struct lxc_init *init,
		    char why[static LXC_WHY_MAX])
{
	char reason[LXC_WHY_MAX];
	int r = 0;

	if (!w->has_device || w->device != LXC_DEVICE_NONE)
		r = put_node(w, init, why);
	if (w->socket)
		sum_up(&r, put_directory(w, init, reason), why, reason);
	return r;
}

/* Its owner may be another one when it comes next. */
static void give_back(const struct lxc_words *w, const struct lxc_init *init)
{
	struct lxc_words copy = *w;
	char ignored[LXC_WHY_MAX];
	struct lxc_owner was;
	struct lxc_node n;

	if (lxc_device_open(&copy, &n, ignored) < 0)
		return;
	if (map_owner(w, init->pid, &was, ignored) == 0)
		lxc_node_take_back(&n, &was);
	lxc_node_close(&n);
}

int lxc_device_out(const struct lxc_words *w, const struct lxc_init *init,
		   char why[static LXC_WHY_MAX])
{
	char reason[LXC_WHY_MAX];
	int one, r = lxc_device_out_node(w, init, why);

	give_back(w, init);
	one = lxc_inject_remove(init, LXC_DIRECTORY, true, reason);
	sum_up(&r, one == -EEXIST ? 0 : one, why, reason);
	return r;
}

/* The container's /dev, open; -EBUSY: root is the host's. */
static int open_dev(const char *root)
{
	struct stat host, st;
	int dev, fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (stat("/", &host) < 0 || fstat(fd, &st) < 0)
		dev = -errno;
	else if (st.st_dev == host.st_dev && st.st_ino == host.st_ino)
		dev = -EBUSY;
	else
		dev = lxc_place_open(fd, "dev", O_PATH | O_DIRECTORY);
	close(fd);
	return dev;
}

static int put_here(const struct lxc_words *w, const struct lxc_node *n,
		    int dev, char why[static LXC_WHY_MAX])
{
	const struct lxc_want want = {
		.same_file = true, .dev = n->dev, .ino = n->ino, .rdev = n->rdev
	};
	unsigned int i;
	int tree, r = lxc_node_give(n, &w->inside, why);

	for (i = 0; r >= 0 && i < w->names; i++) {
		tree = lxc_node_tree(n, &w->inside);
		r = tree < 0 ? tree
			     : lxc_place_put(dev, w->name[i], &want, tree);
		if (r < 0)
			snprintf(why, LXC_WHY_MAX, "/dev/%s: %s", w->name[i],
				 strerror(-r));
		if (tree >= 0)
			close(tree);
	}
	return r;
}

/* Is every id the host's? */
static bool sees_host_ids(void)
{
	uid_t uid;
	gid_t gid;
	const uint32_t last = UINT32_MAX - 1;

	return lxc_idmap_read(getpid(), last, last, &uid, &gid) == 0 &&
	       uid == last && gid == last;
}

int lxc_device_here(struct lxc_words *w, const char *root,
		    char why[static LXC_WHY_MAX])
{
	struct lxc_node n;
	int dev, r;

	if (!sees_host_ids())
		return 0;
	r = lxc_device_open(w, &n, why);
	if (r < 0)
		return r;
	dev = n.pty ? open_dev(root) : -1;
	if (n.pty && dev < 0) {
		snprintf(why, LXC_WHY_MAX, "%.100s/dev: %s", root,
			 strerror(-dev));
		r = dev;
	} else if (n.pty) {
		r = put_here(w, &n, dev, why);
		close(dev);
	}
	lxc_node_close(&n);
	return r < 0 ? r : 0;
}

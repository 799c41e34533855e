#include "lxc/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_MS 200

enum stage {
	PREPARE,
	ENTER,
	ROOT,
	DEV,
	PLACE
};

static const char *const stages[] = {
	[PREPARE] = "its mount cannot be made",
	[ENTER] = "its namespaces cannot be entered",
	[ROOT] = "it has no root of its own",
	[DEV] = "it has no /dev that is a directory",
	[PLACE] = "/dev",
};

/* What the child leaves to its parent. */
struct report {
	enum stage stage;
	int result;
};

struct job {
	const struct lxc_init *init;
	const char *name;
	const struct lxc_node *node; /* else a directory */
	const struct lxc_owner *host;
	int directory_fd; /* -1: take it away */
	bool directory;
	struct lxc_want want;
	pid_t parent;
};

int lxc_inject_alive(const struct lxc_init *init)
{
	struct pollfd p = { .fd = init->pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0 ? 0 : -ESRCH;
}

/* The mount to be carried; -1 if none is needed; -errno below that. */
static int make_tree(const struct job *j)
{
	if (j->node) {
		if (!j->node->pty && unshare(CLONE_NEWNS) < 0)
			return -errno;
		return lxc_node_tree(j->node, j->host);
	}
	return j->directory_fd < 0 ? -1 : lxc_node_directory(j->directory_fd);
}

/* Does the process have the namespace that we have?  -errno. */
static int same_namespace(pid_t pid, const char *name)
{
	char path[64];
	struct stat own, other;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (stat(path, &own) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	if (stat(path, &other) < 0)
		return -errno;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Another owner has it forgotten: to be called again then. */
static bool ends_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

/*
 * The user namespace, too, if it has one: then everything behind this is done
 * with no more rights than its root has.
 */
static int enter(const struct job *j, int same_user)
{
	int spaces = CLONE_NEWNS | (same_user ? 0 : CLONE_NEWUSER);

	if (setgroups(0, NULL) < 0 || setns(j->init->pidfd, spaces) < 0)
		return -errno;
	if (!same_user && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return -errno;
	umask(0);
	if (ends_with(j->parent))
		return 0;
	errno = ESRCH;
	return -errno;
}

/* Its root directory, if it is not the host's. */
static int open_root(const struct stat *host)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 &&
	    (st.st_dev != host->st_dev || st.st_ino != host->st_ino))
		return fd;
	close(fd);
	return -EBUSY;
}

static int work(const struct job *j, struct report *r)
{
	int same_user, tree, root, dev;
	struct stat host;

	r->stage = ENTER;
	same_user = same_namespace(j->init->pid, "user");
	if (same_user < 0 || stat("/", &host) < 0 ||
	    lxc_inject_alive(j->init) < 0)
		return same_user < 0 ? same_user : -ESRCH;
	if (same_namespace(j->init->pid, "mnt") != 0)
		return -EPERM;
	r->stage = PREPARE;
	tree = make_tree(j);
	if (tree < -1)
		return tree;
	r->stage = ENTER;
	if (enter(j, same_user) < 0)
		return -errno;
	r->stage = ROOT;
	root = open_root(&host);
	if (root < 0)
		return root;
	r->stage = DEV;
	dev = lxc_place_open(root, "dev", O_PATH | O_DIRECTORY);
	if (dev < 0)
		return dev;
	r->stage = PLACE;
	if (tree < 0)
		return lxc_place_remove(dev, j->name, j->directory);
	return lxc_place_put(dev, j->name, &j->want, tree);
}

static void child(const struct job *j, struct report *r)
{
	/*
	 * If it is left behind, nobody who waits for the end of what a hook
	 * says, as LXC does, may wait for it.
	 */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	/* the container's root must not trace what has its user namespace */
	if (!ends_with(j->parent) || prctl(PR_SET_DUMPABLE, 0) < 0)
		_exit(EXIT_FAILURE);
	r->result = work(j, r);
	_exit(EXIT_SUCCESS);
}

/*
 * 0 or -ETIMEDOUT.  What cannot even be killed (a file system that was frozen)
 * is left behind.
 */
static int await(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int r = 0;

	if (p.fd < 0 || poll(&p, 1, LXC_INJECT_MS) != 1) {
		kill(pid, SIGKILL);
		r = -ETIMEDOUT;
	}
	if (p.fd >= 0 && (r == 0 || poll(&p, 1, KILL_MS) == 1))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (p.fd >= 0)
		close(p.fd);
	return r;
}

static int explain(const struct job *j, const struct report *r, int err,
		   char why[static LXC_WHY_MAX])
{
	if (err == -EEXIST)
		snprintf(why, LXC_WHY_MAX,
			 "/dev/%s in the container is something else", j->name);
	else if (r->stage == PLACE)
		snprintf(why, LXC_WHY_MAX, "/dev/%s in the container: %s",
			 j->name, strerror(-err));
	else
		snprintf(why, LXC_WHY_MAX, "%s: %s", stages[r->stage],
			 strerror(-err));
	return err;
}

static int run(struct job *j, char why[static LXC_WHY_MAX])
{
	struct report *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int result;

	if (r == MAP_FAILED) {
		snprintf(why, LXC_WHY_MAX, "%s", strerror(errno));
		return -ENOMEM;
	}
	*r = (struct report){ .stage = PREPARE, .result = -EIO };
	j->parent = getpid();
	pid = fork();
	if (pid == 0)
		child(j, r);
	result = pid < 0 ? -errno : await(pid);
	if (result == 0)
		result = r->result;
	if (result < 0)
		explain(j, r, result, why);
	munmap(r, sizeof(*r));
	return result;
}

int lxc_inject_node(const struct lxc_init *init, const char *name,
		    const struct lxc_node *node, const struct lxc_owner *host,
		    const struct lxc_owner *inside,
		    char why[static LXC_WHY_MAX])
{
	struct job j = { .init = init,
			 .name = name,
			 .node = node,
			 .host = host,
			 .directory_fd = -1 };

	j.want = (struct lxc_want){ .same_file = node->pty,
				    .dev = node->dev,
				    .ino = node->ino,
				    .rdev = node->rdev,
				    .uid = inside->uid,
				    .gid = inside->gid,
				    .mode = inside->mode };
	return run(&j, why);
}

int lxc_inject_directory(const struct lxc_init *init, const char *name, int fd,
			 char why[static LXC_WHY_MAX])
{
	struct job j = { .init = init,
			 .name = name,
			 .directory_fd = fd,
			 .directory = true };
	struct stat st;

	if (fstat(fd, &st) < 0) {
		snprintf(why, LXC_WHY_MAX, "%s", strerror(errno));
		return -errno;
	}
	j.want = (struct lxc_want){ .directory = true,
				    .dev = st.st_dev,
				    .ino = st.st_ino };
	return run(&j, why);
}

int lxc_inject_remove(const struct lxc_init *init, const char *name,
		      bool directory, char why[static LXC_WHY_MAX])
{
	struct job j = { .init = init,
			 .name = name,
			 .directory_fd = -1,
			 .directory = directory };

	return run(&j, why);
}

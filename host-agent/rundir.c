#include "host-agent/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Anybody may pass: each socket has its own mode and group. */
#define RUNDIR_MODE 0755

#define KVM  "kvm"
#define LXC  "lxc"
#define LOCK "hostd.lock"

static int explain(char *why, const char *path, const char *what, int err)
{
	snprintf(why, RUNDIR_WHY_MAX, "%s: %s: %s", path, what, strerror(err));
	return -err;
}

static int make_dir(const char *path, char *why)
{
	struct stat st;

	if (mkdir(path, RUNDIR_MODE) == 0) {
		/* the umask is tight */
		if (chmod(path, RUNDIR_MODE) < 0)
			return explain(why, path, "chmod", errno);
		return 0;
	}
	if (errno != EEXIST)
		return explain(why, path, "cannot create", errno);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return explain(why, path, "in the way: move it away", ENOTDIR);
	return 0;
}

/* The one before us removes the file as it ends: is fd still the file? */
static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int take_lock(const char *path, char *why)
{
	int fd, err;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			  0600);
		if (fd < 0)
			return explain(why, path, "cannot create", errno);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			err = errno == EWOULDBLOCK ? EBUSY : errno;
			close(fd);
			return explain(why, path,
				       "another onerng-hostd runs here", err);
		}
		if (is_current(fd, path))
			return fd;
		close(fd);
	}
}

static int complete(struct rundir *d, char *why)
{
	char below[CONSUMER_PATH_MAX];
	int r;

	rundir_file(below, d->path, KVM);
	r = make_dir(below, why);
	if (r < 0)
		return r;
	rundir_file(below, d->path, LXC);
	r = make_dir(below, why);
	if (r < 0 || d->lock_fd >= 0)
		return r;
	rundir_file(below, d->path, LOCK);
	d->lock_fd = take_lock(below, why);
	return d->lock_fd < 0 ? d->lock_fd : 0;
}

int rundir_complete(struct rundir *d)
{
	char why[RUNDIR_WHY_MAX] = "";
	int r = complete(d, why);

	memcpy(d->lacks, why, sizeof(d->lacks));
	return r;
}

int rundir_open(struct rundir *d, const char *path)
{
	int r;

	d->path = path;
	d->lock_fd = -1;
	r = make_dir(path, d->lacks);
	if (r < 0)
		return r;
	r = rundir_complete(d);
	return r == -EBUSY ? r : 0;
}

void rundir_close(struct rundir *d)
{
	char below[CONSUMER_PATH_MAX];

	if (d->lock_fd < 0)
		return;
	rundir_file(below, d->path, KVM);
	rmdir(below); /* unless somebody else left something there */
	rundir_file(below, d->path, LXC);
	rmdir(below); /* nor while a container is registered */
	rundir_file(below, d->path, LOCK);
	unlink(below);
	close(d->lock_fd);
}

void rundir_file(char out[static CONSUMER_PATH_MAX], const char *path,
		 const char *name)
{
	snprintf(out, CONSUMER_PATH_MAX, "%s/%s", path, name);
}

void rundir_domain_socket(char out[static CONSUMER_PATH_MAX], const char *path,
			  const char *uuid)
{
	snprintf(out, CONSUMER_PATH_MAX, "%s/kvm/%s.sock", path, uuid);
}

void rundir_container_dir(char out[static RUNDIR_LXC_MAX], const char *path,
			  const char *id)
{
	snprintf(out, RUNDIR_LXC_MAX, "%s/lxc/%s", path, id);
}

void rundir_container_socket(char out[static CONSUMER_PATH_MAX],
			     const char *path, const char *id)
{
	snprintf(out, CONSUMER_PATH_MAX, "%s/lxc/%s/egd.sock", path, id);
}

void rundir_container_facts(char out[static RUNDIR_LXC_MAX], const char *path,
			    const char *id)
{
	snprintf(out, RUNDIR_LXC_MAX, "%s/lxc/%s.facts", path, id);
}

/* No container's ID begins with a dot. */
void rundir_container_facts_new(char out[static RUNDIR_LXC_MAX],
				const char *path, const char *id)
{
	snprintf(out, RUNDIR_LXC_MAX, "%s/lxc/.%s.new", path, id);
}

int rundir_make_container(const char *path, const char *id)
{
	char dir[RUNDIR_LXC_MAX], why[RUNDIR_WHY_MAX];

	rundir_container_dir(dir, path, id);
	return make_dir(dir, why);
}

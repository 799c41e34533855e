#include "common/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40

/* What of the path is still to be gone. */
struct way {
	struct resolved *at;
	char left[PATH_MAX];
	unsigned int links;
};

static bool is_own(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool is_open_to_others(const struct stat *st)
{
	return (st->st_mode & S_IWOTH) ||
	       ((st->st_mode & S_IWGRP) && st->st_gid != 0 &&
		st->st_gid != getegid());
}

/* The descriptor is r's from here on.  What was strange stays so. */
static int enter(struct resolved *r, int fd)
{
	struct stat st;

	if (r->folder >= 0)
		close(r->folder);
	r->folder = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	r->shared = is_open_to_others(&st);
	r->strange |= !is_own(&st) || (r->shared && !(st.st_mode & S_ISVTX));
	r->owner = st.st_uid;
	return 0;
}

static int begin(struct way *w, const char *path)
{
	int fd = open(*path == '/' ? "/" : ".",
		      O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : enter(w->at, fd);
}

/* The next part of what is left, cut off there; its name becomes the place's */
static int cut(struct way *w)
{
	size_t blank = strspn(w->left, "/");
	size_t len = strcspn(w->left + blank, "/");
	size_t gone = blank + len;

	if (len >= sizeof(w->at->name))
		return -ENAMETOOLONG;
	memcpy(w->at->name, w->left + blank, len);
	w->at->name[len] = '\0';
	gone += strspn(w->left + gone, "/");
	memmove(w->left, w->left + gone, strlen(w->left + gone) + 1);
	return 0;
}

/* An absolute link is gone from the root on, which is nobody else's. */
static int follow(struct way *w, int link, const struct stat *st)
{
	char text[PATH_MAX], whole[2 * PATH_MAX];
	const struct resolved *r = w->at;
	ssize_t len;

	if (r->strange || (r->shared && !is_own(st)) || ++w->links > LINKS_MAX)
		return -ELOOP;
	len = readlinkat(link, "", text, sizeof(text) - 1);
	if (len <= 0)
		return len < 0 ? -errno : -ENOENT;
	text[len] = '\0';
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", text, w->left) >=
	    sizeof(w->left))
		return -ENAMETOOLONG;
	/* the slash is no part of a path that ends here */
	if (!*w->left)
		whole[len] = '\0';
	memcpy(w->left, whole, strlen(whole) + 1);
	return *text == '/' ? begin(w, text) : 0;
}

/* One part of the way.  1: that was the last; 0 or -errno. */
static int step(struct way *w)
{
	struct resolved *r = w->at;
	struct stat st;
	int fd, err = cut(w);

	if (err)
		return err;
	if (!*r->name || !strcmp(r->name, ".")) {
		memcpy(r->name, ".", 2);
		return !*w->left;
	}
	if (r->strange && !strcmp(r->name, ".."))
		return -ELOOP;
	fd = openat(r->folder, r->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && !*w->left ? 1 : -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISLNK(st.st_mode))
		err = follow(w, fd, &st);
	else if (!*w->left && strcmp(r->name, "..") != 0)
		err = 1;
	else
		return enter(r, fd);
	close(fd);
	return err;
}

int resolve_path(struct resolved *r, const char *path)
{
	struct way w = { .at = r };
	size_t len = strlen(path);
	int err;

	*r = (struct resolved){ .folder = -1 };
	if (!len || len >= sizeof(w.left))
		return len ? -ENAMETOOLONG : -ENOENT;
	memcpy(w.left, path, len + 1);
	err = begin(&w, path);
	while (err == 0) {
		err = step(&w);
		/* "..", or a link to the root, has no name */
		if (err == 0 && !*w.left) {
			memcpy(r->name, ".", 2);
			err = 1;
		}
	}
	return err < 0 ? err : 0;
}

void resolve_end(struct resolved *r)
{
	if (r->folder >= 0)
		close(r->folder);
	r->folder = -1;
}

static int check_file(const struct resolved *r, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
	if (!r->strange && !r->shared)
		return 0;
	return st->st_nlink == 1 && (is_own(st) || st->st_uid == r->owner)
		       ? 0
		       : -EXDEV;
}

int resolve_open(const struct resolved *r, struct stat *st)
{
	int at, fd, err = 0;
	char path[64];

	at = openat(r->folder, r->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return -errno;
	if (fstat(at, st) < 0)
		err = -errno;
	else if (S_ISLNK(st->st_mode))
		err = -ELOOP;
	else
		err = check_file(r, st);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", at);
	fd = err ? err : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && !err)
		fd = -errno;
	close(at);
	return fd;
}

int resolve_real(const char *path, char out[static PATH_MAX])
{
	char link[64], folder[PATH_MAX];
	struct resolved r;
	ssize_t len = -1;
	int err = resolve_path(&r, path), n;

	if (!err && faccessat(r.folder, r.name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		err = -errno;
	if (!err) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", r.folder);
		len = readlink(link, folder, sizeof(folder) - 1);
	}
	resolve_end(&r);
	if (err || len <= 0)
		return err ? err : -EIO;
	folder[len] = '\0';
	if (!strcmp(r.name, "."))
		n = snprintf(out, PATH_MAX, "%s", folder);
	else
		n = snprintf(out, PATH_MAX, "%s/%s", len == 1 ? "" : folder,
			     r.name);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

bool resolve_is_own(const char *path)
{
	struct resolved r;
	struct stat st;
	bool own = resolve_path(&r, path) == 0 && !r.strange &&
		   fstatat(r.folder, r.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		   !S_ISLNK(st.st_mode) && is_own(&st) &&
		   !is_open_to_others(&st);

	resolve_end(&r);
	return own;
}

/* A folder that was just made, if it still is that one. */
static int set_mode(const struct resolved *r, mode_t mode)
{
	int fd = openat(r->folder, r->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_uid != geteuid())
		err = -EXDEV;
	else if (fchmod(fd, mode) < 0)
		err = -errno;
	close(fd);
	return err;
}

int resolve_make_folder(const char *path, mode_t mode)
{
	struct resolved r;
	int err = resolve_path(&r, path);

	if (!err && mkdirat(r.folder, r.name, mode) == 0)
		err = set_mode(&r, mode);
	else if (!err && errno != EEXIST)
		err = -errno;
	resolve_end(&r);
	return err;
}

int resolve_unlink(const char *path, int flags)
{
	struct resolved r;
	int err = resolve_path(&r, path);

	if (!err && unlinkat(r.folder, r.name, flags) < 0)
		err = -errno;
	resolve_end(&r);
	return err;
}

const char *resolve_strerror(int err)
{
	if (err == -ELOOP)
		return "a link that somebody else may have put there is not "
		       "followed";
	if (err == -EXDEV)
		return "it is in somebody else's folder, and neither root's "
		       "nor his, or has another name elsewhere";
	return strerror(-err);
}

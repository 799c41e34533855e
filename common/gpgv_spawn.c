#include "common/gpgv_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/gpgv.h"
#include "common/sealed.h"

/* The child's descriptors, from 0; gpgv opens three of them by name. */
enum child_fd {
	CHILD_STDIN,
	CHILD_STDOUT,
	CHILD_STDERR,
	CHILD_STATUS,
	CHILD_KEYRING,
	CHILD_SIG,
	CHILD_DATA,
	CHILD_FDS,
};
#define ABOVE_CHILD_FDS 16 /* ours are kept above what they become */

/*
 * No home: gpgv 2.2 neither needs nor makes one.  --ignore-time-conflict: a
 * host without a clock of its own is in the past when it boots; a pinned key
 * is not worth less for having been made in its future.  It changes nothing
 * for keys and signatures that have expired.
 */
static char *const arguments[] = {
	(char[]){ "gpgv" },
	(char[]){ "--homedir" },
	(char[]){ "/nonexistent" },
	(char[]){ "--ignore-time-conflict" },
	(char[]){ "--status-fd" },
	(char[]){ "3" },
	(char[]){ "--keyring" },
	(char[]){ "/proc/self/fd/4" },
	(char[]){ "/proc/self/fd/5" },
	(char[]){ "/proc/self/fd/6" },
	NULL,
};
static char *const environment[] = {
	(char[]){ "LC_ALL=C" },
	(char[]){ "PATH=/usr/bin:/bin" },
	NULL,
};

_Static_assert(CHILD_STATUS == 3 && CHILD_KEYRING == 4 && CHILD_SIG == 5 &&
		       CHILD_DATA == 6,
	       "as in arguments");

/* A descriptor of the same file above those of the child; takes fd. */
static int raise_fd(int fd)
{
	int high, saved;

	if (fd < 0)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_CHILD_FDS);
	saved = errno;
	close(fd);
	errno = saved;
	return high;
}

static enum gpgv_verdict keyring_errno(int err)
{
	return err == ENOENT || err == ENOTDIR ? GPGV_KEYRING_MISSING
					       : GPGV_KEYRING_UNREADABLE;
}

/* What gpgv would call "no public key" without another word. */
static enum gpgv_verdict keyring_judge(int fd, int *err)
{
	uint8_t first;
	struct stat st;

	if (fstat(fd, &st) < 0)
		*err = errno;
	else if (S_ISDIR(st.st_mode))
		*err = EISDIR;
	else if (!S_ISREG(st.st_mode))
		*err = EINVAL;
	else if (st.st_size > GPGV_KEYRING_MAX)
		*err = EFBIG;
	if (*err)
		return GPGV_KEYRING_UNREADABLE;
	if (st.st_size == 0)
		return GPGV_KEYRING_EMPTY;
	if (pread(fd, &first, 1, 0) != 1) {
		*err = EIO;
		return GPGV_KEYRING_UNREADABLE;
	}
	/* RFC 4880 4.2: the first byte of a packet has bit 7 set */
	return first & 0x80 ? GPGV_GOOD : GPGV_KEYRING_FORMAT;
}

static enum gpgv_verdict keyring_open(const char *path, int *fd, int *err)
{
	enum gpgv_verdict verdict;

	*fd = raise_fd(
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	if (*fd < 0) {
		*err = errno;
		return keyring_errno(*err);
	}
	verdict = keyring_judge(*fd, err);
	if (verdict != GPGV_GOOD) {
		close(*fd);
		*fd = -1;
	}
	return verdict;
}

/* Our end for reading, which never waits, and the child's for writing. */
static int open_pipe(int *ours, int *childs)
{
	int fds[2], saved;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ours = raise_fd(fds[0]);
	saved = errno;
	*childs = raise_fd(fds[1]);
	if (*ours < 0)
		return -saved;
	if (*childs < 0 || fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* All but the keyring; fds that could not be opened stay -1. */
static int open_fds(struct gpgv_process *p, int fds[static CHILD_FDS],
		    const struct firmware_parts *parts)
{
	int r;

	fds[CHILD_STDIN] = raise_fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (fds[CHILD_STDIN] < 0)
		return -errno;
	fds[CHILD_STDOUT] = raise_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	if (fds[CHILD_STDOUT] < 0)
		return -errno;
	r = open_pipe(&p->stderr_fd, &fds[CHILD_STDERR]);
	if (r == 0)
		r = open_pipe(&p->status_fd, &fds[CHILD_STATUS]);
	if (r < 0)
		return r;
	r = sealed_make("firmware-signature", parts->sig, parts->sig_len);
	if (r < 0)
		return r;
	fds[CHILD_SIG] = raise_fd(r);
	r = sealed_make("firmware-data", parts->data, parts->data_len);
	if (r < 0)
		return r;
	fds[CHILD_DATA] = raise_fd(r);
	return fds[CHILD_SIG] < 0 || fds[CHILD_DATA] < 0 ? -EMFILE : 0;
}

static int set_actions(posix_spawn_file_actions_t *actions,
		       const int fds[static CHILD_FDS])
{
	int err = 0;

	for (int i = 0; i < CHILD_FDS && !err; i++)
		err = posix_spawn_file_actions_adddup2(actions, fds[i], i);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions,
							       CHILD_FDS);
	return err;
}

/* Its own group, so that what it may have started dies with it. */
static int set_attributes(posix_spawnattr_t *attr)
{
	const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
			    POSIX_SPAWN_SETSIGMASK;
	sigset_t all, none;
	int err;

	sigfillset(&all);
	sigemptyset(&none);
	err = posix_spawnattr_setsigdefault(attr, &all);
	if (!err)
		err = posix_spawnattr_setsigmask(attr, &none);
	if (!err)
		err = posix_spawnattr_setpgroup(attr, 0);
	return err ? err : posix_spawnattr_setflags(attr, flags);
}

/* 0 or an errno, as posix_spawn(3). */
static int run(struct gpgv_process *p, const int fds[static CHILD_FDS])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return err;
	err = posix_spawnattr_init(&attr);
	if (err)
		goto out;
	err = set_actions(&actions, fds);
	if (!err)
		err = set_attributes(&attr);
	if (!err)
		err = posix_spawnp(&p->pid, arguments[0], &actions, &attr,
				   arguments, environment);
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

enum gpgv_verdict gpgv_spawn(struct gpgv_process *p, const char *keyring,
			     const struct firmware_parts *parts, int *err)
{
	int fds[CHILD_FDS] = { -1, -1, -1, -1, -1, -1, -1 };
	enum gpgv_verdict verdict;

	*err = 0;
	p->status_fd = p->stderr_fd = -1;
	verdict = keyring_open(keyring, &fds[CHILD_KEYRING], err);
	if (verdict != GPGV_GOOD)
		return verdict;
	*err = -open_fds(p, fds, parts);
	if (!*err) {
		*err = run(p, fds);
		if (*err == ENOENT)
			verdict = GPGV_MISSING;
	}
	close_all(fds, CHILD_FDS);
	if (!*err)
		return GPGV_GOOD;
	close_all((const int[]){ p->status_fd, p->stderr_fd }, 2);
	return verdict == GPGV_GOOD ? GPGV_CANNOT_START : verdict;
}

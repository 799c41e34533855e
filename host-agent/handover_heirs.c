/*
 * handover_heirs.c - what the process before this one left to us
 *
 * The service manager names each descriptor: "listen-KEY", "peer-KEY",
 * "records-N".  After an exec the table itself says which number is what, and
 * the inode that it noted tells whether that is still so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "host-agent/handover_priv.h"
#include "host-agent/tty_pty.h"

#define TABLE_MAX                         \
	(sizeof(struct handover_header) + \
	 (size_t)HANDOVER_RECORDS_MAX * HANDOVER_RECORD_MAX)

uint64_t handover_identity(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	return S_ISSOCK(st.st_mode) ? st.st_ino : tty_pty_identity(fd);
}

/* Room for one more of size bytes, or NULL. */
static void *grow(void *list, size_t count, size_t *size, size_t each)
{
	size_t more = *size ? *size * 2 : 64;

	if (count < *size)
		return list;
	list = reallocarray(list, more, each);
	if (list)
		*size = more;
	return list;
}

static int add_fd(struct heirs *h, enum heir_kind kind, const char *key, int fd)
{
	struct heir *fds =
		grow(h->fds, h->fds_count, &h->fds_size, sizeof(*h->fds));
	struct heir *new;

	if (!fds)
		return -ENOMEM;
	h->fds = fds;
	new = &fds[h->fds_count++];
	new->kind = kind;
	new->fd = fd;
	new->ino = handover_identity(fd);
	snprintf(new->key, sizeof(new->key), "%s", key);
	return 0;
}

static void add_left(void *ctx, const struct handover_left *left)
{
	struct heirs *h = ctx;
	struct handover_left *list =
		grow(h->left, h->left_count, &h->left_size, sizeof(*h->left));

	if (!list)
		return; /* its peer's state is unknown */
	h->left = list;
	list[h->left_count++] = *left;
}

const struct handover_left *heirs_left(const struct heirs *h, const char *key)
{
	size_t i;

	for (i = 0; i < h->left_count; i++)
		if (!strcmp(h->left[i].key, key))
			return &h->left[i];
	return NULL;
}

/* Read, not mapped: nobody can take the pages away below us. */
static uint8_t *read_table(int fd, size_t *len)
{
	struct stat st;
	uint8_t *data;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (size_t)st.st_size > TABLE_MAX)
		return NULL;
	data = malloc((size_t)st.st_size);
	if (!data)
		return NULL;
	n = pread(fd, data, (size_t)st.st_size, 0);
	if (n == st.st_size) {
		*len = (size_t)n;
		return data;
	}
	free(data);
	return NULL;
}

/* The newest of several tables counts. */
static void take_table(struct heirs *h, int fd)
{
	struct heirs new = { .generation = 0 };
	size_t len = 0;
	uint8_t *data = read_table(fd, &len);
	int dropped = -EINVAL;

	close(fd);
	if (data)
		dropped = handover_parse(data, len, &new.generation, add_left,
					 &new);
	free(data);
	if (dropped < 0)
		log_warn("hand-over: records of no known form: dropped");
	if (dropped > 0)
		log_warn("hand-over: %d records make no sense: dropped",
			 dropped);
	if (dropped < 0 || (h->left && new.generation <= h->generation)) {
		free(new.left);
		return;
	}
	free(h->left);
	h->left = new.left;
	h->left_count = new.left_count;
	h->left_size = new.left_size;
	h->generation = new.generation;
}

static int take_named(struct heirs *h, const char *name, int fd)
{
	enum heir_kind kind = HEIR_LISTENER;
	char key[HANDOVER_KEY_MAX] = "";
	const char *dash = strchr(name, '-');

	if (!strncmp(name, "records-", 8)) {
		take_table(h, fd);
		return 0;
	}
	if (dash)
		snprintf(key, sizeof(key), "%s", dash + 1);
	if (!strncmp(name, "peer-", 5))
		kind = HEIR_PEER;
	else if (strncmp(name, "listen-", 7))
		key[0] = '\0';
	if (handover_key_valid(key))
		return add_fd(h, kind, key, fd);
	log_warn("hand-over: a descriptor of no known name: closed");
	close(fd);
	return 0;
}

static int from_service_manager(struct heirs *h)
{
	char **names = NULL;
	int i, r = 0, n = sd_listen_fds_with_names(1, &names);

	for (i = 0; i < n; i++) {
		if (!r)
			r = take_named(h, names[i], SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	return r;
}

/* fd is ours if it is the socket that the table says it is. */
static int take_numbered(struct heirs *h, enum heir_kind kind,
			 const struct handover_left *left)
{
	int fd = kind == HEIR_PEER ? left->peer_fd : left->listen_fd;
	uint64_t ino = kind == HEIR_PEER ? left->peer_ino : left->listen_ino;

	if (fd < 0)
		return 0;
	if (handover_identity(fd) != ino || fcntl(fd, F_GETFD) & FD_CLOEXEC) {
		log_warn("hand-over: %s: descriptor %d is not what it was",
			 left->key, fd);
		return 0;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return add_fd(h, kind, left->key, fd);
}

static int from_exec(struct heirs *h, const char *how)
{
	int pid, fd, r = 0;
	char end;
	size_t i;

	if (sscanf(how, "%d:%d%c", &pid, &fd, &end) != 2 || pid != getpid() ||
	    fd <= 2 || fcntl(fd, F_GETFD) < 0)
		return 0;
	take_table(h, fd);
	for (i = 0; i < h->left_count && !r; i++) {
		r = take_numbered(h, HEIR_LISTENER, &h->left[i]);
		if (!r)
			r = take_numbered(h, HEIR_PEER, &h->left[i]);
	}
	return r;
}

int heirs_collect(struct heirs *h)
{
	const char *how = getenv(HANDOVER_ENV);
	int r;

	memset(h, 0, sizeof(*h));
	r = how ? from_exec(h, how) : from_service_manager(h);
	unsetenv(HANDOVER_ENV);
	return r;
}

void heirs_free(struct heirs *h)
{
	size_t i;

	for (i = 0; i < h->fds_count; i++)
		if (h->fds[i].fd >= 0)
			close(h->fds[i].fd);
	free(h->fds);
	free(h->left);
	memset(h, 0, sizeof(*h));
}

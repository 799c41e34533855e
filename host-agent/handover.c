/*
 * handover.c - sockets and owed counts that outlive this process
 *
 * Every process makes a table of its own: the one it was left is only read.
 * Both are with the service manager until the new one stands there under the
 * other of two names, so a kill at any time leaves a table, and the newest one
 * counts.
 */
#include "host-agent/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "host-agent/handover_priv.h"
#include "host-agent/tty_pty.h"

#define TABLE_SIZE                        \
	(sizeof(struct handover_header) + \
	 HANDOVER_RECORDS_MAX * sizeof(struct handover_record))

/* What the service manager has of a consumer. */
struct stored {
	bool listener, peer;
	bool settled; /* the peer was there at the last tick */
};

struct handover {
	int fd; /* of the table; -1: there is none */
	struct handover_header *table;
	struct handover_record *records;
	struct stored stored[HANDOVER_RECORDS_MAX];
	size_t next; /* where to look for an unused record */
	struct heirs heirs;
	bool manager; /* one that takes notifications */
	bool settled;
	bool ended;
};

static struct stored *stored_of(struct handover *h,
				const struct handover_record *r)
{
	return &h->stored[r - h->records];
}

static int make_table(struct handover *h)
{
	void *mem;

	h->fd = memfd_create("onerng-handover",
			     MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (h->fd < 0 || ftruncate(h->fd, (off_t)TABLE_SIZE) < 0)
		return -errno;
	if (fcntl(h->fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	mem = mmap(NULL, TABLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd,
		   0);
	if (mem == MAP_FAILED)
		return -errno;
	h->table = mem;
	h->records = (struct handover_record *)(h->table + 1);
	handover_header_init(h->table, h->heirs.generation + 1);
	return 0;
}

struct handover *handover_new(void)
{
	struct handover *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return NULL;
	h->fd = -1;
	h->manager = getenv("NOTIFY_SOCKET") != NULL;
	r = heirs_collect(&h->heirs);
	if (!r)
		r = make_table(h);
	if (!r)
		return h;
	handover_free(h);
	errno = -r;
	return NULL;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	heirs_free(&h->heirs);
	if (h->table)
		munmap(h->table, TABLE_SIZE);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}

struct handover_record *handover_join(struct handover *h, const char *key)
{
	struct handover_record *r;
	size_t i;

	if (!h)
		return NULL;
	for (i = 0; i < HANDOVER_RECORDS_MAX; i++) {
		r = &h->records[(h->next + i) % HANDOVER_RECORDS_MAX];
		if (r->key[0])
			continue;
		h->next = (h->next + i + 1) % HANDOVER_RECORDS_MAX;
		memset(r, 0, sizeof(*r));
		memset(stored_of(h, r), 0, sizeof(struct stored));
		r->listen_fd = -1;
		r->peer_fd = -1;
		snprintf(r->key, sizeof(r->key), "%s", key);
		return r;
	}
	return NULL;
}

/*
 * The service manager takes a copy of the descriptor.  It would drop one that
 * is hung up, as a terminal is while nobody has it open.
 */
static void store(const char *what, const char *key, int fd)
{
	const char *keep = tty_pty_identity(fd) ? "FDPOLL=0\n" : "";
	char text[128];

	snprintf(text, sizeof(text), "FDSTORE=1\n%sFDNAME=%s-%s", keep, what,
		 key);
	sd_pid_notify_with_fds(0, 0, text, &fd, 1);
}

static void unstore(const char *what, const char *key)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s-%s", what, key);
}

void handover_leave(struct handover *h, struct handover_record *r)
{
	if (!r || h->ended)
		return;
	handover_drop_peer(h, r);
	if (stored_of(h, r)->listener)
		unstore("listen", r->key);
	stored_of(h, r)->listener = false;
	memset(r, 0, sizeof(*r));
}

static struct heir *find_heir(struct handover *h, enum heir_kind kind,
			      const char *key)
{
	struct heir *heir;
	size_t i;

	for (i = 0; i < h->heirs.fds_count; i++) {
		heir = &h->heirs.fds[i];
		if (heir->fd >= 0 && heir->kind == kind &&
		    !strcmp(heir->key, key))
			return heir;
	}
	return NULL;
}

int handover_take_listener(struct handover *h, const char *key)
{
	struct heir *heir = h ? find_heir(h, HEIR_LISTENER, key) : NULL;
	int fd = heir ? heir->fd : -1;

	if (heir)
		heir->fd = -1;
	return fd;
}

int handover_take_tty(struct handover *h, const char *key,
		      struct handover_tty *t, bool *known)
{
	const struct handover_left *left = h ? heirs_left(&h->heirs, key)
					     : NULL;
	int fd = handover_take_listener(h, key);

	*known = fd >= 0 && left && left->tty_known &&
		 left->listen_ino == handover_identity(fd);
	if (*known)
		*t = left->tty;
	return fd;
}

bool handover_take_account(const struct handover *h, const char *key,
			   struct handover_account *a)
{
	const struct handover_left *left = h ? heirs_left(&h->heirs, key)
					     : NULL;

	if (!left || !left->account.counts.since_s)
		return false;
	*a = left->account;
	return true;
}

int handover_take_left_tty(struct handover *h)
{
	struct heir *heir;
	size_t i;
	int fd;

	for (i = 0; h && i < h->heirs.fds_count; i++) {
		heir = &h->heirs.fds[i];
		if (heir->fd < 0 || !tty_pty_identity(heir->fd))
			continue;
		log_info("hand-over: %s: a terminal, not taken: closed",
			 heir->key);
		fd = heir->fd;
		heir->fd = -1;
		return fd;
	}
	return -1;
}

/* An accepted socket has the address of the one that accepted it. */
static bool was_accepted_at(int fd, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNSPEC }, peer;
	socklen_t len = sizeof(sa), peer_len = sizeof(peer);
	int type = 0;
	socklen_t type_len = sizeof(type);

	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       type == SOCK_STREAM && sa.sun_family == AF_UNIX &&
	       !strncmp(sa.sun_path, path, sizeof(sa.sun_path));
}

static bool peer_is_usable(int fd, const char *path)
{
	struct pollfd p = { .fd = fd };

	/* a hung-up one may have been stored just before the one behind it */
	return was_accepted_at(fd, path) && poll(&p, 1, 0) == 0 &&
	       fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
}

int handover_take_peer(struct handover *h, const char *key, const char *path,
		       struct handover_state *s, bool *known)
{
	const struct handover_left *left;
	struct heir *heir;
	int fd;

	*known = false;
	while (h && (heir = find_heir(h, HEIR_PEER, key))) {
		fd = heir->fd;
		heir->fd = -1;
		if (!peer_is_usable(fd, path)) {
			close(fd);
			continue;
		}
		left = heirs_left(&h->heirs, key);
		*known = left && left->known &&
			 left->peer_ino == handover_identity(fd);
		if (*known)
			*s = left->state;
		return fd;
	}
	return -1;
}

static void store_listener(struct handover *h, struct handover_record *r)
{
	if (r->listen_fd < 0)
		return; /* it could not be made yet */
	store("listen", r->key, r->listen_fd);
	stored_of(h, r)->listener = true;
}

void handover_add_listener(struct handover *h, struct handover_record *r,
			   int fd)
{
	if (!r)
		return;
	if (stored_of(h, r)->listener)
		unstore("listen", r->key);
	r->listen_ino = handover_identity(fd);
	r->listen_fd = fd;
	if (h->manager && h->settled)
		store_listener(h, r);
}

void handover_add_peer(struct handover *h, struct handover_record *r, int fd)
{
	if (!r)
		return;
	stored_of(h, r)->settled = false;
	r->peer_ino = handover_identity(fd);
	r->peer_fd = fd;
}

void handover_drop_peer(struct handover *h, struct handover_record *r)
{
	if (!r || h->ended)
		return;
	r->peer_fd = -1;
	if (stored_of(h, r)->peer)
		unstore("peer", r->key);
	stored_of(h, r)->peer = false;
}

static void store_table(struct handover *h)
{
	char number[2][2] = { "0", "1" };
	unsigned int mine = h->table->generation & 1;

	store("records", number[mine], h->fd);
	unstore("records", number[!mine]);
}

static void store_peer(struct handover *h, struct handover_record *r)
{
	struct stored *st = stored_of(h, r);

	if (r->key[0] && r->peer_fd >= 0 && !st->peer) {
		store("peer", r->key, r->peer_fd);
		st->peer = true;
	}
}

static void store_peers(struct handover *h)
{
	size_t i;

	for (i = 0; i < HANDOVER_RECORDS_MAX; i++)
		store_peer(h, &h->records[i]);
}

/* Nobody will listen there again: its file goes, too. */
static void remove_file(int fd)
{
	struct sockaddr_un sa = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	struct stat st;

	/* a name that fills its field has no end */
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	    sa.sun_family == AF_UNIX && len < sizeof(sa) &&
	    sa.sun_path[0] == '/' && lstat(sa.sun_path, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		unlink(sa.sun_path);
}

static const struct handover_record *find_record(const struct handover *h,
						 const char *key)
{
	size_t i;

	for (i = 0; i < HANDOVER_RECORDS_MAX; i++)
		if (!strcmp(h->records[i].key, key))
			return &h->records[i];
	return NULL;
}

static bool is_in_use(const struct handover *h, const struct heir *heir)
{
	const struct handover_record *r = find_record(h, heir->key);

	if (!r)
		return false;
	if (heir->kind == HEIR_PEER)
		return r->peer_fd >= 0 && r->peer_ino == heir->ino;
	return r->listen_fd >= 0 && r->listen_ino == heir->ino;
}

/* Nobody took it, or it was of no use. */
static void disown(const struct handover *h, const struct heir *heir)
{
	if (heir->fd >= 0) {
		log_info("hand-over: %s: not taken: closed", heir->key);
		/* unless another one listens there now */
		if (heir->kind == HEIR_LISTENER && !find_record(h, heir->key))
			remove_file(heir->fd);
	}
	if (h->manager)
		unstore(heir->kind == HEIR_PEER ? "peer" : "listen", heir->key);
}

void handover_settle(struct handover *h)
{
	size_t i;

	for (i = 0; i < h->heirs.fds_count; i++)
		if (!is_in_use(h, &h->heirs.fds[i]))
			disown(h, &h->heirs.fds[i]);
	heirs_free(&h->heirs);
	h->settled = true;
	if (!h->manager)
		return;
	/* what bore the name of one that was disowned is stored again */
	for (i = 0; i < HANDOVER_RECORDS_MAX; i++)
		if (h->records[i].key[0])
			store_listener(h, &h->records[i]);
	store_peers(h);
	store_table(h);
}

void handover_tick(struct handover *h)
{
	struct stored *st;
	size_t i;

	if (!h->manager)
		return;
	for (i = 0; i < HANDOVER_RECORDS_MAX; i++) {
		st = &h->stored[i];
		if (st->settled)
			store_peer(h, &h->records[i]);
		st->settled = h->records[i].peer_fd >= 0;
	}
}

bool handover_end(struct handover *h)
{
	if (!h || !h->manager)
		return false;
	store_peers(h);
	h->ended = true;
	return true;
}

bool handover_is_kept(const struct handover *h)
{
	return h && h->ended;
}

static void set_inherited(const struct handover *h, int flags)
{
	const struct handover_record *r;
	size_t i;

	fcntl(h->fd, F_SETFD, flags);
	for (i = 0; i < HANDOVER_RECORDS_MAX; i++) {
		r = &h->records[i];
		if (!r->key[0])
			continue;
		if (r->listen_fd >= 0)
			fcntl(r->listen_fd, F_SETFD, flags);
		if (r->peer_fd >= 0)
			fcntl(r->peer_fd, F_SETFD, flags);
	}
}

int handover_arm(struct handover *h)
{
	char text[32];

	snprintf(text, sizeof(text), "%d:%d", (int)getpid(), h->fd);
	if (setenv(HANDOVER_ENV, text, 1) < 0)
		return -errno;
	set_inherited(h, 0);
	return 0;
}

void handover_disarm(struct handover *h)
{
	unsetenv(HANDOVER_ENV);
	set_inherited(h, FD_CLOEXEC);
}

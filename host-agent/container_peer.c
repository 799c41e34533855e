#include "host-agent/container_peer.h"

#include <stdbool.h>
#include <string.h>

#include "common/textfile.h"

#define CGROUP_MAX 8192

/* A line, "4:memory:/lxc.payload.web": hierarchy and path, not terminated. */
struct group {
	const char *hierarchy, *path;
	size_t hierarchy_len, path_len;
};

/* The line at *at, which moves on; false: there is none. */
static bool next_group(const char **at, struct group *g)
{
	const char *line = *at, *end = strchrnul(line, '\n');
	const char *path = memchr(line, '/', (size_t)(end - line));

	if (!*line || !path)
		return false;
	*g = (struct group){ line, path, (size_t)(path - line),
			     (size_t)(end - path) };
	*at = *end ? end + 1 : end;
	return true;
}

static bool begins(const char *p, size_t len, const char *word)
{
	return len >= strlen(word) && !strncmp(p, word, strlen(word));
}

/* Up to the end of the part that begins at. */
static size_t part_end(const struct group *g, size_t at)
{
	while (at < g->path_len && g->path[at] != '/')
		at++;
	return at;
}

/*
 * The outermost container's group: lxc.payload.NAME since LXC 4.0, before that
 * lxc.payload/NAME and lxc/NAME.  Its length; *name is where NAME begins.
 * 0: a host's process.
 */
static size_t payload(const struct group *g, size_t *name)
{
	size_t at, end;

	for (at = 1; at < g->path_len; at = end + 1) {
		end = part_end(g, at);
		*name = at + strlen("lxc.payload.");
		if (begins(g->path + at, end - at, "lxc.payload."))
			return end;
		*name = end + 1;
		if (end + 1 < g->path_len &&
		    (begins(g->path + at, g->path_len - at, "lxc.payload/") ||
		     begins(g->path + at, g->path_len - at, "lxc/")))
			return part_end(g, end + 1);
	}
	return 0;
}

static bool is_in_any(const char *text)
{
	struct group g;
	size_t name;

	while (next_group(&text, &g))
		if (payload(&g, &name))
			return true;
	return false;
}

static enum qemu_peer stranger(const char *peer)
{
	return is_in_any(peer) ? QEMU_PEER_OTHER : QEMU_PEER_UNNAMED;
}

/*
 * A group of another name (lxc.cgroup.dir) is whole, but for what systemd
 * makes in it for itself.
 */
static size_t whole(const struct group *g)
{
	static const char own[] = "/init.scope";
	size_t len = g->path_len, end = strlen(own);

	if (len > end && !strncmp(g->path + len - end, own, end))
		len -= end;
	return len > 1 ? len : 0;
}

/* Is the process in that group of that hierarchy, or below? */
static bool is_below(const char *peer, const struct group *g, size_t len)
{
	struct group p;

	while (next_group(&peer, &p))
		if (p.hierarchy_len == g->hierarchy_len &&
		    !memcmp(p.hierarchy, g->hierarchy, p.hierarchy_len))
			return p.path_len >= len &&
			       !memcmp(p.path, g->path, len) &&
			       (p.path_len == len || p.path[len] == '/');
	return false;
}

enum qemu_peer container_peer_by_init(const char *peer, const char *init)
{
	bool named = is_in_any(init), found = false;
	struct group g;
	size_t len, name;

	while (next_group(&init, &g)) {
		len = named ? payload(&g, &name) : whole(&g);
		if (!len)
			continue;
		if (!is_below(peer, &g, len))
			return stranger(peer);
		found = true;
	}
	return found ? QEMU_PEER_OWN : stranger(peer);
}

/* "/lxc.payload." or the like, and nothing above. */
static bool is_at_top(const struct group *g)
{
	return begins(g->path, g->path_len, "/lxc.payload.") ||
	       begins(g->path, g->path_len, "/lxc.payload/") ||
	       begins(g->path, g->path_len, "/lxc/");
}

enum qemu_peer container_peer_by_name(const char *peer, const char *name)
{
	const char *at = peer;
	bool found = false;
	struct group g;
	size_t len, begin;

	while (next_group(&at, &g)) {
		len = payload(&g, &begin);
		if (!len)
			continue;
		if (!is_at_top(&g) || len - begin != strlen(name) ||
		    memcmp(g.path + begin, name, len - begin) != 0)
			return QEMU_PEER_OTHER;
		found = true;
	}
	return found ? QEMU_PEER_OWN : QEMU_PEER_UNNAMED;
}

static bool read_groups(pid_t pid, char out[static CGROUP_MAX])
{
	return textfile_read_proc(pid, "cgroup", out, CGROUP_MAX) > 0;
}

enum qemu_peer container_peer_of(pid_t pid, pid_t init, const char *id)
{
	char peer[CGROUP_MAX], first[CGROUP_MAX];

	if (pid <= 0 || !read_groups(pid, peer))
		return QEMU_PEER_HIDDEN;
	if (init > 0 && read_groups(init, first))
		return container_peer_by_init(peer, first);
	return container_peer_by_name(peer, id);
}

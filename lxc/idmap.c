#include "lxc/idmap.h"

#include <errno.h>

#include "common/textfile.h"

#define MAP_MAX 16384 /* bytes; the kernel takes 340 lines of 33 */

/* Blanks, then digits.  What is behind them, or NULL. */
static const char *take(const char *p, uint64_t *out)
{
	const char *start;

	while (*p == ' ')
		p++;
	*out = 0;
	for (start = p; *p >= '0' && *p <= '9'; p++) {
		*out = *out * 10 + (uint64_t)(*p - '0');
		if (*out > UINT32_MAX)
			return NULL;
	}
	return p == start ? NULL : p;
}

int lxc_idmap_find(const char *text, uint32_t inside, uint32_t *outside)
{
	uint64_t first = 0, host = 0, count = 0;
	const char *p = text;
	int r = -ENOENT;

	while (*p) {
		p = take(p, &first);
		if (p)
			p = take(p, &host);
		if (p)
			p = take(p, &count);
		if (!p || *p != '\n' || host + count > (uint64_t)UINT32_MAX + 1)
			return -EINVAL;
		p++;
		if (r < 0 && inside >= first && inside - first < count) {
			*outside = (uint32_t)(host + (inside - first));
			r = 0;
		}
	}
	return r;
}

/* 0 or -errno. */
static int read_map(pid_t pid, const char *name, char text[static MAP_MAX])
{
	int n = textfile_read_proc(pid, name, text, MAP_MAX);

	if (n < 0)
		return n;
	return n < MAP_MAX - 1 ? 0 : -EIO;
}

int lxc_idmap_read(pid_t pid, uint32_t owner, uint32_t group, uid_t *uid,
		   gid_t *gid)
{
	char text[MAP_MAX] = "";
	uint32_t id = 0;
	int r = read_map(pid, "uid_map", text);

	if (r == 0)
		r = lxc_idmap_find(text, owner, &id);
	if (r < 0)
		return r;
	*uid = id;
	r = read_map(pid, "gid_map", text);
	if (r == 0)
		r = lxc_idmap_find(text, group, &id);
	if (r == 0)
		*gid = id;
	return r;
}

#include "lxc/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/textfile.h"
#include "lxc/place.h"

#define VERSION	   "1"
#define NUMBER_MAX 7 /* digits: a minor number has 20 bits */

static const char *const names[] = {
	[LXC_DEVICE_NONE] = "none",
	[LXC_DEVICE_VIRTUAL] = "virtual",
	[LXC_DEVICE_PLAIN] = "plain",
	[LXC_DEVICE_HWRNG] = "hwrng",
	[LXC_DEVICE_PASSTHROUGH] = "passthrough",
};

enum key {
	VERSION_KEY,
	DEVICE,
	NODE,
	RDEV,
	STATE,
	KEYS
};

static const char *const keys[KEYS] = {
	[VERSION_KEY] = "version", [DEVICE] = "device", [NODE] = "node",
	[RDEV] = "rdev",	   [STATE] = "state",
};

/* A value, and whether there was one. */
struct value {
	const char *at;
	size_t len;
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool lxc_id_valid(const char *id)
{
	size_t len = strnlen(id, LXC_ID_MAX), i;

	for (i = 0; i < len; i++)
		if (!is_word(id[i]))
			return false;
	return len > 0 && len < LXC_ID_MAX && *id != '.' && *id != '-';
}

int lxc_device_parse(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && !memcmp(word, names[i], len))
			return (int)i;
	return -EINVAL;
}

const char *lxc_device_name(enum lxc_device device)
{
	return names[device];
}

/* A line without its end.  0 or -EINVAL. */
static int take_line(struct value values[KEYS], const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	size_t key_len, i;

	if (!equals || equals == line || memchr(line, '\0', len))
		return -EINVAL;
	key_len = (size_t)(equals - line);
	for (i = 0; i < key_len; i++)
		if (!is_word(line[i]))
			return -EINVAL;
	for (i = 0; i < KEYS; i++) {
		if (strlen(keys[i]) != key_len ||
		    memcmp(line, keys[i], key_len) != 0)
			continue;
		if (values[i].at)
			return -EINVAL;
		values[i].at = equals + 1;
		values[i].len = len - key_len - 1;
	}
	return 0;
}

static bool value_is(struct value v, const char *text)
{
	return v.at && v.len == strlen(text) && !memcmp(v.at, text, v.len);
}

/* An absolute path of plain words; "" if there is none. */
static int take_node(char out[static LXC_PATH_MAX], struct value v)
{
	size_t i;

	if (!v.at)
		return 0;
	if (v.len < 2 || v.len >= LXC_PATH_MAX || *v.at != '/')
		return -EINVAL;
	for (i = 0; i < v.len; i++)
		if (!is_word(v.at[i]) && v.at[i] != '/')
			return -EINVAL;
	memcpy(out, v.at, v.len);
	out[v.len] = '\0';
	return strstr(out, "..") || strstr(out, "//") ? -EINVAL : 0;
}

/* Digits alone.  What is behind them, or NULL. */
static const char *take_number(const char *p, const char *end,
			       unsigned int *out)
{
	const char *start = p;

	*out = 0;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (p - start < NUMBER_MAX)
			*out = *out * 10 + (unsigned int)(*p - '0');
	return p == start || p - start > NUMBER_MAX ? NULL : p;
}

static int take_rdev(struct lxc_facts *out, struct value v)
{
	const char *p, *end;

	if (!v.at)
		return 0;
	end = v.at + v.len;
	p = take_number(v.at, end, &out->major);
	if (!p || p == end || *p != ':')
		return -EINVAL;
	p = take_number(p + 1, end, &out->minor);
	return p == end ? 0 : -EINVAL;
}

static int take_state(char out[static 32], struct value v)
{
	size_t i;

	if (!v.at)
		return 0;
	if (!v.len || v.len >= 32)
		return -EINVAL;
	for (i = 0; i < v.len; i++)
		if (!is_word(v.at[i]))
			return -EINVAL;
	memcpy(out, v.at, v.len);
	out[v.len] = '\0';
	return 0;
}

int lxc_facts_parse(struct lxc_facts *out, const char *text, size_t len)
{
	struct value values[KEYS] = { 0 };
	const char *p = text, *end = text + len, *line_end;
	uid_t owner = out->owner;
	int device;

	memset(out, 0, sizeof(*out));
	out->owner = owner;
	if (len > LXC_FACTS_MAX)
		return -EINVAL;
	for (; p < end; p = line_end + 1) {
		line_end = memchr(p, '\n', (size_t)(end - p));
		if (!line_end || take_line(values, p, line_end - p) < 0)
			return -EINVAL;
	}
	if (!value_is(values[VERSION_KEY], VERSION) || !values[DEVICE].at)
		return -EINVAL;
	device = lxc_device_parse(values[DEVICE].at, values[DEVICE].len);
	if (device < 0 || !values[NODE].at != !values[RDEV].at)
		return -EINVAL;
	out->device = device;
	if (take_node(out->node, values[NODE]) < 0 ||
	    take_rdev(out, values[RDEV]) < 0 ||
	    take_state(out->state, values[STATE]) < 0)
		return -EINVAL;
	return 0;
}

/*
 * What is at RUN_DIR/lxc/name, open, and its status; -errno.  The directory's
 * owner has to be its owner: what the agent can only link to is not its own.
 */
static int open_own(const char *run_dir, const char *name, int flags,
		    struct stat *st)
{
	int run = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int dir, fd, err = 0;
	struct stat dir_st;

	if (run < 0)
		return -errno;
	dir = lxc_place_open(run, "lxc", O_PATH | O_DIRECTORY);
	close(run);
	if (dir < 0)
		return dir;
	fd = lxc_place_open(dir, name, flags);
	if (fd >= 0 && (fstat(dir, &dir_st) < 0 || fstat(fd, st) < 0))
		err = -errno;
	else if (fd >= 0 && st->st_uid != dir_st.st_uid)
		err = -EPERM;
	close(dir);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

/* The file, open, its owner in out; -errno. */
static int open_facts(struct lxc_facts *out, const char *run_dir,
		      const char *id)
{
	char name[LXC_ID_MAX + 16];
	struct stat st;
	int fd, err = 0;

	snprintf(name, sizeof(name), "%s.facts", id);
	fd = open_own(run_dir, name, O_RDONLY | O_NONBLOCK, &st);
	if (fd < 0)
		return fd;
	if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_nlink > 1)
		err = -EPERM;
	out->owner = st.st_uid;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int lxc_facts_read(struct lxc_facts *out, const char *run_dir, const char *id)
{
	char text[LXC_FACTS_MAX + 1];
	ssize_t n;
	int fd;

	memset(out, 0, sizeof(*out));
	if (!lxc_id_valid(id))
		return -EINVAL;
	fd = open_facts(out, run_dir, id);
	if (fd < 0)
		return fd;
	n = textfile_fill(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? -EIO : lxc_facts_parse(out, text, (size_t)n);
}

int lxc_facts_directory(const char *run_dir, const char *id)
{
	struct stat st;

	if (!lxc_id_valid(id))
		return -EINVAL;
	return open_own(run_dir, id, O_PATH | O_DIRECTORY, &st);
}

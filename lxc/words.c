#include "lxc/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_DIR	 "/run/onerng"
#define NAME	 "onerng"
#define APPENDED 3  /* words: container, "lxc", type */
#define GROUP	 20 /* dialout: what a tty of a OneRNG has on Debian */
#define MODE	 0660

static const struct {
	const char *name;
	enum lxc_hook type;
} types[] = {
	{ "pre-start", LXC_HOOK_PRE_START },
	{ "autodev", LXC_HOOK_AUTODEV },
	{ "start-host", LXC_HOOK_START_HOST },
	{ "post-stop", LXC_HOOK_POST_STOP },
	{ "pre-mount", LXC_HOOK_OTHER },
	{ "mount", LXC_HOOK_OTHER },
	{ "start", LXC_HOOK_OTHER },
	{ "stop", LXC_HOOK_OTHER },
	{ "clone", LXC_HOOK_OTHER },
	{ "destroy", LXC_HOOK_OTHER },
};

void lxc_words_init(struct lxc_words *w)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->name[0], sizeof(w->name[0]), "%s", NAME);
	snprintf(w->run_dir, sizeof(w->run_dir), "%s", RUN_DIR);
	w->inside.gid = GROUP;
	w->inside.mode = MODE;
}

enum lxc_hook lxc_words_type(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t i;

	if (slash)
		name = slash + 1;
	if (!strncmp(name, "lxc-", 4))
		name += 4;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(name, types[i].name))
			return types[i].type;
	return LXC_HOOK_UNKNOWN;
}

static int set_text(char *out, size_t size, const char *value)
{
	if (!*value || strlen(value) >= size)
		return -EINVAL;
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

static int set_id(struct lxc_words *w, const char *value)
{
	if (w->id[0] || !lxc_id_valid(value))
		return -EINVAL;
	return set_text(w->id, sizeof(w->id), value);
}

/* A word, or passthrough=PATH. */
static int set_device(struct lxc_words *w, const char *value)
{
	size_t len = strcspn(value, "=");
	int device = lxc_device_parse(value, len);

	if (device < 0)
		return device;
	if (value[len]) {
		if (device != LXC_DEVICE_PASSTHROUGH || value[len + 1] != '/')
			return -EINVAL;
		if (set_text(w->path, sizeof(w->path), value + len + 1) < 0)
			return -EINVAL;
	}
	w->has_device = true;
	w->device = device;
	return 0;
}

static int set_name(struct lxc_words *w, const char *value)
{
	/* the first takes the default's place */
	if (w->names == LXC_NAMES_MAX || strlen(value) >= LXC_NAME_MAX ||
	    !lxc_id_valid(value))
		return -EINVAL;
	return set_text(w->name[w->names++], LXC_NAME_MAX, value);
}

static int take_number(const char *value, int base, unsigned long max,
		       uint32_t *out)
{
	char *end;
	unsigned long n;

	if (*value < '0' || *value > '9')
		return -EINVAL;
	errno = 0;
	n = strtoul(value, &end, base);
	if (*end || errno || n > max)
		return -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

static int set_owner(struct lxc_words *w, const char *value)
{
	return take_number(value, 10, UINT32_MAX - 1, &w->inside.uid);
}

static int set_group(struct lxc_words *w, const char *value)
{
	return take_number(value, 10, UINT32_MAX - 1, &w->inside.gid);
}

/* No set-id, no sticky bit. */
static int set_mode(struct lxc_words *w, const char *value)
{
	return take_number(value, 8, 0777, &w->inside.mode);
}

static int take_bool(const char *value, bool *out)
{
	*out = !strcmp(value, "yes");
	return *out || !strcmp(value, "no") ? 0 : -EINVAL;
}

static int set_require(struct lxc_words *w, const char *value)
{
	return take_bool(value, &w->require);
}

static int set_socket(struct lxc_words *w, const char *value)
{
	return take_bool(value, &w->socket);
}

static int set_run(struct lxc_words *w, const char *value)
{
	if (*value != '/')
		return -EINVAL;
	return set_text(w->run_dir, sizeof(w->run_dir), value);
}

static int set_type(struct lxc_words *w, const char *value)
{
	w->type = lxc_words_type(value);
	return w->type == LXC_HOOK_UNKNOWN ? -EINVAL : 0;
}

static const struct {
	const char *key;
	int (*set)(struct lxc_words *w, const char *value);
} setters[] = {
	{ "device", set_device }, { "name", set_name },
	{ "owner", set_owner },	  { "group", set_group },
	{ "mode", set_mode },	  { "require", set_require },
	{ "socket", set_socket }, { "run", set_run },
	{ "type", set_type },
};

static int take_word(struct lxc_words *w, const char *word)
{
	size_t len = strcspn(word, "="), i;

	if (!word[len])
		return set_id(w, word);
	for (i = 0; i < sizeof(setters) / sizeof(setters[0]); i++)
		if (strlen(setters[i].key) == len &&
		    !memcmp(word, setters[i].key, len))
			return setters[i].set(w, word + len + 1);
	return -EINVAL;
}

int lxc_words_parse(struct lxc_words *w, int argc, char *const argv[],
		    const char **bad)
{
	enum lxc_hook appended = LXC_HOOK_UNKNOWN;
	int i, r = 0;

	if (argc >= APPENDED && !strcmp(argv[argc - 2], "lxc"))
		appended = lxc_words_type(argv[argc - 1]);
	if (appended != LXC_HOOK_UNKNOWN)
		argc -= APPENDED;
	for (i = 0; i < argc; i++) {
		if (take_word(w, argv[i]) == 0)
			continue;
		*bad = argv[i];
		r = -EINVAL;
	}
	if (!w->names)
		w->names = 1;
	if (w->type == LXC_HOOK_UNKNOWN)
		w->type = appended;
	return r;
}

/* The lines of the container's own configuration. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lxc/container_checking.h"

#define VALUE_MAX 1024

static const struct finding_rule include_missing = {
	"include-missing", FINDING_ERROR,
	"LXC does not load the configuration: the container does not start",
	CHECK_EDIT
};
static const struct finding_rule autodev_off = {
	"autodev-off", FINDING_ERROR,
	"no hook of ours runs: nothing is put into the container's /dev",
	CHECK_EDIT
};
static const struct finding_rule acm_any = {
	"acm-any", FINDING_WARNING,
	"it may use every modem, programmer and OneRNG of the host that is a "
	"terminal on USB",
	CHECK_ATTACH " --device passthrough"
};
static const struct finding_rule acm_stale = {
	"acm-stale", FINDING_WARNING,
	"the number of a device on USB is another each time it is plugged in; "
	"this one is no OneRNG's, and may be any other device's",
	CHECK_ATTACH " --device passthrough"
};
static const struct finding_rule one_family = {
	"one-family", FINDING_WARNING,
	"LXC follows the rules of the host's kind of control groups and "
	"ignores the others with a warning in its log",
	CHECK_ATTACH
};
static const struct finding_rule optional_file = {
	"optional-file", FINDING_WARNING,
	"where the device is not there, LXC leaves an empty regular file: who "
	"reads it gets an end of file instead of random numbers",
	CHECK_ATTACH
};
static const struct finding_rule socket_file = {
	"socket-file", FINDING_WARNING,
	"after a restart of the host agent this is a socket that nobody "
	"listens on; a folder goes on",
	CHECK_ATTACH " --socket"
};
static const struct finding_rule idmap_access = {
	"idmap-access", FINDING_ERROR,
	"the container's root is another user of the host's and may not open "
	"it: \"Permission denied\"",
	CHECK_ATTACH
};
static const struct finding_rule hook_missing = {
	"hook-missing", FINDING_ERROR,
	"LXC starts no container of which a hook cannot be run", CHECK_EDIT
};
static const struct finding_rule hook_exec = {
	"hook-exec", FINDING_ERROR,
	"LXC puts exec in front of the line: the shell becomes the test, the "
	"rest is not run, and the container does not start if the test fails; "
	"put \"</dev/null; \" before it",
	CHECK_EDIT
};
static const struct finding_rule hook_unguarded = {
	"hook-unguarded", FINDING_WARNING,
	"when onerng-virt is removed, the container does not start any more",
	CHECK_ATTACH
};
static const struct finding_rule hook_name = {
	"hook-name", FINDING_ERROR,
	"with lxc.hook.version 0 LXC pastes the container's name into a "
	"shell's command, run by root, and this name is more than a word",
	CHECK_EDIT
};
static const struct finding_rule proxmox = {
	"proxmox", FINDING_WARNING,
	"Proxmox VE writes this file anew at each start: put the include into "
	"/etc/pve/lxc/ID.conf, as \"lxc.include: ...\"",
	CHECK_EDIT
};

/* One line, and what of it is seen over all of them. */
struct lines {
	struct container_checking *k;
	const struct container_item *item;
	char value[VALUE_MAX];
	bool family[2]; /* rules of what concerns us */
	unsigned int first;
	bool proxmox;
};

static bool is_onerng(const struct container_known *c, unsigned int minor)
{
	for (size_t i = 0; i < c->acms; i++)
		if (c->acm[i] == minor)
			return true;
	return false;
}

static void check_acm(struct lines *l, const char *minor)
{
	char *end;
	unsigned long n = strtoul(minor, &end, 10);

	if (*minor == '*')
		container_finding(l->k, &acm_any, l->item->line,
				  "allows all of 166");
	else if (end != minor && n <= UINT_MAX &&
		 !is_onerng(l->k->c, (unsigned int)n))
		container_finding(l->k, &acm_stale, l->item->line,
				  "ttyACM%lu is no OneRNG now", n);
}

/* "c 166:0 rw" */
static void check_rule(struct lines *l, int family)
{
	const char *key = l->item->key + l->item->key_len - 5;
	const char *s = l->value;

	if (memcmp(key, "allow", 5) != 0 || *s != 'c')
		return;
	s += 1 + strspn(s + 1, " \t");
	if (strncmp(s, "166:", 4) != 0 && strncmp(s, "10:183", 6) != 0)
		return;
	l->family[family - 1] = true;
	if (!l->first)
		l->first = l->item->line;
	if (*(s + 3) == ':')
		check_acm(l, s + 4);
}

static bool others_may_not(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	       (st.st_mode & S_IROTH) == 0;
}

/* "/dev/hwrng dev/hwrng none bind,optional,create=file 0 0" */
static void check_mount(struct lines *l)
{
	char source[VALUE_MAX], options[VALUE_MAX];
	unsigned int line = l->item->line;

	if (sscanf(l->value, "%1023s %*s %*s %1023s", source, options) != 2)
		return;
	if (strstr(source, "/egd.sock"))
		container_finding(l->k, &socket_file, line,
				  "mounts the socket %s itself", source);
	if (strcmp(source, "/dev/hwrng") != 0 &&
	    strncmp(source, "/dev/ttyACM", 11) != 0)
		return;
	if (strstr(options, "optional") && strstr(options, "create=file"))
		container_finding(l->k, &optional_file, line,
				  "mounts %s where it is there", source);
	if (l->k->c->sum->idmapped && others_may_not(source))
		container_finding(l->k, &idmap_access, line,
				  "mounts %s, which is not for others", source);
	if (!strncmp(source, "/dev/ttyACM", 11))
		check_acm(l, source + 11);
}

/* The first word, if it is a path; what guards itself has none. */
static bool program_of(const char *value, char out[static VALUE_MAX])
{
	size_t len = strcspn(value, " \t");

	if (*value != '/')
		return false;
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

static void check_hook(struct lines *l)
{
	const struct container_known *c = l->k->c;
	size_t len = strlen(l->value);
	char program[VALUE_MAX];
	bool path = program_of(l->value, program);

	if (path && strstr(program, "/onerng/lxc-"))
		container_finding(l->k, &hook_unguarded, l->item->line,
				  "runs %s without looking for it", program);
	else if (path && access(program, X_OK) < 0)
		container_finding(l->k, &hook_missing, l->item->line,
				  "%s cannot be run", program);
	if (!strncmp(l->value, "[ ", 2) || !strncmp(l->value, "test ", 5))
		container_finding(l->k, &hook_exec, l->item->line,
				  "the hook begins with a test");
	if (!c->sum->hook_version && len && l->value[len - 1] != '#' &&
	    strpbrk(c->name, " \t\n$`&|;<>()\\\"'*?[#~"))
		container_finding(l->k, &hook_name, l->item->line,
				  "a hook of a container that has a shell's "
				  "signs in its name");
}

static bool starts(const struct container_item *item, const char *key)
{
	size_t len = strlen(key);

	return item->key_len >= len && !memcmp(item->key, key, len);
}

static void check_item(void *ctx, const char *file,
		       const struct container_item *item)
{
	struct lines *l = ctx;
	int family = container_item_device_rule(item);

	/* what is included is others' */
	if (strcmp(file, l->k->c->config) != 0 || item->value_len >= VALUE_MAX)
		return;
	l->item = item;
	memcpy(l->value, item->value, item->value_len);
	l->value[item->value_len] = '\0';
	if (strstr(l->value, "/lxc-pve-") || starts(item, "lxc.cgroup.dir."
							  "container.inner"))
		l->proxmox = true;
	if (family)
		check_rule(l, family);
	else if (container_item_is(item, "lxc.mount.entry"))
		check_mount(l);
	else if (container_item_is(item, "lxc.autodev") &&
		 container_item_has(item, "0") && l->k->c->include->count)
		container_finding(l->k, &autodev_off, item->line,
				  "lxc.autodev is 0");
	else if (starts(item, "lxc.hook.") &&
		 !container_item_is(item, "lxc.hook.version"))
		check_hook(l);
}

static void note_missing(void *ctx, const char *file,
			 const struct container_item *item)
{
	struct lines *l = ctx;
	bool own = !strcmp(file, l->k->c->config);

	container_finding(l->k, &include_missing, own ? item->line : 0,
			  "%.*s is not there%s%s", (int)item->value_len,
			  item->value, own ? "" : ", included by ",
			  own ? "" : file);
}

void container_check_lines(struct container_checking *k)
{
	struct lines l = { .k = k };
	struct container_walk w = { .item = check_item,
				    .missing = note_missing,
				    .ctx = &l,
				    .skip = k->c->dir };

	container_conf_walk(&w, k->c->config, k->c->text);
	if (l.first && l.family[0] != l.family[1])
		container_finding(k, &one_family, l.first,
				  "a rule of lxc.%s alone",
				  l.family[0] ? "cgroup" : "cgroup2");
	if (l.proxmox)
		container_finding(k, &proxmox, 0, "written by Proxmox VE");
}

#include "host-agent/qemu_peer.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/textfile.h"
#include "host-agent/consumer.h"

#define CGROUP_MAX 4096
#define CHUNK	   16384

/*
 * libvirt cuts qemu-ID-NAME at 64 characters and takes one dash or dot off the
 * end of that (virDomainMachineNameAppendValid()).
 */
#define GROUP_CUT 63

int qemu_peer_check_parse(const char *name)
{
	static const char *const names[] = {
		[QEMU_PEER_CHECK_YES] = "yes",
		[QEMU_PEER_CHECK_WARN] = "warn",
		[QEMU_PEER_CHECK_NO] = "no",
	};
	int i;

	for (i = 0; i <= QEMU_PEER_CHECK_NO; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

/* QEMU takes its options with one dash or two; the last one counts. */
enum qemu_peer qemu_peer_by_cmdline(const char *words, size_t len,
				    const char *uuid)
{
	enum qemu_peer kin = QEMU_PEER_UNNAMED;
	const char *p = words, *end = words + len, *zero;
	bool is_value = false;

	while (p < end && (zero = memchr(p, '\0', (size_t)(end - p)))) {
		if (is_value)
			kin = strcasecmp(p, uuid) ? QEMU_PEER_OTHER
						  : QEMU_PEER_OWN;
		is_value = !is_value &&
			   (!strcmp(p, "-uuid") || !strcmp(p, "--uuid"));
		p = zero + 1;
	}
	return kin;
}

/* systemd writes "-" within a name as "\x2d". */
static const char *skip_dash(const char *p)
{
	if (*p == '-')
		return p + 1;
	return strncmp(p, "\\x2d", 4) ? NULL : p + 4;
}

/* The letters and digits of a name: libvirt drops others, or some of them. */
static const char *next_plain(const char *p, const char *end)
{
	const char *dash;

	while (p < end && !isalnum((unsigned char)*p)) {
		dash = skip_dash(p);
		p = dash ? dash : p + 1;
	}
	return p < end ? p : NULL;
}

/* In characters as libvirt counted them. */
static size_t group_len(const char *p, const char *end)
{
	const char *dash;
	size_t n = 0;

	for (; p < end; n++) {
		dash = skip_dash(p);
		p = dash ? dash : p + 1;
	}
	return n;
}

/*
 * The group's name may have been cut; only then is it less than the domain's.
 */
static bool is_name(const char *p, const char *end, const char *name,
		    bool group_cut)
{
	const char *name_end = name + strlen(name);
	/* ours may have been, too, and before libvirt dropped letters of it */
	bool cut = name_end - name >= CONSUMER_NAME_MAX - 1;

	if (!next_plain(p, end))
		return false;
	for (;; p++, name++) {
		p = next_plain(p, end);
		name = next_plain(name, name_end);
		if (!p)
			return !name || group_cut;
		if (!name)
			return cut;
		if (*p != *name)
			return false;
	}
}

/* machine-qemu-ID-NAME.scope, or without systemd qemu-ID-NAME.libvirt-qemu. */
static enum qemu_peer by_group(const char *group, const char *name)
{
	const char *p = strncmp(group, "machine", 7) ? group
						     : skip_dash(group + 7);
	const char *end = p ? strchr(p, '/') : NULL;
	const char *dot, *whole = p;

	if (!p || strncmp(p, "qemu", 4) || !(p = skip_dash(p + 4)) ||
	    !isdigit((unsigned char)*p))
		return QEMU_PEER_UNNAMED;
	while (isdigit((unsigned char)*p))
		p++;
	p = skip_dash(p);
	if (!p)
		return QEMU_PEER_UNNAMED;
	if (!end)
		end = p + strcspn(p, "\n");
	dot = memrchr(p, '.', (size_t)(end - p));
	if (!dot ||
	    (strncmp(dot, ".scope", 6) && strncmp(dot, ".libvirt-qemu", 13)))
		return QEMU_PEER_UNNAMED;
	return is_name(p, dot, name, group_len(whole, dot) >= GROUP_CUT)
		       ? QEMU_PEER_OWN
		       : QEMU_PEER_OTHER;
}

enum qemu_peer qemu_peer_by_cgroup(const char *text, const char *name)
{
	enum qemu_peer kin = QEMU_PEER_UNNAMED;
	const char *p;

	if (!*name)
		return kin;
	for (p = strchr(text, '/'); p && kin == QEMU_PEER_UNNAMED;
	     p = strchr(p, '/')) {
		p++;
		kin = by_group(p, name);
	}
	return kin;
}

static enum qemu_peer read_cmdline(pid_t pid, const char *uuid)
{
	size_t size = CHUNK;
	enum qemu_peer kin = QEMU_PEER_HIDDEN;
	char *words = NULL, *grown;
	int n;

	for (; size <= QEMU_PEER_CMDLINE_MAX; size *= 2) {
		grown = realloc(words, size);
		if (!grown)
			break;
		words = grown;
		n = textfile_read_proc(pid, "cmdline", words, size);
		if (n < 0)
			break;
		if ((size_t)n < size - 1) {
			kin = qemu_peer_by_cmdline(words, (size_t)n, uuid);
			break;
		}
		kin = QEMU_PEER_UNNAMED;
	}
	free(words);
	return kin;
}

enum qemu_peer qemu_peer_of(pid_t pid, const char *uuid, const char *name)
{
	enum qemu_peer kin, by_group;
	char text[CGROUP_MAX];

	if (pid <= 0)
		return QEMU_PEER_HIDDEN;
	kin = read_cmdline(pid, uuid);
	if (textfile_read_proc(pid, "cgroup", text, sizeof(text)) < 0)
		return kin;
	by_group = qemu_peer_by_cgroup(text, name);
	if (by_group == QEMU_PEER_OTHER)
		return QEMU_PEER_OTHER;
	return kin == QEMU_PEER_UNNAMED ? by_group : kin;
}

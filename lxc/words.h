/*
 * words.h - what root wrote into a container's hook line
 *
 *	[ID] [device=WORD] [name=NAME]... [owner=N] [group=N] [mode=OCTAL]
 *	[require=yes|no] [socket=yes|no] [run=DIR] [type=TYPE]
 *
 * libc only: LXC's hook uses it.
 */
#ifndef LXC_WORDS_H
#define LXC_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lxc/facts.h"
#include "lxc/node.h"

#define LXC_NAMES_MAX 4
#define LXC_NAME_MAX  32 /* of a device, terminated */
#define LXC_RUN_MAX   96 /* what is below it still fits a socket's address */

enum lxc_hook {
	LXC_HOOK_UNKNOWN,
	LXC_HOOK_PRE_START,
	LXC_HOOK_AUTODEV,
	LXC_HOOK_START_HOST,
	LXC_HOOK_POST_STOP,
	LXC_HOOK_OTHER /* a type of LXC's, with nothing to be done */
};

struct lxc_words {
	enum lxc_hook type;
	char id[LXC_ID_MAX]; /* "": not given */
	bool has_device;     /* else as the facts say, if virtual or plain */
	enum lxc_device device;
	char path[LXC_PATH_MAX]; /* passthrough=PATH; "": not given */
	char name[LXC_NAMES_MAX][LXC_NAME_MAX];
	unsigned int names;
	struct lxc_owner inside; /* as the container sees them */
	bool require, socket;
	char run_dir[LXC_RUN_MAX];
};

/* Everything that is not given: name=onerng, 0, 20, 0660, no. */
void lxc_words_init(struct lxc_words *w);

/*
 * The words behind the program's name, also with the three that LXC appends to
 * them where lxc.hook.version is 0.  0; -EINVAL: *bad is not understood, the
 * others count.
 */
int lxc_words_parse(struct lxc_words *w, int argc, char *const argv[],
		    const char **bad);

/* "autodev" and so on, also with "lxc-" and folders in front. */
enum lxc_hook lxc_words_type(const char *name);

#endif /* LXC_WORDS_H */

/*
 * change.h - a change of a domain: in the configuration that it starts with
 * next, in the running domain, or in both
 *
 * Both are read and both changes worked out before either is made, so that
 * what is refused is refused as a whole, and a dry run shows all of it.
 */
#ifndef CTL_CHANGE_H
#define CTL_CHANGE_H

#include <stdbool.h>

#include "ctl/command.h"
#include "ctl/register.h"
#include "ctl/virt.h"
#include "libvirt-xml/domain_rng.h"

#define CHANGE_SHOWN_MAX 256

/* The options of attach and detach. */
struct change_call {
	struct command_call call;
	struct registry registry;
	bool live, config, dry_run, no_register;
	struct domain_policy policy; /* what was given */
};

int change_set_live(void *ctx, const char *value, const char **why);
int change_set_config(void *ctx, const char *value, const char **why);
int change_set_dry_run(void *ctx, const char *value, const char **why);
int change_set_drop_ins(void *ctx, const char *value, const char **why);
int change_set_no_register(void *ctx, const char *value, const char **why);

/* Rows of their table of options. */
#define CHANGE_OPT_LIVE                                         \
	{                                                       \
		"live", 0, NULL, "the running domain, at once", \
			change_set_live                         \
	}
#define CHANGE_OPT_CONFIG                                                   \
	{                                                                   \
		"config", 0, NULL, "its configuration, for its next start", \
			change_set_config                                   \
	}

/* One side of a domain. */
struct side {
	bool wanted;
	struct domain_xml *xml;
	char *before, *after; /* after NULL: it is so already */
	struct domain_rng rng;
};

struct change {
	struct change_call *call;
	struct virt *virt;
	struct virt_domain domain;
	char shown[CHANGE_SHOWN_MAX]; /* its name, for people */
	char run_dir[DOMAIN_RUN_DIR_MAX];
	struct side live, config;
};

/* Of domain_rng_attach() and domain_rng_detach(). */
typedef int (*change_edit)(const struct change *c, const struct domain_xml *xml,
			   char **after, struct domain_error *error);

/*
 * Connects, finds the domain, decides which side is meant where none was named
 * (and says so), reads and edits.  0 or -1, said.  Ended by change_end().
 */
int change_begin(struct change *c, struct change_call *call, change_edit edit);

/* The same; -ENOENT with why, which is not said: libvirt does not know it. */
int change_find(struct change *c, struct change_call *call, change_edit edit,
		char why[static VIRT_WHY_MAX]);

void change_end(struct change *c);

/* "PROGRAM: NAME: WHY".  -1. */
int change_complain(const struct change *c, const char *why);

/* The agent's directory, of its control socket's path.  0 or -1, said. */
int change_run_dir(const struct command_call *call,
		   char out[static DOMAIN_RUN_DIR_MAX]);

/* Says on standard error what keeps a configuration from what starts next. */
void change_warn_saved(const struct change *c);

/* What happened to a side, if it is wanted; done: in a word. */
void change_tell(const struct change *c, const struct side *s,
		 const char *done);

/* Diffs of what would be done.  An exit status. */
int change_show(const struct change *c);

/*
 * Defines the configuration, unless somebody else changed it since it was read
 * here, and looks whether it is as edited then.  0 or -1, said.
 */
int change_define(struct change *c, change_edit edit);

#endif /* CTL_CHANGE_H */

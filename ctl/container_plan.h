/*
 * container_plan.h - a change of a container: its configuration, what is
 * included into it, and what the host agent is told
 *
 * All is worked out before anything is written, so that what is refused is
 * refused as a whole, and a dry run shows all of it.
 */
#ifndef CTL_CONTAINER_PLAN_H
#define CTL_CONTAINER_PLAN_H

#include "ctl/container.h"
#include "libvirt-xml/domain_policy.h"

#define PLAN_OPTIONS_MAX 16

/* The options of attach and detach; a container_call at its beginning. */
struct plan_call {
	struct container_call of;
	bool dry_run, no_register;
	struct plan_option {
		const char *name, *value;
	} option[PLAN_OPTIONS_MAX]; /* of container_snippet_set() */
	size_t options;
	struct domain_policy policy; /* what was given */
};

int plan_set_dry_run(void *ctx, const char *value, const char **why);
int plan_set_no_register(void *ctx, const char *value, const char **why);

/* What container_snippet_set() takes, kept until the container is known. */
int plan_set_device(void *ctx, const char *value, const char **why);
int plan_set_name(void *ctx, const char *value, const char **why);
int plan_set_owner(void *ctx, const char *value, const char **why);
int plan_set_group(void *ctx, const char *value, const char **why);
int plan_set_mode(void *ctx, const char *value, const char **why);
int plan_set_socket(void *ctx, const char *value, const char **why);
int plan_set_require(void *ctx, const char *value, const char **why);

/* Rows of a command's table of options: the device in the container. */
#define PLAN_OPT_DEVICE                                                           \
	{                                                                         \
		"device", 0, "DEVICE",                                            \
			"virtual, plain, hwrng or passthrough[=PORT|=/dev/NODE]", \
			plan_set_device                                           \
	}
#define PLAN_OPT_NAME                                                     \
	{                                                                 \
		"name", 0, "NAME",                                        \
			"of the device in the container's /dev; repeats", \
			plan_set_name                                     \
	}
#define PLAN_OPT_OWNER                                                        \
	{                                                                     \
		"owner", 0, "UID", "of the device, as the container sees it", \
			plan_set_owner                                        \
	}
#define PLAN_OPT_GROUP                                             \
	{                                                          \
		"group", 0, "GID", "the same (20)", plan_set_group \
	}
#define PLAN_OPT_MODE                                                \
	{                                                            \
		"mode", 0, "OCTAL", "the same (0660)", plan_set_mode \
	}
#define PLAN_OPT_REQUIRE                                                    \
	{                                                                   \
		"require", 0, "[YES]", "does not start without the device", \
			plan_set_require                                    \
	}

/* What it has, and what was given over that; all names are given anew. */
void plan_overlay(struct container_snippet *s, const struct plan_call *call);

/*
 * Keys of the section for the agent, a line each, to be freed; NULL.  before:
 * the drop-in, whose policy counts where none is given; NULL.
 */
char *plan_keys(const struct container_snippet *s, const char *before,
		const struct domain_policy *given);

/* One file: NULL is "not there". */
struct plan_file {
	char path[PATH_MAX];
	char *before, *after;
};

struct plan {
	struct plan_call *call;
	struct container c;
	struct plan_file config, generated, drop_in;
	char *keys;	/* of its section for the agent */
	bool elsewhere; /* the operator wrote the section */
	bool left_over; /* the container itself is gone */
};

/* Finds the container and works out.  0 or -1, said.  Ended by plan_end(). */
int plan_attach(struct plan *p, struct plan_call *call);
int plan_detach(struct plan *p, struct plan_call *call);
void plan_end(struct plan *p);

bool plan_changes(const struct plan_file *f);

/* Whether the container's own files change. */
bool plan_does(const struct plan *p);

/* Diffs of what would be done.  An exit status. */
int plan_show(const struct plan *p);

/* Parts of carrying it out.  0 or -1, said. */
int plan_write_generated(const struct plan *p);
void plan_undo_generated(const struct plan *p);
int plan_remove_generated(const struct plan *p);
int plan_write_config(const struct plan *p);

#endif /* CTL_CONTAINER_PLAN_H */

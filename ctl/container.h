/*
 * container.h - one container of LXC: its configuration, what is generated for
 * it, and what liblxc knows of it, where there is one
 */
#ifndef CTL_CONTAINER_H
#define CTL_CONTAINER_H

#include <limits.h>
#include <stdbool.h>

#include "ctl/command.h"
#include "ctl/lxcapi.h"
#include "ctl/register.h"
#include "lxc/container_conf.h"
#include "lxc/container_edit.h"
#include "lxc/container_snippet.h"
#include "lxc/facts.h"

#define CONTAINER_DIR	    ONERNG_SYSCONFDIR "/onerng/lxc"
#define CONTAINER_SHOWN_MAX 256

/* Where things are; filled in by container_begin(). */
struct container_host {
	const struct command_call *call;
	const char *path; /* --path: a folder or a file; NULL: LXC's own */
	const char *dir;  /* of what is generated; NULL: CONTAINER_DIR */
	struct registry registry;
	struct lxcapi *api; /* NULL: there is no liblxc */
	char why_no_api[LXCAPI_WHY_MAX];
	char lxcpath[PATH_MAX]; /* absolute; as LXC is told, links and all */
	bool is_file;		/* and is a configuration itself */
	char run_dir[CONTAINER_DIR_MAX];
};

struct container {
	const struct container_host *host;
	char name[CONTAINER_SHOWN_MAX], shown[CONTAINER_SHOWN_MAX];
	char config[CONTAINER_CONFIG_MAX];
	char real[PATH_MAX]; /* the same without links: what is written */
	char *text;	     /* of it */
	struct container_include include;
	struct container_sum sum;
	char id[CONTAINER_ID_MAX]; /* that it has, or is to get */
	bool foreign;		   /* includes what is another's: a copy */
	char *generated;	   /* text; NULL: none */
	struct container_snippet snippet; /* as generated, else defaults */
	struct lxcapi_container handle;	  /* zero: liblxc does not load it */
	char why_no_handle[LXCAPI_WHY_MAX];
};

/* 0 or -1, said.  Ended by container_end(). */
int container_begin(struct container_host *h, const struct command_call *call);
void container_end(struct container_host *h);

/* A part of that: the lxcpath, and liblxc.  0 or -errno; *path is written. */
int container_find_lxc(struct container_host *h, const char **path);

/*
 * By name.  0; -ENOENT or -EIO, with why (names that are near, too).
 * container_release() ends it also then.
 */
int container_find(const struct container_host *h, const char *name,
		   struct container *c, char why[static LXCAPI_WHY_MAX]);
void container_release(struct container *c);

/*
 * liblxc does as it loads a configuration what that says: it opens a log, and
 * makes it.  false, with why: somebody else than root, or who runs this, may
 * have written it.
 */
bool container_is_trusted(const char *config, char why[static LXCAPI_WHY_MAX]);

/* "PROGRAM: NAME: WHY".  -1. */
int container_complain(const struct container *c, const char *why);

/* Names with a configuration in lxcpath, to be freed (container_free_names) */
int container_names(const struct container_host *h, char ***names);
void container_free_names(char **names, int count);

/* DIR/ID.d/onerng.conf; false: too long. */
bool container_generated_path(const struct container_host *h, const char *id,
			      char out[static PATH_MAX]);

/* The agent's facts; false: there are none that can be understood. */
bool container_read_facts(const struct container_host *h, const char *id,
			  struct lxc_facts *out);

/* "running", "starting", "stopped"; "unknown" without liblxc. */
const char *container_state(struct container *c);

/* Rows of a command's table of options; its call begins with this. */
struct container_call {
	struct command_call call;
	struct container_host host;
};

int container_set_path(void *ctx, const char *value, const char **why);
int container_set_dir(void *ctx, const char *value, const char **why);
int container_set_drop_ins(void *ctx, const char *value, const char **why);

#define CONTAINER_OPT_PATH                                             \
	{                                                              \
		"path", 0, "PATH",                                     \
			"the lxcpath, or a container's configuration", \
			container_set_path                             \
	}
#define CONTAINER_OPT_INCLUDES                                              \
	{                                                                   \
		"includes", 0, "DIR",                                       \
			"where includes are generated (" CONTAINER_DIR ")", \
			container_set_dir                                   \
	}
#define CONTAINER_OPT_DROP_INS                                        \
	{                                                             \
		"drop-ins", 0, "DIR",                                 \
			"where the agent is told (" REGISTER_DIR ")", \
			container_set_drop_ins                        \
	}

#endif /* CTL_CONTAINER_H */

/*
 * container_edit.h - our line in a container's configuration
 *
 * It is "lxc.include = DIR/ID.d/", the last of the file: what is included
 * before may empty lists of device rules.  The slash has LXC take a folder
 * that is not there for an empty one.  Nothing but this line is changed.
 */
#ifndef LXC_CONTAINER_EDIT_H
#define LXC_CONTAINER_EDIT_H

#include <stdbool.h>

#include "lxc/container_conf.h"
#include "lxc/container_id.h"

/* What there is of ours. */
struct container_include {
	unsigned int count;
	unsigned int line;	   /* of the last */
	char id[CONTAINER_ID_MAX]; /* of the last; empty: there is none */
	bool slash;		   /* the last ends in one */
	unsigned int undone;	   /* line after it that may undo it; 0 */
	bool emptied;		   /* there is userns.conf, which does */
};

/* An include of DIR/ID.d, or of what is in it.  id is written to anyway. */
bool container_edit_is_ours(const struct container_item *item, const char *dir,
			    char id[static CONTAINER_ID_MAX]);

/* dir: where the generated folders are, without a slash at its end. */
void container_edit_find(const char *text, const char *dir,
			 struct container_include *out);

/* 1 and *after, to be freed; 0 and NULL: it is so already; -ENOMEM. */
int container_edit_attach(const char *text, const char *dir, const char *id,
			  char **after);
int container_edit_detach(const char *text, const char *dir, char **after);

#endif /* LXC_CONTAINER_EDIT_H */

/*
 * domain_edit.h - inside the library: replaces pieces of a domain's text
 *
 * An edit collects pieces to be replaced; domain_edit_finish() makes the new
 * text.  A failure is kept until then, so that callers need not look earlier.
 *
 * What domain_edit_add() puts into an element and domain_edit_remove() takes
 * out again leaves the very bytes that were there before.
 */
#ifndef LIBVIRT_XML_DOMAIN_EDIT_H
#define LIBVIRT_XML_DOMAIN_EDIT_H

#include "libvirt-xml/domain_node.h"

#define DOMAIN_EDITS_MAX 64

struct domain_splice {
	size_t from, to; /* of the old text */
	char *text;	 /* instead of it */
};

struct domain_edit {
	const struct domain_xml *xml;
	struct domain_splice splices[DOMAIN_EDITS_MAX];
	size_t count;
	int err; /* negative errno */
};

/* A line of an element to be added, this many levels below it. */
struct domain_line {
	unsigned int depth;
	const char *text;
};

void domain_edit_begin(struct domain_edit *e, const struct domain_xml *xml);

/* from == to inserts. */
void domain_edit_replace(struct domain_edit *e, size_t from, size_t to,
			 const char *text);

/* The lines are an element, or text of one, that becomes parent's last. */
void domain_edit_add(struct domain_edit *e, const xmlNode *parent,
		     const struct domain_line *lines, size_t count);

/* A new element for the domain, of one line, behind its name and such. */
void domain_edit_add_head(struct domain_edit *e, const char *line);

/*
 * With the line that it stands on.  drop_parent: the parent goes too when
 * there is nothing else in it and it was not there without the element.
 */
void domain_edit_remove(struct domain_edit *e, const xmlNode *node,
			bool drop_parent);

/* Sets an attribute; value needs no escape. */
void domain_edit_attr(struct domain_edit *e, const xmlNode *node,
		      const char *name, const char *value);

/*
 * 1 and *text (terminated, freed by the caller) if anything was replaced, else
 * 0 and NULL; -ENOMEM, -E2BIG (too many pieces), with *error.  Ends the edit.
 */
int domain_edit_finish(struct domain_edit *e, char **text,
		       struct domain_error *error);

/* Ends an edit that failed with err, which it returns. */
int domain_edit_abandon(struct domain_edit *e, int err);

#endif /* LIBVIRT_XML_DOMAIN_EDIT_H */

/*
 * domain_node.h - inside the library: elements and where they stand
 */
#ifndef LIBVIRT_XML_DOMAIN_NODE_H
#define LIBVIRT_XML_DOMAIN_NODE_H

#include <stdbool.h>

#include <libxml/tree.h>

#include "libvirt-xml/domain_xml.h"

/*
 * Offsets into the text, of an element <a x='y'>...</a> or <a x='y'/>:
 * start <= open_end <= close_start <= end.  close_start is the '<' of the end
 * tag; of an element without one, open_end and end are the same.
 */
struct domain_span {
	size_t start, open_end, close_start, end;
	unsigned int line; /* of start, from 1 */
};

struct domain_xml {
	char *text; /* terminated, len bytes without zeros */
	size_t len;
	xmlDoc *doc;
	xmlNode *root;
	struct domain_span *spans;
	size_t span_count, span_room;
	char *name;
	char uuid[DOMAIN_UUID_MAX];
};

/* Fills in *error; returns -EINVAL. */
int domain_error_say(struct domain_error *error, unsigned int line,
		     const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const struct domain_span *domain_node_span(const struct domain_xml *xml,
					   const xmlNode *node);
/* <a/>, not <a></a>. */
bool domain_node_is_closed(const struct domain_xml *xml, const xmlNode *node);
unsigned int domain_node_line(const struct domain_xml *xml,
			      const xmlNode *node);

/* An element of that name without a namespace, as all of libvirt's are. */
bool domain_node_is(const xmlNode *node, const char *name);
/* The first child of that name; NULL if there is none or parent is NULL. */
xmlNode *domain_node_child(const xmlNode *parent, const char *name);
/* The next sibling of the same name. */
xmlNode *domain_node_next(const xmlNode *node);
/* An attribute's value; NULL if there is none or node is NULL. */
const char *domain_node_attr(const xmlNode *node, const char *name);
bool domain_node_attr_is(const xmlNode *node, const char *name,
			 const char *value);
/* The text of an element that has nothing else in it; "" for NULL. */
const char *domain_node_text(const xmlNode *node);

#endif /* LIBVIRT_XML_DOMAIN_NODE_H */

#include "libvirt-xml/domain_node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int domain_error_say(struct domain_error *error, unsigned int line,
		     const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	error->line = line;
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

const struct domain_span *domain_node_span(const struct domain_xml *xml,
					   const xmlNode *node)
{
	return &xml->spans[(uintptr_t)node->_private - 1];
}

bool domain_node_is_closed(const struct domain_xml *xml, const xmlNode *node)
{
	const struct domain_span *s = domain_node_span(xml, node);

	return s->open_end == s->end;
}

unsigned int domain_node_line(const struct domain_xml *xml, const xmlNode *node)
{
	return domain_node_span(xml, node)->line;
}

bool domain_node_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       !strcmp((const char *)node->name, name);
}

static xmlNode *find(xmlNode *node, const char *name)
{
	while (node && !domain_node_is(node, name))
		node = node->next;
	return node;
}

xmlNode *domain_node_child(const xmlNode *parent, const char *name)
{
	return parent ? find(parent->children, name) : NULL;
}

xmlNode *domain_node_next(const xmlNode *node)
{
	return find(node->next, (const char *)node->name);
}

/* Entities are replaced, so that a value is one piece of text, or none. */
static const char *content(const xmlNode *node)
{
	return node && node->content ? (const char *)node->content : "";
}

const char *domain_node_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
		if (!a->ns && !strcmp((const char *)a->name, name))
			return content(a->children);
	return NULL;
}

bool domain_node_attr_is(const xmlNode *node, const char *name,
			 const char *value)
{
	const char *s = domain_node_attr(node, name);

	return s && !strcmp(s, value);
}

const char *domain_node_text(const xmlNode *node)
{
	const xmlNode *only = node ? node->children : NULL;

	if (!only || only->next || only->type != XML_TEXT_NODE)
		return "";
	return content(only);
}

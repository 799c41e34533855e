/*
 * domain_search.h - inside the library: which <rng> are ours
 */
#ifndef LIBVIRT_XML_DOMAIN_SEARCH_H
#define LIBVIRT_XML_DOMAIN_SEARCH_H

#include "libvirt-xml/domain_node.h"

struct domain_search {
	const struct domain_xml *xml;
	char socket[DOMAIN_PATH_MAX]; /* this domain's */
	size_t folder_len;	      /* of it, with the last slash */
};

/* 0; -EINVAL with *error: as domain_xml_socket(). */
int domain_search_begin(struct domain_search *s, const struct domain_xml *xml,
			const char *run_dir, struct domain_error *error);

/* The first of ours behind rng, or of all when rng is NULL. */
const xmlNode *domain_search_next(const struct domain_search *s,
				  const xmlNode *rng);

#endif /* LIBVIRT_XML_DOMAIN_SEARCH_H */

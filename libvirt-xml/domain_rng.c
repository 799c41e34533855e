#include "libvirt-xml/domain_rng.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml/domain_policy_edit.h"
#include "libvirt-xml/domain_search.h"

#define SOURCE_TEXT_MAX (DOMAIN_PATH_MAX + 40)
#define RECONNECT	"<reconnect enabled='yes' timeout='1'/>"

int domain_search_begin(struct domain_search *s, const struct domain_xml *xml,
			const char *run_dir, struct domain_error *error)
{
	*error = (struct domain_error){ 0 };
	s->xml = xml;
	if (domain_xml_socket(xml, run_dir, s->socket, error))
		return -EINVAL;
	s->folder_len = (size_t)(strrchr(s->socket, '/') + 1 - s->socket);
	return 0;
}

static const xmlNode *source_of(const xmlNode *rng)
{
	return domain_node_child(domain_node_child(rng, "backend"), "source");
}

static const char *path_of(const xmlNode *rng)
{
	const char *path = domain_node_attr(source_of(rng), "path");

	return path ? path : "";
}

static const char *alias_of(const xmlNode *device)
{
	const char *alias =
		domain_node_attr(domain_node_child(device, "alias"), "name");

	return alias ? alias : "";
}

static bool is_ours(const struct domain_search *s, const xmlNode *rng)
{
	const xmlNode *backend = domain_node_child(rng, "backend");

	if (!domain_node_attr_is(backend, "model", "egd") ||
	    !domain_node_attr_is(backend, "type", "unix"))
		return false;
	return !strcmp(alias_of(rng), DOMAIN_RNG_ALIAS) ||
	       !strncmp(path_of(rng), s->socket, s->folder_len);
}

const xmlNode *domain_search_next(const struct domain_search *s,
				  const xmlNode *rng)
{
	if (rng)
		rng = domain_node_next(rng);
	else
		rng = domain_node_child(
			domain_node_child(s->xml->root, "devices"), "rng");
	while (rng && !is_ours(s, rng))
		rng = domain_node_next(rng);
	return rng;
}

static bool reconnects(const xmlNode *source)
{
	return domain_node_attr_is(domain_node_child(source, "reconnect"),
				   "enabled", "yes");
}

int domain_rng_find(const struct domain_xml *xml, const char *run_dir,
		    struct domain_rng *rng, struct domain_error *error)
{
	const xmlNode *first, *node;
	struct domain_search s;

	*rng = (struct domain_rng){ 0 };
	if (domain_search_begin(&s, xml, run_dir, error))
		return -EINVAL;
	first = domain_search_next(&s, NULL);
	if (!first)
		return 0;
	for (node = first; node; node = domain_search_next(&s, node))
		rng->count++;
	rng->line = domain_node_line(xml, first);
	rng->path = path_of(first);
	rng->alias = alias_of(first);
	rng->own_path = !strcmp(rng->path, s.socket);
	rng->connects =
		domain_node_attr_is(source_of(first), "mode", "connect");
	rng->reconnects = reconnects(source_of(first));
	rng->rate = domain_node_child(first, "rate") != NULL;
	return 0;
}

/* Another device that has our alias would make libvirt refuse the domain. */
static int check_alias(const struct domain_search *s, const xmlNode *devices,
		       struct domain_error *error)
{
	for (const xmlNode *d = devices->children; d; d = d->next) {
		if (d->type != XML_ELEMENT_NODE ||
		    strcmp(alias_of(d), DOMAIN_RNG_ALIAS) != 0 ||
		    (domain_node_is(d, "rng") && is_ours(s, d)))
			continue;
		return domain_error_say(error, domain_node_line(s->xml, d),
					"the alias " DOMAIN_RNG_ALIAS
					" is another device's (<%.40s>); give "
					"that one another alias",
					d->name);
	}
	return 0;
}

static void add(struct domain_edit *e, const struct domain_search *s,
		const xmlNode *devices)
{
	char source[SOURCE_TEXT_MAX];
	const struct domain_line lines[] = {
		{ 0, "<rng model='virtio'>" },
		{ 1, "<backend model='egd' type='unix'>" },
		{ 2, source },
		{ 3, RECONNECT },
		{ 2, "</source>" },
		{ 1, "</backend>" },
		{ 1, "<alias name='" DOMAIN_RNG_ALIAS "'/>" },
		{ 0, "</rng>" },
	};

	snprintf(source, sizeof(source), "<source mode='connect' path='%s'>",
		 s->socket);
	domain_edit_add(e, devices, lines, sizeof(lines) / sizeof(lines[0]));
}

static void mend_reconnect(struct domain_edit *e, const xmlNode *source)
{
	static const struct domain_line line = { 0, RECONNECT };
	const xmlNode *old = domain_node_child(source, "reconnect");

	if (reconnects(source))
		return;
	if (old)
		domain_edit_replace(e, domain_node_span(e->xml, old)->start,
				    domain_node_span(e->xml, old)->end,
				    RECONNECT);
	else
		domain_edit_add(e, source, &line, 1);
}

/* One that is there gets what it lacks, and keeps what else it has. */
static int mend(struct domain_edit *e, const struct domain_search *s,
		const xmlNode *rng, struct domain_error *error)
{
	const xmlNode *source = source_of(rng);
	const xmlNode *rate = domain_node_child(rng, "rate");

	if (!source)
		return domain_error_say(error, domain_node_line(s->xml, rng),
					"the <rng> has no <source>");
	if (strcmp(path_of(rng), s->socket) != 0)
		domain_edit_attr(e, source, "path", s->socket);
	if (!domain_node_attr_is(source, "mode", "connect"))
		domain_edit_attr(e, source, "mode", "connect");
	mend_reconnect(e, source);
	if (rate)
		domain_edit_remove(e, rate, false);
	for (rng = domain_search_next(s, rng); rng;
	     rng = domain_search_next(s, rng))
		domain_edit_remove(e, rng, false);
	return 0;
}

int domain_rng_attach(const struct domain_xml *xml, const char *run_dir,
		      const struct domain_policy *policy, char **text,
		      struct domain_error *error)
{
	const xmlNode *devices = domain_node_child(xml->root, "devices"), *rng;
	struct domain_edit e;
	struct domain_search s;
	int err = 0;

	*text = NULL;
	if (domain_search_begin(&s, xml, run_dir, error))
		return -EINVAL;
	if (!devices)
		return domain_error_say(error, domain_node_line(xml, xml->root),
					"the domain has no <devices>");
	if (check_alias(&s, devices, error))
		return -EINVAL;
	rng = domain_search_next(&s, NULL);
	domain_edit_begin(&e, xml);
	if (rng)
		err = mend(&e, &s, rng, error);
	else
		add(&e, &s, devices);
	if (!err && policy)
		err = domain_policy_put(&e, policy, error);
	return err ? domain_edit_abandon(&e, err)
		   : domain_edit_finish(&e, text, error);
}

int domain_rng_detach(const struct domain_xml *xml, const char *run_dir,
		      char **text, struct domain_error *error)
{
	struct domain_edit e;
	struct domain_search s;

	*text = NULL;
	if (domain_search_begin(&s, xml, run_dir, error))
		return -EINVAL;
	domain_edit_begin(&e, xml);
	for (const xmlNode *rng = domain_search_next(&s, NULL); rng;
	     rng = domain_search_next(&s, rng))
		domain_edit_remove(&e, rng, false);
	domain_policy_drop(&e);
	return domain_edit_finish(&e, text, error);
}

int domain_rng_device(const struct domain_xml *xml, const char *run_dir,
		      char **text, struct domain_error *error)
{
	const struct domain_span *span;
	const xmlNode *rng;
	struct domain_search s;

	*text = NULL;
	if (domain_search_begin(&s, xml, run_dir, error))
		return -EINVAL;
	rng = domain_search_next(&s, NULL);
	if (rng) {
		span = domain_node_span(xml, rng);
		*text = strndup(xml->text + span->start,
				span->end - span->start);
	} else if (asprintf(text,
			    "<rng model='virtio'>\n"
			    "  <backend model='egd' type='unix'>\n"
			    "    <source mode='connect' path='%s'>\n"
			    "      " RECONNECT "\n"
			    "    </source>\n"
			    "  </backend>\n"
			    "  <alias name='" DOMAIN_RNG_ALIAS "'/>\n"
			    "</rng>\n",
			    s.socket) < 0) {
		*text = NULL;
	}
	if (!*text)
		domain_error_say(error, 0, "out of memory");
	return *text ? 0 : -ENOMEM;
}

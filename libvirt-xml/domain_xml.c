/*
 * Where an element stands is learned while libxml2 parses: its handlers for
 * start and end tags are called with the input right behind the attributes and
 * right behind the end tag.  What they find is compared with the text, so that
 * a libxml2 that calls them elsewhere leads to an error, never to a wrong edit.
 */
#include "libvirt-xml/domain_node.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

struct build {
	struct domain_xml *xml;
	struct domain_error *error;
	int refused;	   /* errno, with *error filled in */
	size_t counted;	   /* lines were counted up to here */
	unsigned int line; /* which is this one */
};

static void refuse(xmlParserCtxt *ctxt, int number, const char *text)
{
	struct build *b = ctxt->_private;

	if (!b->refused) {
		b->refused = number;
		domain_error_say(b->error, b->line, "%s", text);
	}
	xmlStopParser(ctxt);
}

static void refuse_doctype(void *ctx, const xmlChar *name,
			   const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(ctx, EINVAL, "a document type has no place in a domain");
}

static struct domain_span *span_add(struct domain_xml *xml)
{
	struct domain_span *spans;
	size_t room;

	if (xml->span_count == xml->span_room) {
		room = xml->span_room ? xml->span_room * 2 : 128;
		spans = realloc(xml->spans, room * sizeof(*spans));
		if (!spans)
			return NULL;
		xml->spans = spans;
		xml->span_room = room;
	}
	return &xml->spans[xml->span_count++];
}

static unsigned int line_of(struct build *b, size_t offset)
{
	for (; b->counted < offset; b->counted++)
		if (b->xml->text[b->counted] == '\n')
			b->line++;
	return b->line;
}

/* Attributes hold no '<': the last one before their end starts the tag. */
static int set_start(struct build *b, struct domain_span *s, long at)
{
	const char *text = b->xml->text;
	size_t end = (size_t)at;

	if (at < 0 || end >= b->xml->len ||
	    (text[end] != '>' && strncmp(text + end, "/>", 2) != 0))
		return -EPROTO;
	s->start = end;
	while (text[s->start] != '<')
		if (s->start-- == 0)
			return -EPROTO;
	s->open_end = end + (text[end] == '/' ? 2 : 1);
	s->close_start = s->end = 0;
	s->line = line_of(b, s->start);
	return 0;
}

static int set_end(const struct build *b, struct domain_span *s, long at)
{
	const char *text = b->xml->text;
	size_t end = (size_t)at;

	if (at < 0 || end > b->xml->len || end < s->open_end ||
	    text[end - 1] != '>')
		return -EPROTO;
	s->end = end;
	s->close_start = end;
	if (end == s->open_end)
		return text[end - 2] == '/' ? 0 : -EPROTO;
	do {
		if (--s->close_start < s->open_end)
			return -EPROTO;
	} while (text[s->close_start] != '<');
	return text[s->close_start + 1] == '/' ? 0 : -EPROTO;
}

/* NOLINTNEXTLINE(readability-function-size): libxml2's signature */
static void start_element(void *ctx, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int ns_count, const xmlChar **ns,
			  int attr_count, int defaulted, const xmlChar **attrs)
{
	xmlParserCtxt *ctxt = ctx;
	struct build *b = ctxt->_private;
	struct domain_span *s;

	if (b->xml->span_count == DOMAIN_ELEMENTS_MAX) {
		refuse(ctxt, EFBIG, "more than 100000 elements");
		return;
	}
	xmlSAX2StartElementNs(ctx, name, prefix, uri, ns_count, ns, attr_count,
			      defaulted, attrs);
	s = span_add(b->xml);
	if (!s || !ctxt->node) {
		refuse(ctxt, ENOMEM, "out of memory");
		return;
	}
	if (set_start(b, s, xmlByteConsumed(ctxt)))
		refuse(ctxt, EPROTO, "this libxml2 does not tell where it is");
	ctxt->node->_private = (void *)(uintptr_t)b->xml->span_count;
}

static void end_element(void *ctx, const xmlChar *name, const xmlChar *prefix,
			const xmlChar *uri)
{
	xmlParserCtxt *ctxt = ctx;
	struct build *b = ctxt->_private;
	uintptr_t number = ctxt->node ? (uintptr_t)ctxt->node->_private : 0;

	if (number &&
	    set_end(b, &b->xml->spans[number - 1], xmlByteConsumed(ctxt)))
		refuse(ctxt, EPROTO, "this libxml2 does not tell where it is");
	xmlSAX2EndElementNs(ctx, name, prefix, uri);
}

/* libxml2's own reason, on one line. */
static void say_malformed(xmlParserCtxt *ctxt, struct domain_error *error)
{
	const xmlError *last = xmlCtxtGetLastError(ctxt);
	size_t len;

	domain_error_say(error, last && last->line > 0 ? last->line : 0,
			 "not XML: %s",
			 last && last->message ? last->message : "empty");
	len = strlen(error->text);
	while (len && isspace((unsigned char)error->text[len - 1]))
		error->text[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (!isprint((unsigned char)error->text[i]))
			error->text[i] = '?';
}

/*
 * Entities are asked to be replaced so that a value is one piece of text; there
 * are none but XML's own, since a document type ends the parsing.  The encoding
 * that the text claims is not looked at: it is read as UTF-8, and another one
 * would move every offset.
 */
static int read_text(struct domain_xml *xml, struct domain_error *error)
{
	struct build b = { .xml = xml, .error = error, .line = 1 };
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	int err = -ENOMEM;

	if (!ctxt) {
		domain_error_say(error, 0, "out of memory");
		return err;
	}
	ctxt->_private = &b;
	ctxt->sax->startElementNs = start_element;
	ctxt->sax->endElementNs = end_element;
	ctxt->sax->internalSubset = refuse_doctype;
	xml->doc = xmlCtxtReadMemory(
		ctxt, xml->text, (int)xml->len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC |
			XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	err = -b.refused;
	if (!b.refused && !xml->doc) {
		err = -EINVAL;
		say_malformed(ctxt, error);
	}
	if (!xml->doc && ctxt->myDoc)
		xmlFreeDoc(ctxt->myDoc);
	xmlFreeParserCtxt(ctxt);
	return err;
}

/* Other Unicode forms have zeros, or do not start so. */
static int check_text(const char *text, size_t len, struct domain_error *error)
{
	const char *bom = "\xef\xbb\xbf";

	if (len > DOMAIN_TEXT_MAX) {
		domain_error_say(error, 0, "more than %u bytes",
				 DOMAIN_TEXT_MAX);
		return -EFBIG;
	}
	if (!len)
		return domain_error_say(error, 0, "not XML: empty");
	if (memchr(text, '\0', len) ||
	    (text[0] != '<' && !isspace((unsigned char)text[0]) &&
	     (len < 3 || memcmp(text, bom, 3) != 0)))
		return domain_error_say(error, 1, "not XML in UTF-8");
	return 0;
}

int domain_xml_read_uuid(const char *s, char out[static DOMAIN_UUID_MAX])
{
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '-' || isspace((unsigned char)*s))
			continue;
		if (n == DOMAIN_UUID_MAX - 1 || !isxdigit((unsigned char)*s))
			return -EINVAL;
		if (n == 8 || n == 13 || n == 18 || n == 23)
			out[n++] = '-';
		out[n++] = (char)tolower((unsigned char)*s);
	}
	out[n] = '\0';
	return n == DOMAIN_UUID_MAX - 1 ? 0 : -EINVAL;
}

static int once(const struct domain_xml *xml, const char *name,
		struct domain_error *error)
{
	const xmlNode *node = domain_node_child(xml->root, name);

	node = node ? domain_node_next(node) : NULL;
	if (!node)
		return 0;
	return domain_error_say(error, domain_node_line(xml, node),
				"a second <%s>", name);
}

static int check_domain(struct domain_xml *xml, struct domain_error *error)
{
	const xmlNode *uuid;

	xml->root = xmlDocGetRootElement(xml->doc);
	if (!xml->root || !domain_node_is(xml->root, "domain"))
		return domain_error_say(error, 1, "not a <domain>");
	if (once(xml, "uuid", error) || once(xml, "devices", error) ||
	    once(xml, "metadata", error))
		return -EINVAL;
	xml->name =
		strdup(domain_node_text(domain_node_child(xml->root, "name")));
	if (!xml->name) {
		domain_error_say(error, 0, "out of memory");
		return -ENOMEM;
	}
	uuid = domain_node_child(xml->root, "uuid");
	if (uuid && domain_xml_read_uuid(domain_node_text(uuid), xml->uuid))
		return domain_error_say(error, domain_node_line(xml, uuid),
					"not a uuid");
	return 0;
}

struct domain_xml *domain_xml_parse(const char *text, size_t len,
				    struct domain_error *error)
{
	struct domain_xml *xml = NULL;
	int err;

	*error = (struct domain_error){ 0 };
	err = check_text(text, len, error);
	if (err)
		goto fail;
	err = -ENOMEM;
	xml = calloc(1, sizeof(*xml));
	if (xml)
		xml->text = malloc(len + 1);
	if (!xml || !xml->text) {
		domain_error_say(error, 0, "out of memory");
		goto fail;
	}
	memcpy(xml->text, text, len);
	xml->text[len] = '\0';
	xml->len = len;
	err = read_text(xml, error);
	if (!err)
		err = check_domain(xml, error);
	if (!err)
		return xml;
fail:
	domain_xml_free(xml);
	errno = -err;
	return NULL;
}

void domain_xml_free(struct domain_xml *xml)
{
	if (!xml)
		return;
	xmlFreeDoc(xml->doc);
	free(xml->spans);
	free(xml->name);
	free(xml->text);
	free(xml);
}

const char *domain_xml_name(const struct domain_xml *xml)
{
	return xml->name;
}

const char *domain_xml_emulator(const struct domain_xml *xml)
{
	return domain_node_text(domain_node_child(
		domain_node_child(xml->root, "devices"), "emulator"));
}

const char *domain_xml_uuid(const struct domain_xml *xml)
{
	return xml->uuid;
}

int domain_xml_socket(const struct domain_xml *xml, const char *run_dir,
		      char out[static DOMAIN_PATH_MAX],
		      struct domain_error *error)
{
	size_t len = strlen(run_dir);

	if (run_dir[0] != '/' || len >= DOMAIN_RUN_DIR_MAX)
		return domain_error_say(error, 0,
					"run_dir is not an absolute path of "
					"at most %d bytes",
					DOMAIN_RUN_DIR_MAX - 1);
	for (const char *s = run_dir; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("<>&'\"", *s))
			return domain_error_say(error, 0,
						"run_dir has a character that "
						"XML would need escaped");
	if (!xml->uuid[0])
		return domain_error_say(error, 0,
					"the domain has no <uuid>; \"virsh "
					"dumpxml\" prints it with one");
	snprintf(out, DOMAIN_PATH_MAX, "%s/kvm/%s.sock", run_dir, xml->uuid);
	return 0;
}

/*
 * domain_xml.h - a domain's XML, read to be edited in place
 *
 * The text is parsed once by libxml2 and never printed by it: every element
 * knows where it stands in the text, and edits replace bytes there, so that
 * whatever is not ours stays as it was, to the byte.
 *
 * Nothing is fetched or expanded: no network, no document type, no entities
 * but XML's own five.
 */
#ifndef LIBVIRT_XML_DOMAIN_XML_H
#define LIBVIRT_XML_DOMAIN_XML_H

#include <stddef.h>

/* Bytes of XML; libxml2 ends at XML_MAX_LOOKUP_LIMIT, the same. */
#define DOMAIN_TEXT_MAX	    10000000u
#define DOMAIN_ELEMENTS_MAX 100000u
#define DOMAIN_UUID_MAX	    37 /* terminated */

/* The longest path that fits a sockaddr_un, terminated. */
#define DOMAIN_PATH_MAX 108
/* run_dir: absolute, printable ASCII that needs no escape; terminated. */
#define DOMAIN_RUN_DIR_MAX 62

/* For people: "line LINE: text", or text alone when line is 0. */
struct domain_error {
	unsigned int line;
	char text[240];
};

struct domain_xml;

/*
 * Copies text.  NULL and errno, with *error filled in: EINVAL (not XML, not a
 * domain), EFBIG (too large, too many elements), ENOMEM.
 */
struct domain_xml *domain_xml_parse(const char *text, size_t len,
				    struct domain_error *error);
void domain_xml_free(struct domain_xml *xml);

/* Not longer than the XML lives; "" where there is none. */
const char *domain_xml_name(const struct domain_xml *xml);
/* Lower case with dashes, however it is written. */
const char *domain_xml_uuid(const struct domain_xml *xml);

/*
 * As libvirt reads one, dashes where they like and spaces around; out is as
 * above.  0 or -EINVAL.
 */
int domain_xml_read_uuid(const char *s, char out[static DOMAIN_UUID_MAX]);

/* The program it runs, "" where the host's default one is meant. */
const char *domain_xml_emulator(const struct domain_xml *xml);

/*
 * RUN_DIR/kvm/UUID.sock, where the host agent listens for this domain.
 * 0; -EINVAL with *error: a domain without a uuid, a run_dir that is not as
 * above.
 */
int domain_xml_socket(const struct domain_xml *xml, const char *run_dir,
		      char out[static DOMAIN_PATH_MAX],
		      struct domain_error *error);

#endif /* LIBVIRT_XML_DOMAIN_XML_H */

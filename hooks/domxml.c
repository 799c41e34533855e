/*
 * domxml.c - one pass over a domain's XML
 *
 * The way to an element is kept as a path such as "/domain/devices/rng"; only
 * a few paths mean something.  Text in comments, CDATA and processing
 * instructions is stepped over, so that nothing in it is taken for an element.
 */
#include "hooks/domxml.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAY_MAX	    256
#define NUMBER_MAX  16
#define UUID_DIGITS 32
#define BOM	    "\xef\xbb\xbf"
#define METADATA    "/domain/metadata"

struct scan {
	struct domxml *out;
	const char *p, *end, *start;
	char way[WAY_MAX]; /* of the open elements */
	size_t way_len[DOMXML_DEPTH];
	size_t depth;
	/*
	 * Elements within that, deeper or with a longer way than there is room
	 * for: somebody's metadata, which is stepped over.
	 */
	size_t beyond;
	bool was_root;
	/* of the rng or hostdev that is open */
	bool egd_unix, is_usb;
	struct slice path;
	struct domxml_usb usb;
	/* every path of an egd backend, until the UUID is known */
	struct slice paths[DOMXML_USB_MAX];
	size_t paths_count;
	struct policy_scan policy;
	size_t metadata_count; /* elements, of which the first counts */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '-' ||
	       c == '.' || (unsigned char)c >= 0x80;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

static struct slice take_name(struct scan *s)
{
	struct slice name = { s->p, 0 };

	while (s->p < s->end && is_name(*s->p))
		s->p++;
	name.len = (size_t)(s->p - name.at);
	return name;
}

/* Steps behind mark; -EINVAL if it does not come. */
static int skip_past(struct scan *s, const char *mark)
{
	const char *found =
		memmem(s->p, (size_t)(s->end - s->p), mark, strlen(mark));

	if (!found)
		return -EINVAL;
	s->p = found + strlen(mark);
	return 0;
}

static unsigned int take_number(struct slice v)
{
	char text[NUMBER_MAX], *end;
	unsigned long n;

	if (!v.len || v.len >= sizeof(text))
		return 0;
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	n = strtoul(text, &end, 0);
	return *end || n > UINT16_MAX ? 0 : (unsigned int)n;
}

/* The open element is <domain>, its <metadata>, or directly in that. */
static bool is_policys(const struct scan *s)
{
	size_t len = sizeof(METADATA) - 1;

	if (s->beyond)
		return false;
	return s->depth == 1 ||
	       (s->metadata_count == 1 && !strncmp(s->way, METADATA, len) &&
		((s->depth == 2 && !s->way[len]) ||
		 (s->depth == 3 && s->way[len] == '/')));
}

static void note_attribute(struct scan *s, struct slice name, struct slice v)
{
	static const char rng[] = "/domain/devices/rng/backend";
	static const char usb[] = "/domain/devices/hostdev/source";

	if (!strncmp(s->way, rng, sizeof(rng) - 1)) {
		const char *rest = s->way + sizeof(rng) - 1;

		if (!*rest && slice_is(name, "model"))
			s->egd_unix = slice_is(v, "egd");
		else if (!strcmp(rest, "/source") && slice_is(name, "path"))
			s->path = v;
	} else if (!strcmp(s->way, "/domain/devices/hostdev")) {
		if (slice_is(name, "type"))
			s->is_usb = slice_is(v, "usb");
	} else if (!strncmp(s->way, usb, sizeof(usb) - 1)) {
		const char *rest = s->way + sizeof(usb) - 1;

		if (!strcmp(rest, "/vendor") && slice_is(name, "id"))
			s->usb.vendor = take_number(v);
		else if (!strcmp(rest, "/product") && slice_is(name, "id"))
			s->usb.product = take_number(v);
		else if (!strcmp(rest, "/address") && slice_is(name, "bus"))
			s->usb.bus = take_number(v);
		else if (!strcmp(rest, "/address") && slice_is(name, "device"))
			s->usb.device = take_number(v);
	}
}

/* name = "value", up to the end of the tag. */
static int take_attributes(struct scan *s)
{
	struct slice name, value;
	const char *quote;

	for (;;) {
		skip_space(s);
		if (s->p == s->end)
			return -EINVAL;
		if (*s->p == '>' || *s->p == '/')
			return 0;
		name = take_name(s);
		skip_space(s);
		if (!name.len || s->end - s->p < 2 || *s->p != '=')
			return -EINVAL;
		s->p++;
		skip_space(s);
		if (s->p == s->end || (*s->p != '"' && *s->p != '\''))
			return -EINVAL;
		quote = memchr(s->p + 1, *s->p, (size_t)(s->end - s->p - 1));
		if (!quote)
			return -EINVAL;
		value.at = s->p + 1;
		value.len = (size_t)(quote - value.at);
		if (memchr(value.at, '<', value.len))
			return -EINVAL;
		s->p = quote + 1;
		if (!s->beyond)
			note_attribute(s, name, value);
		if (is_policys(s))
			policy_attribute(&s->policy, s->depth, name, value);
	}
}

/* An element directly in <metadata> may have been a policy. */
static void enter_beyond(struct scan *s)
{
	if (!s->beyond++ && !strcmp(s->way, METADATA))
		s->policy.blurred = true;
}

static void enter(struct scan *s, struct slice name)
{
	size_t used = s->depth ? s->way_len[s->depth - 1] : 0;

	if (s->beyond || s->depth == DOMXML_DEPTH ||
	    used + name.len + 2 > sizeof(s->way)) {
		enter_beyond(s);
		return;
	}
	s->way[used] = '/';
	memcpy(s->way + used + 1, name.at, name.len);
	s->way_len[s->depth++] = used + 1 + name.len;
	s->way[used + 1 + name.len] = '\0';
	if (!strcmp(s->way, "/domain/devices/rng")) {
		s->egd_unix = false;
		s->path.at = NULL;
	} else if (!strcmp(s->way, "/domain/devices/hostdev")) {
		s->is_usb = false;
		memset(&s->usb, 0, sizeof(s->usb));
	} else if (!strcmp(s->way, METADATA)) {
		s->metadata_count++;
	}
}

static void leave(struct scan *s)
{
	struct domxml *out = s->out;

	if (s->beyond) {
		s->beyond--;
		return;
	}
	if (!strcmp(s->way, "/domain/devices/rng") && s->egd_unix &&
	    s->path.at && s->paths_count < DOMXML_USB_MAX)
		s->paths[s->paths_count++] = s->path;
	if (!strcmp(s->way, "/domain/devices/hostdev") && s->is_usb &&
	    out->usb_count < DOMXML_USB_MAX)
		out->usb[out->usb_count++] = s->usb;
	if (is_policys(s))
		policy_leave(&s->policy, s->depth);
	s->depth--;
	s->way[s->depth ? s->way_len[s->depth - 1] : 0] = '\0';
}

static int take_element(struct scan *s)
{
	struct slice name = take_name(s);

	if (!name.len || (s->was_root && !s->depth))
		return -EINVAL;
	if (!s->depth && !slice_is(name, "domain"))
		return -EINVAL;
	s->was_root = true;
	enter(s, name);
	if (take_attributes(s) < 0)
		return -EINVAL;
	if (is_policys(s))
		policy_enter(&s->policy, s->depth, name, &s->out->policy);
	if (*s->p == '/') {
		leave(s);
		s->p++;
	}
	if (s->p == s->end || *s->p != '>')
		return -EINVAL;
	s->p++;
	return 0;
}

static int take_end(struct scan *s)
{
	struct slice name = take_name(s);
	size_t at;

	if (!s->depth)
		return -EINVAL;
	at = s->depth > 1 ? s->way_len[s->depth - 2] + 1 : 1;
	if (s->beyond ? !name.len : !slice_is(name, s->way + at))
		return -EINVAL;
	skip_space(s);
	if (s->p == s->end || *s->p != '>')
		return -EINVAL;
	s->p++;
	leave(s);
	return 0;
}

/* Behind "<": what starts there. */
static int take_markup(struct scan *s)
{
	size_t left = (size_t)(s->end - s->p);

	if (left >= 3 && !memcmp(s->p, "!--", 3)) {
		s->p += 3;
		return skip_past(s, "-->");
	}
	if (left && *s->p == '/') {
		s->p++;
		return take_end(s);
	}
	policy_content(&s->policy);
	if (left >= 8 && !memcmp(s->p, "![CDATA[", 8))
		return s->depth ? skip_past(s, "]]>") : -EINVAL;
	if (left && *s->p == '?')
		return skip_past(s, "?>");
	return take_element(s); /* "!": a document type is no name */
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
}

/* 32 digits with dashes or without, as libvirt reads it; written with them. */
static int take_uuid(struct domxml *out, struct slice text)
{
	size_t i, used = 0, digits = 0;
	char c;

	if (out->uuid[0])
		return -EINVAL;
	for (i = 0; i < text.len; i++) {
		c = lower(text.at[i]);
		if (c == '-' || is_space(c))
			continue;
		if (!is_hex(c) || digits == UUID_DIGITS)
			return -EINVAL;
		if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
			out->uuid[used++] = '-';
		out->uuid[used++] = c;
		digits++;
	}
	return digits == UUID_DIGITS ? 0 : -EINVAL;
}

static int take_text(struct scan *s)
{
	const char *next = memchr(s->p, '<', (size_t)(s->end - s->p));
	struct slice text = { s->p, 0 };
	size_t i;

	s->p = next ? next : s->end;
	text.len = (size_t)(s->p - text.at);
	if (!s->beyond && !strcmp(s->way, "/domain/uuid"))
		return take_uuid(s->out, text);
	for (i = 0; i < text.len && is_space(text.at[i]); i++)
		;
	if (i < text.len)
		policy_content(&s->policy);
	return i < text.len && !s->depth ? -EINVAL : 0;
}

/* What an agent may have made; no "..", no entity. */
static bool is_ours(struct slice path, const char *run_dir, const char *uuid)
{
	char name[DOMXML_PATH_MAX];
	size_t dir = strlen(run_dir), n;

	if (path.len >= DOMXML_PATH_MAX || memchr(path.at, '&', path.len) ||
	    memchr(path.at, '\0', path.len) || *path.at != '/')
		return false;
	n = (size_t)snprintf(name, sizeof(name), "/kvm/%s.sock", uuid);
	if (path.len > n && !memcmp(path.at + path.len - n, name, n))
		return true;
	return path.len > dir + 10 && !memcmp(path.at, run_dir, dir) &&
	       !memcmp(path.at + dir, "/kvm/", 5) &&
	       !memchr(path.at + dir + 5, '/', path.len - dir - 5) &&
	       !memcmp(path.at + path.len - 5, ".sock", 5);
}

static void choose_path(struct scan *s, const char *run_dir)
{
	struct domxml *out = s->out;
	size_t i;

	for (i = 0; i < s->paths_count && out->uuid[0]; i++) {
		if (!is_ours(s->paths[i], run_dir, out->uuid))
			continue;
		if (out->sockets++)
			continue;
		memcpy(out->path, s->paths[i].at, s->paths[i].len);
		out->path_at = (size_t)(s->paths[i].at - s->start);
		out->path_len = s->paths[i].len;
	}
}

int domxml_scan(struct domxml *out, const char *xml, size_t len,
		const char *run_dir)
{
	struct scan s = { .out = out, .p = xml, .end = xml + len };
	int r = 0;

	s.start = xml;
	memset(out, 0, sizeof(*out));
	if (len >= strlen(BOM) && !memcmp(xml, BOM, strlen(BOM)))
		s.p += strlen(BOM);
	while (s.p < s.end && r == 0) {
		if (*s.p != '<') {
			r = take_text(&s);
			continue;
		}
		s.p++;
		r = take_markup(&s);
	}
	if (r < 0 || s.depth || s.beyond || !s.was_root)
		return -EINVAL;
	choose_path(&s, run_dir);
	policy_end(&s.policy, &out->policy);
	return 0;
}

int domxml_socket(char out[static DOMXML_PATH_MAX], const char *run_dir,
		  const char *uuid)
{
	int n = snprintf(out, DOMXML_PATH_MAX, "%s/kvm/%s.sock", run_dir, uuid);

	return *uuid && n > 0 && n < DOMXML_PATH_MAX ? 0 : -EINVAL;
}

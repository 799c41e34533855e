/*
 * How an element E that is alone in its parent C stands there tells how C was
 * before, so that removing E can undo adding it.  "nl" is white space with a
 * line feed in it, as libvirt prints.
 *
 *	C was            E is added as       E removed leaves
 *	<C> nl </C>      <C> nl E</C>        what was there
 *	<C></C>          <C>E </C>           <C></C>
 *	<C/>, may go     <C>E nl </C>        <C/>
 *	<C/>, stays      <C> nl E nl </C>    <C/>
 *	not there        <C>E</C>            nothing
 *	printed by libvirt with E in it:
 *	may go           <C> nl E nl </C>    nothing
 *	stays            <C> nl E nl </C>    <C/>
 *
 * Beside other content E gets a line of its own behind it, if the end tag of C
 * has one, and else no white space at all.
 */
#include "libvirt-xml/domain_edit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* XML's white space; ctype.h has more. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool has_newline(const char *text, size_t from, size_t to)
{
	return memchr(text + from, '\n', to - from) != NULL;
}

static size_t skip_back(const char *text, size_t from, size_t low)
{
	while (from > low && is_blank(text[from - 1]))
		from--;
	return from;
}

static size_t skip(const char *text, size_t from, size_t high)
{
	while (from < high && is_blank(text[from]))
		from++;
	return from;
}

void domain_edit_begin(struct domain_edit *e, const struct domain_xml *xml)
{
	*e = (struct domain_edit){ .xml = xml };
}

/* Takes text, which may be NULL: out of memory. */
static void put(struct domain_edit *e, size_t from, size_t to, char *text)
{
	if (!text)
		e->err = -ENOMEM;
	else if (e->count == DOMAIN_EDITS_MAX)
		e->err = -E2BIG;
	if (e->err) {
		free(text);
		return;
	}
	e->splices[e->count++] = (struct domain_splice){ from, to, text };
}

void domain_edit_replace(struct domain_edit *e, size_t from, size_t to,
			 const char *text)
{
	put(e, from, to, strdup(text));
}

/* How lines end and what stands before them. */
struct form {
	const char *newline; /* "" puts everything on one line */
	const char *text;    /* of the indent below, not terminated */
	size_t indent_len;
	const char *unit; /* of one more level, not terminated */
	size_t unit_len;
};

static const char *newline_of(const struct domain_xml *xml)
{
	const struct domain_span *s = domain_node_span(xml, xml->root);
	const char *lf = memchr(xml->text + s->start, '\n', s->end - s->start);

	if (!lf)
		return "";
	return lf[-1] == '\r' ? "\r\n" : "\n";
}

/* What stands before an element on its line, if only white space does. */
static size_t indent_of(const struct domain_xml *xml, const xmlNode *node,
			const char **indent)
{
	size_t start = domain_node_span(xml, node)->start;
	size_t blank = skip_back(xml->text, start, 0);
	size_t from = start;

	while (from > blank && xml->text[from - 1] != '\n')
		from--;
	*indent = xml->text + from;
	return from > 0 && xml->text[from - 1] == '\n' ? start - from : 0;
}

static const xmlNode *first_element(const xmlNode *parent)
{
	const xmlNode *node = parent->children;

	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

/* A level is what the domain's first child is deeper than the domain. */
static void form_init(struct form *f, const struct domain_xml *xml)
{
	const xmlNode *first = first_element(xml->root);
	const char *outer, *inner;
	size_t outer_len = indent_of(xml, xml->root, &outer), inner_len;

	f->newline = newline_of(xml);
	f->unit = "  ";
	f->unit_len = 2;
	if (!first)
		return;
	inner_len = indent_of(xml, first, &inner);
	if (inner_len > outer_len) {
		f->unit = inner + outer_len;
		f->unit_len = inner_len - outer_len;
	}
}

/* The indent of parent's children: as they have it, else one level more. */
static void form_children(struct form *f, const struct domain_xml *xml,
			  const xmlNode *parent, bool *deeper)
{
	const xmlNode *first = first_element(parent);

	*deeper = true;
	f->indent_len = indent_of(xml, parent, &f->text);
	if (!first)
		return;
	f->indent_len = indent_of(xml, first, &f->text);
	*deeper = false;
}

static void write_indent(FILE *out, const struct form *f, unsigned int depth)
{
	fwrite(f->text, 1, f->indent_len, out);
	while (depth--)
		fwrite(f->unit, 1, f->unit_len, out);
}

static void write_lines(FILE *out, const struct form *f, unsigned int base,
			const struct domain_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i && f->newline[0]) {
			fputs(f->newline, out);
			write_indent(out, f, base + lines[i].depth);
		}
		fputs(lines[i].text, out);
	}
}

/* A stream into memory that becomes a piece. */
struct piece {
	FILE *out;
	char *text;
	size_t len;
};

static bool piece_open(struct domain_edit *e, struct piece *p)
{
	p->text = NULL;
	p->out = open_memstream(&p->text, &p->len);
	if (!p->out)
		e->err = -ENOMEM;
	return p->out != NULL;
}

static void piece_close(struct domain_edit *e, struct piece *p, size_t from,
			size_t to)
{
	if (fclose(p->out)) {
		free(p->text);
		p->text = NULL;
	}
	put(e, from, to, p->text);
}

static void end_tag(FILE *out, const xmlNode *node)
{
	fprintf(out, "</%s%s%s>",
		node->ns && node->ns->prefix ? (const char *)node->ns->prefix
					     : "",
		node->ns && node->ns->prefix ? ":" : "",
		(const char *)node->name);
}

/* Only what the domain always has stays when it is empty. */
static bool may_go(const xmlNode *parent)
{
	return domain_node_is(parent, "metadata");
}

/* <C/> becomes <C>...</C>; the slash goes. */
static void add_to_closed(struct domain_edit *e, const xmlNode *parent,
			  struct form *f, const struct domain_line *lines,
			  size_t count)
{
	const struct domain_span *s = domain_node_span(e->xml, parent);
	const char *newline = f->newline[0] ? f->newline : "\n";
	struct piece p;

	if (!piece_open(e, &p))
		return;
	fputc('>', p.out);
	if (!may_go(parent)) {
		fputs(newline, p.out);
		write_indent(p.out, f, 1);
	}
	write_lines(p.out, f, 1, lines, count);
	fputs(newline, p.out);
	write_indent(p.out, f, 0);
	end_tag(p.out, parent);
	piece_close(e, &p, s->end - 2, s->end);
}

void domain_edit_add(struct domain_edit *e, const xmlNode *parent,
		     const struct domain_line *lines, size_t count)
{
	const struct domain_span *s = domain_node_span(e->xml, parent);
	size_t behind = skip_back(e->xml->text, s->close_start, s->open_end);
	bool empty = behind == s->open_end, deeper, own_line;
	struct form f;
	struct piece p;

	form_init(&f, e->xml);
	form_children(&f, e->xml, parent, &deeper);
	if (domain_node_is_closed(e->xml, parent)) {
		add_to_closed(e, parent, &f, lines, count);
		return;
	}
	if (!piece_open(e, &p))
		return;
	own_line = !empty && has_newline(e->xml->text, behind, s->close_start);
	if (own_line) {
		fputs(f.newline, p.out);
		write_indent(p.out, &f, deeper);
	}
	write_lines(p.out, &f, deeper, lines, count);
	if (empty) {
		behind = s->close_start;
		if (s->open_end == s->close_start)
			fputc(' ', p.out);
	}
	piece_close(e, &p, behind, behind);
}

/* The end of the line if only comments stand before it, else from. */
static size_t behind_comments(const struct domain_xml *xml, size_t from)
{
	const char *text = xml->text, *end;
	size_t at = from;

	for (;;) {
		while (text[at] == ' ' || text[at] == '\t')
			at++;
		if (text[at] == '\n' || !strncmp(text + at, "\r\n", 2))
			return at;
		end = strncmp(text + at, "<!--", 4) ? NULL
						    : strstr(text + at, "-->");
		if (!end)
			return from;
		at = (size_t)(end + 3 - text);
	}
}

/* libvirt's own order: these, then metadata. */
static const xmlNode *last_of_head(const struct domain_xml *xml)
{
	static const char *const names[] = { "name", "uuid", "genid", "title",
					     "description" };
	const xmlNode *last = NULL, *node;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		node = domain_node_child(xml->root, names[i]);
		if (node &&
		    (!last || domain_node_span(xml, node)->start >
				      domain_node_span(xml, last)->start))
			last = node;
	}
	return last;
}

void domain_edit_add_head(struct domain_edit *e, const char *line)
{
	const struct domain_xml *xml = e->xml;
	const xmlNode *last = last_of_head(xml);
	size_t from, at;
	bool deeper;
	struct form f;
	struct piece p;

	if (domain_node_is_closed(xml, xml->root)) {
		e->err = -EINVAL;
		return;
	}
	from = last ? domain_node_span(xml, last)->end
		    : domain_node_span(xml, xml->root)->open_end;
	at = behind_comments(xml, from);
	form_init(&f, xml);
	form_children(&f, xml, xml->root, &deeper);
	if (!piece_open(e, &p))
		return;
	if (xml->text[at] == '\n' || xml->text[at] == '\r') {
		fputs(f.newline, p.out);
		write_indent(p.out, &f, deeper);
	}
	fputs(line, p.out);
	piece_close(e, &p, at, at);
}

/* With the line feed and the indent before it, if it begins a line. */
static void cut_line(struct domain_edit *e, size_t start, size_t end)
{
	const char *text = e->xml->text;
	size_t blank = skip_back(text, start, 0), from = start;

	while (from > blank && text[from - 1] != '\n')
		from--;
	if (from > blank) {
		from--;
		if (from > blank && text[from - 1] == '\r')
			from--;
	} else {
		from = start;
	}
	domain_edit_replace(e, from, end, "");
}

static void close_parent(struct domain_edit *e, const struct domain_span *c)
{
	domain_edit_replace(e, c->open_end - 1, c->end, "/>");
}

/* The node is alone; the table at the top of this file. */
static void remove_only(struct domain_edit *e, const struct domain_span *c,
			const struct domain_span *s, bool drop_parent)
{
	const char *text = e->xml->text;
	bool before = s->start > c->open_end, after = c->close_start > s->end;
	bool nl_before = has_newline(text, c->open_end, s->start);
	bool nl_after = has_newline(text, s->end, c->close_start);

	if (drop_parent && ((nl_before && nl_after) || (!before && !after)))
		cut_line(e, c->start, c->end);
	else if (nl_after && nl_before != drop_parent)
		close_parent(e, c);
	else if (!before && c->close_start == s->end + 1)
		domain_edit_replace(e, s->start, c->close_start, "");
	else
		domain_edit_replace(e, s->start, s->end, "");
}

void domain_edit_remove(struct domain_edit *e, const xmlNode *node,
			bool drop_parent)
{
	const struct domain_span *c = domain_node_span(e->xml, node->parent);
	const struct domain_span *s = domain_node_span(e->xml, node);
	const char *text = e->xml->text;

	if (skip(text, c->open_end, s->start) == s->start &&
	    skip(text, s->end, c->close_start) == c->close_start)
		remove_only(e, c, s, drop_parent);
	else
		cut_line(e, s->start, s->end);
}

/* Where name's value stands in a tag that is well formed; false: nowhere. */
static bool find_value(const char *tag, const char *end, const char *name,
		       const char **from, const char **to)
{
	size_t len = strlen(name);
	const char *word, *s = tag;
	bool found = false;

	while (s < end && !is_blank(*s))
		s++;
	while (s < end && !found) {
		while (s < end && is_blank(*s))
			s++;
		word = s;
		s = memchr(s, '=', (size_t)(end - s));
		if (!s)
			return false;
		found = !strncmp(word, name, len) &&
			(word[len] == '=' || is_blank(word[len]));
		while (*s != '\'' && *s != '"')
			s++;
		*from = s + 1;
		*to = strchr(*from, *s);
		s = *to + 1;
	}
	return found;
}

void domain_edit_attr(struct domain_edit *e, const xmlNode *node,
		      const char *name, const char *value)
{
	const struct domain_span *s = domain_node_span(e->xml, node);
	const char *text = e->xml->text, *from, *to;
	size_t at;
	char *piece;

	if (find_value(text + s->start, text + s->open_end, name, &from, &to)) {
		domain_edit_replace(e, (size_t)(from - text),
				    (size_t)(to - text), value);
		return;
	}
	at = s->open_end - (domain_node_is_closed(e->xml, node) ? 2 : 1);
	at = skip_back(text, at, s->start);
	if (asprintf(&piece, " %s='%s'", name, value) < 0)
		piece = NULL;
	put(e, at, at, piece);
}

static int by_place(const void *a, const void *b)
{
	const struct domain_splice *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	/* What is inserted goes before what is replaced. */
	return x->to < y->to ? -1 : x->to > y->to;
}

static char *join(struct domain_edit *e)
{
	struct piece p;
	size_t at = 0;

	if (!piece_open(e, &p))
		return NULL;
	for (size_t i = 0; i < e->count; i++) {
		assert(e->splices[i].from >= at);
		fwrite(e->xml->text + at, 1, e->splices[i].from - at, p.out);
		fputs(e->splices[i].text, p.out);
		at = e->splices[i].to;
	}
	fwrite(e->xml->text + at, 1, e->xml->len - at, p.out);
	if (fclose(p.out)) {
		free(p.text);
		e->err = -ENOMEM;
		return NULL;
	}
	return p.text;
}

int domain_edit_abandon(struct domain_edit *e, int err)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->splices[i].text);
	e->count = 0;
	return err;
}

int domain_edit_finish(struct domain_edit *e, char **text,
		       struct domain_error *error)
{

	*text = NULL;
	qsort(e->splices, e->count, sizeof(e->splices[0]), by_place);
	if (!e->err && e->count)
		*text = join(e);
	if (e->err)
		domain_error_say(error, 0, "cannot edit: %s",
				 strerror(-e->err));
	return domain_edit_abandon(e, e->err ? e->err : *text != NULL);
}

/*
 * The shortest edit by E. Myers, "An O(ND) Difference Algorithm and Its
 * Variations" (1986): for each number of changes d, how far each diagonal k
 * (lines of before less lines of after) gets.  Each row is kept to walk back.
 */
#include "common/diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 1000
#define CONTEXT	    3

struct line {
	const char *text;
	size_t len; /* with its line feed, if it has one */
};

struct lines {
	struct line *line;
	int count;
};

struct diff {
	struct lines before, after;
	bool *gone, *come; /* by line of before, of after */
};

static int split(const char *text, struct lines *out)
{
	size_t room = 1;
	const char *end;

	for (const char *s = text; *s; s++)
		room += *s == '\n';
	out->count = 0;
	out->line = calloc(room, sizeof(*out->line));
	if (!out->line)
		return -ENOMEM;
	for (; *text; text = end) {
		end = strchr(text, '\n');
		end = end ? end + 1 : text + strlen(text);
		out->line[out->count++] =
			(struct line){ text, (size_t)(end - text) };
	}
	return 0;
}

static bool same(const struct diff *d, int x, int y)
{
	const struct line *a = &d->before.line[x], *b = &d->after.line[y];

	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static void mark(bool *lines, int from, int to)
{
	for (; from < to; from++)
		lines[from] = true;
}

/* Whether diagonal k is best reached from k + 1, by a line that came. */
static bool comes_down(const int *row, int k, int d)
{
	return k == -d || (k != d && row[k - 1] < row[k + 1]);
}

/* The next row from the one before; true when the ends are reached. */
static bool advance(const struct diff *f, const int *old, int *row, int d)
{
	int x, y;

	for (int k = -d; k <= d; k += 2) {
		x = comes_down(old, k, d) ? old[k + 1] : old[k - 1] + 1;
		if (d == 0)
			x = 0;
		y = x - k;
		while (x < f->before.count && y < f->after.count &&
		       same(f, x, y)) {
			x++;
			y++;
		}
		row[k] = x;
		if (x == f->before.count && y == f->after.count)
			return true;
	}
	return false;
}

/* rows[d] has room for the diagonals -d - 1 .. d + 1. */
static void walk_back(const struct diff *f, int **rows, int d)
{
	int x = f->before.count, y = f->after.count, k;

	for (; d > 0; d--) {
		const int *old = rows[d - 1] + d;

		k = x - y;
		if (comes_down(old, k, d)) {
			x = old[k + 1];
			y = x - (k + 1);
			if (y >= 0 && y < f->after.count)
				f->come[y] = true;
		} else {
			x = old[k - 1];
			y = x - (k - 1);
			if (x >= 0 && x < f->before.count)
				f->gone[x] = true;
		}
	}
}

/* Marks what is gone and what came. */
static int compare(const struct diff *f)
{
	int *rows[CHANGES_MAX + 1] = { NULL }, err = 0, d;
	/* Beyond what was reached, further than nowhere. */
	static const int nothing[3] = { -1, -1, -1 };
	bool found = false;

	for (d = 0; d <= CHANGES_MAX && !found; d++) {
		rows[d] = malloc((2 * (size_t)d + 3) * sizeof(int));
		if (!rows[d]) {
			err = -ENOMEM;
			break;
		}
		for (int i = 0; i < 2 * d + 3; i++)
			rows[d][i] = -1;
		found = advance(f, d ? rows[d - 1] + d : nothing + 1,
				rows[d] + d + 1, d);
	}
	if (found) {
		walk_back(f, rows, d - 1);
	} else if (!err) {
		mark(f->gone, 0, f->before.count);
		mark(f->come, 0, f->after.count);
	}
	for (d = 0; d <= CHANGES_MAX; d++)
		free(rows[d]);
	return err;
}

static void print_line(char sign, const struct line *line, FILE *out)
{
	fputc(sign, out);
	fwrite(line->text, 1, line->len, out);
	if (line->text[line->len - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", out);
}

/* A place in both texts. */
struct place {
	int x, y;
};

static bool differs(const struct diff *f, struct place p)
{
	return (p.x < f->before.count && f->gone[p.x]) ||
	       (p.y < f->after.count && f->come[p.y]);
}

static bool at_end(const struct diff *f, struct place p)
{
	return p.x >= f->before.count && p.y >= f->after.count;
}

/* Past one line that went, came, or is the same; prints it. */
static void step(const struct diff *f, struct place *p, FILE *out)
{
	if (p->x < f->before.count && f->gone[p->x]) {
		if (out)
			print_line('-', &f->before.line[p->x], out);
		p->x++;
	} else if (p->y < f->after.count && f->come[p->y]) {
		if (out)
			print_line('+', &f->after.line[p->y], out);
		p->y++;
	} else {
		if (out)
			print_line(' ', &f->before.line[p->x], out);
		p->x++;
		p->y++;
	}
}

/* The end of a hunk: changes closer than two contexts are one hunk. */
static struct place hunk_end(const struct diff *f, struct place p)
{
	struct place end = p;
	int same_lines = 0;

	while (!at_end(f, p) && same_lines <= 2 * CONTEXT) {
		same_lines = differs(f, p) ? 0 : same_lines + 1;
		step(f, &p, NULL);
		if (same_lines <= CONTEXT)
			end = p;
	}
	return end;
}

/* Counted from 1; an empty range stands behind the line it names. */
static void print_range(char sign, int from, int to, FILE *out)
{
	fprintf(out, " %c%d", sign, to > from ? from + 1 : from);
	if (to - from != 1)
		fprintf(out, ",%d", to - from);
}

static void print_hunks(const struct diff *f, const char *name, FILE *out)
{
	struct place p = { 0, 0 }, end;
	int before;

	fprintf(out, "--- %s (now)\n+++ %s (then)\n", name, name);
	while (!at_end(f, p)) {
		if (!differs(f, p)) {
			step(f, &p, NULL);
			continue;
		}
		end = hunk_end(f, p);
		before = p.x < CONTEXT ? p.x : CONTEXT;
		p.x -= before;
		p.y -= before;
		fputs("@@", out);
		print_range('-', p.x, end.x, out);
		print_range('+', p.y, end.y, out);
		fputs(" @@\n", out);
		while (p.x != end.x || p.y != end.y)
			step(f, &p, out);
	}
}

int diff_print(const char *name, const char *before, const char *after,
	       FILE *out)
{
	struct diff f = { 0 };
	int err = -ENOMEM;

	if (!strcmp(before, after))
		return 0;
	if (split(before, &f.before) || split(after, &f.after))
		goto out;
	f.gone = calloc((size_t)f.before.count + 1, sizeof(*f.gone));
	f.come = calloc((size_t)f.after.count + 1, sizeof(*f.come));
	if (f.gone && f.come)
		err = compare(&f);
	if (!err) {
		print_hunks(&f, name, out);
		err = 1;
	}
out:
	free(f.before.line);
	free(f.after.line);
	free(f.gone);
	free(f.come);
	return err;
}

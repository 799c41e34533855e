/*
 * opt.c - the table, handed to getopt_long(3)
 *
 * getopt_long() finds where options and values are; what they mean and every
 * message is ours.  A long option's value is its index in the table behind
 * LONG_BASE, which no letter reaches.
 */
#include "common/opt.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX   32
#define LONG_BASE   256
#define HELP_COLUMN 28

struct getopt_args {
	char letters[3 * TABLE_MAX + 3];
	struct option longs[TABLE_MAX + 1];
};

static int arg_kind(const struct opt *o)
{
	if (!o->arg)
		return no_argument;
	return o->arg[0] == '[' ? optional_argument : required_argument;
}

/* "+": the first operand ends the options; ":": a missing value is told apart.
 */
static void fill_args(struct getopt_args *args, const struct opt *table)
{
	char *letter = args->letters;
	int i;

	*letter++ = '+';
	*letter++ = ':';
	for (i = 0; table[i].name; i++) {
		assert(i < TABLE_MAX);
		args->longs[i] = (struct option){
			.name = table[i].name,
			.has_arg = arg_kind(&table[i]),
			.val = LONG_BASE + i,
		};
		if (!table[i].letter)
			continue;
		*letter++ = table[i].letter;
		for (int n = arg_kind(&table[i]); n > 0; n--)
			*letter++ = ':';
	}
}

static const struct opt *find_opt(const struct opt *table, int value)
{
	if (value >= LONG_BASE)
		return &table[value - LONG_BASE];
	for (; table->name; table++)
		if (table->letter && table->letter == value)
			return table;
	return NULL;
}

static int complain(const char *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s (see %s --help)\n", program, what, why,
		program);
	return -EINVAL;
}

/* optopt is 0 for a long option that is unknown or ambiguous. */
static int complain_unknown(const char *program, char *const *argv)
{
	char letter[] = { '-', (char)optopt, '\0' };

	return complain(program, optopt ? letter : argv[optind - 1],
			"unknown option");
}

static int complain_about(const char *program, const struct opt *o,
			  const char *value, const char *why)
{
	char what[256];

	snprintf(what, sizeof(what), "--%s%s%s", o->name, value ? " " : "",
		 value ? value : "");
	return complain(program, what, why);
}

static int set_opt(const struct opt *o, void *ctx, const char *program,
		   const char *value)
{
	const char *why = NULL;
	int r = o->set(ctx, value, &why);

	if (r < 0)
		return complain_about(program, o, value,
				      why ? why : strerror(-r));
	return 0;
}

int opt_parse(const struct opt *table, void *ctx, const char *program, int argc,
	      char *argv[])
{
	struct getopt_args args = { .letters = "" };
	int c, r = 0;

	fill_args(&args, table);
	opterr = 0;
	optind = 0; /* glibc: start afresh, also inside a group of letters */
	while (r == 0) {
		const struct opt *o;

		c = getopt_long(argc, argv, args.letters, args.longs, NULL);
		if (c == -1)
			return optind;
		o = find_opt(table, c == '?' || c == ':' ? optopt : c);
		if (!o)
			r = complain_unknown(program, argv);
		else if (c == ':')
			r = complain_about(program, o, NULL, "needs a value");
		else if (c == '?')
			r = complain_about(program, o, NULL, "takes no value");
		else
			r = set_opt(o, ctx, program, optarg);
	}
	return r;
}

/* What stands before the help text; returns its width. */
static int print_names(const struct opt *o, FILE *out)
{
	int width;

	if (o->letter)
		width = fprintf(out, "  -%c, --%s", o->letter, o->name);
	else
		width = fprintf(out, "      --%s", o->name);
	if (!o->arg)
		return width;
	if (o->arg[0] == '[')
		return width + fprintf(out, "[=%s", o->arg + 1);
	return width + fprintf(out, " %s", o->arg);
}

void opt_help(const struct opt *table, const char *usage, FILE *out)
{
	fprintf(out, "usage: %s\n\n", usage);
	for (; table->name; table++) {
		int width;

		if (!table->help)
			continue;
		width = print_names(table, out);
		if (width >= HELP_COLUMN) {
			fputc('\n', out);
			width = 0;
		}
		fprintf(out, "%*s%s\n", HELP_COLUMN - width, "", table->help);
	}
}

int opt_u64(const char *text, unsigned long long min, unsigned long long max,
	    unsigned long long *out)
{
	unsigned long long value;

	/* strtoull() would also take blanks, a sign and an empty string. */
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno == ERANGE || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

/*
 * opt.h - a table of options, used by the parser and by --help alike
 *
 * GNU style: -c FILE, --config FILE, --config=FILE, -- ends the options.
 */
#ifndef COMMON_OPT_H
#define COMMON_OPT_H

#include <stdio.h>

struct opt {
	const char *name; /* long name without dashes; NULL ends the table */
	char letter;	  /* 0: no short form */
	/*
	 * Placeholder in --help; NULL: takes no argument; "[NAME]": may have
	 * one, as --option=VALUE only.
	 */
	const char *arg;
	const char *help; /* one sentence; NULL hides the option */
	/*
	 * Returns 0, or a negative errno after setting *why (static text) to
	 * what is wrong with value; value is NULL when none was given.
	 */
	int (*set)(void *ctx, const char *value, const char **why);
};

/*
 * Setters that have nothing to check, for a type with that member: a bool
 * becomes true, a const char * the value.  The semicolon behind them ends the
 * declaration that they end with.
 */
#define OPT_FLAG(function, type, member)                             \
	int function(void *ctx, const char *value, const char **why) \
	{                                                            \
		(void)value;                                         \
		(void)why;                                           \
		((type *)ctx)->member = true;                        \
		return 0;                                            \
	}                                                            \
	struct opt
#define OPT_TEXT(function, type, member)                             \
	int function(void *ctx, const char *value, const char **why) \
	{                                                            \
		(void)why;                                           \
		((type *)ctx)->member = value;                       \
		return 0;                                            \
	}                                                            \
	struct opt

/*
 * Parses argv; what is wrong goes to standard error as
 * "PROGRAM: --name VALUE: reason" with a pointer to --help.
 * Returns the index of the first operand, where it stops looking for options,
 * or -EINVAL.
 */
int opt_parse(const struct opt *table, void *ctx, const char *program, int argc,
	      char *argv[]);

/* usage is the line behind "usage: ". */
void opt_help(const struct opt *table, const char *usage, FILE *out);

/*
 * Whole-string number in min..max, decimal.  0, -EINVAL (not a number) or
 * -ERANGE.
 */
int opt_u64(const char *text, unsigned long long min, unsigned long long max,
	    unsigned long long *out);

#endif /* COMMON_OPT_H */

#include "common/opt.h"

#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/redirect.h>

struct seen {
	char config[64];
	char watch[64];
	int calls;
	int quiet;
};

static int set_config(void *ctx, const char *value, const char **why)
{
	struct seen *seen = ctx;

	if (value[0] == '\0') {
		*why = "is empty";
		return -EINVAL;
	}
	snprintf(seen->config, sizeof(seen->config), "%s", value);
	seen->calls++;
	return 0;
}

static int set_watch(void *ctx, const char *value, const char **why)
{
	struct seen *seen = ctx;

	(void)why;
	snprintf(seen->watch, sizeof(seen->watch), "%s",
		 value ? value : "none");
	return 0;
}

static int set_quiet(void *ctx, const char *value, const char **why)
{
	struct seen *seen = ctx;

	(void)why;
	cr_assert_null(value);
	seen->quiet++;
	return 0;
}

static int set_refuse(void *ctx, const char *value, const char **why)
{
	(void)ctx;
	(void)value;
	(void)why;
	return -ENOTSUP;
}

static const struct opt table[] = {
	{ "config", 'c', "FILE", "Read FILE.", set_config },
	{ "quiet", 'q', NULL, "Say less.", set_quiet },
	{ "watch", 'w', "[SECONDS]", "Go on.", set_watch },
	{ "a-rather-long-option-name", 0, "VALUE", "Long.", set_config },
	{ "hidden", 0, NULL, NULL, set_refuse },
	{ NULL, 0, NULL, NULL, NULL },
};

static int parse(struct seen *seen, const char *const *words)
{
	char copies[16][64], *argv[17];
	int argc = 0;

	for (; words[argc]; argc++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	memset(seen, 0, sizeof(*seen));
	return opt_parse(table, seen, "prog", argc, argv);
}

#define PARSE(seen, ...) \
	parse(seen, (const char *const[]){ "prog", __VA_ARGS__, NULL })

static void assert_complaint(const char *text)
{
	fflush(stderr);
	cr_assert_stderr_eq_str(text);
}

Test(opt, no_option_leaves_the_first_operand)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, NULL), 1);
	cr_assert_eq(PARSE(&seen, "status"), 1);
	cr_assert_eq(seen.calls, 0);
}

Test(opt, all_spellings_of_a_value_are_one)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, "-c", "x", "op"), 3);
	cr_assert_str_eq(seen.config, "x");
	cr_assert_eq(PARSE(&seen, "-cx", "op"), 2);
	cr_assert_str_eq(seen.config, "x");
	cr_assert_eq(PARSE(&seen, "--config", "x", "op"), 3);
	cr_assert_str_eq(seen.config, "x");
	cr_assert_eq(PARSE(&seen, "--config=x", "op"), 2);
	cr_assert_str_eq(seen.config, "x");
}

Test(opt, letters_may_be_grouped)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, "-qqcx"), 2);
	cr_assert_eq(seen.quiet, 2);
	cr_assert_str_eq(seen.config, "x");
}

Test(opt, optional_value_is_taken_only_when_attached)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, "--watch", "5"), 2);
	cr_assert_str_eq(seen.watch, "none");
	cr_assert_eq(PARSE(&seen, "--watch=5"), 2);
	cr_assert_str_eq(seen.watch, "5");
	cr_assert_eq(PARSE(&seen, "-w5"), 2);
	cr_assert_str_eq(seen.watch, "5");
}

Test(opt, first_operand_ends_the_options)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, "-q", "status", "-q", "--bogus"), 2);
	cr_assert_eq(seen.quiet, 1);
}

Test(opt, two_dashes_end_the_options)
{
	struct seen seen;

	cr_assert_eq(PARSE(&seen, "-q", "--", "-q"), 3);
	cr_assert_eq(seen.quiet, 1);
}

Test(opt, parser_can_be_used_again_after_an_error)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "-zq"), -EINVAL);
	cr_assert_eq(PARSE(&seen, "-q", "op"), 2);
	cr_assert_eq(seen.quiet, 1);
}

Test(opt, unknown_long_option_is_named)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "--bogus=1"), -EINVAL);
	assert_complaint("prog: --bogus=1: unknown option "
			 "(see prog --help)\n");
}

Test(opt, unknown_letter_is_named)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "-qz"), -EINVAL);
	assert_complaint("prog: -z: unknown option (see prog --help)\n");
}

Test(opt, missing_value_is_an_error)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "--config"), -EINVAL);
	assert_complaint("prog: --config: needs a value (see prog --help)\n");
}

Test(opt, missing_value_of_a_letter_is_an_error)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "-c"), -EINVAL);
	assert_complaint("prog: --config: needs a value (see prog --help)\n");
}

Test(opt, value_for_an_option_without_is_an_error)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "--quiet=yes"), -EINVAL);
	assert_complaint("prog: --quiet: takes no value (see prog --help)\n");
	cr_assert_eq(seen.quiet, 0);
}

Test(opt, refused_value_is_named_with_the_reason)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "-c", ""), -EINVAL);
	assert_complaint("prog: --config : is empty (see prog --help)\n");
}

Test(opt, refusal_without_reason_tells_the_error)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "--hidden"), -EINVAL);
	assert_complaint("prog: --hidden: Operation not supported "
			 "(see prog --help)\n");
}

Test(opt, first_error_ends_the_parsing)
{
	struct seen seen;

	cr_redirect_stderr();
	cr_assert_eq(PARSE(&seen, "--bogus", "-q"), -EINVAL);
	cr_assert_eq(seen.quiet, 0);
}

Test(opt, help_lists_what_is_not_hidden)
{
	cr_redirect_stdout();
	opt_help(table, "prog [OPTION]... FILE", stdout);
	fflush(stdout);
	cr_assert_stdout_eq_str("usage: prog [OPTION]... FILE\n"
				"\n"
				"  -c, --config FILE         Read FILE.\n"
				"  -q, --quiet               Say less.\n"
				"  -w, --watch[=SECONDS]     Go on.\n"
				"      --a-rather-long-option-name VALUE\n"
				"                            Long.\n");
}

static int number(const char *text)
{
	unsigned long long n = 77;
	int r = opt_u64(text, 3, 500, &n);

	if (r < 0)
		cr_assert_eq(n, 77);
	return r < 0 ? r : (int)n;
}

Test(opt, number_within_bounds_is_taken)
{
	cr_assert_eq(number("3"), 3);
	cr_assert_eq(number("500"), 500);
	cr_assert_eq(number("0042"), 42);
}

Test(opt, number_out_of_bounds_is_a_range_error)
{
	cr_assert_eq(number("2"), -ERANGE);
	cr_assert_eq(number("501"), -ERANGE);
	cr_assert_eq(number("18446744073709551616"), -ERANGE);
	cr_assert_eq(number("99999999999999999999999999"), -ERANGE);
}

Test(opt, largest_number_is_taken)
{
	unsigned long long n;

	cr_assert_eq(opt_u64("18446744073709551615", 0, -1ull, &n), 0);
	cr_assert_eq(n, -1ull);
}

Test(opt, what_is_no_number_is_refused)
{
	static const char *const bad[] = { "",	 " 4",	"4 ", "+4", "-4",
					   "4k", "0x4", "4.", "4\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(number(bad[i]), -EINVAL, "\"%s\"", bad[i]);
}

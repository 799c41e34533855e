/*
 * main.c - onerngctl, what the operator types: table of contents
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/opt.h"
#include "ctl/capture.h"
#include "ctl/client.h"
#include "ctl/set.h"
#include "ctl/table.h"

#define PROGRAM	      "onerngctl"
#define SOCKET	      "/run/onerng/control.sock"
#define EXIT_USAGE    2
#define WATCH_DEFAULT 2
#define WATCH_MAX     86400
#define CLEAR_SCREEN  "\033[H\033[2J\033[3J"

struct options {
	const char *socket;
	unsigned int watch_s; /* 0: once */
	bool json, help, version;
	const char *operand; /* what a command is about */
	const char *before;  /* an operand before that */
	unsigned long long raw;
	struct set set;
};

static int set_socket(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	(void)why;
	o->socket = value;
	return 0;
}

static int set_json(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	(void)value;
	(void)why;
	o->json = true;
	return 0;
}

static int set_watch(void *ctx, const char *value, const char **why)
{
	unsigned long long s = WATCH_DEFAULT;
	struct options *o = ctx;

	*why = "not a number of seconds from 1 to 86400";
	if (value && opt_u64(value, 1, WATCH_MAX, &s) < 0)
		return -EINVAL;
	o->watch_s = (unsigned int)s;
	return 0;
}

static int set_raw(void *ctx, const char *value, const char **why)
{
	*why = "not a number of bytes from 1 to 67108864";
	return opt_u64(value, 1, CAPTURE_BYTES_MAX,
		       &((struct options *)ctx)->raw);
}

static int set_help(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	(void)value;
	(void)why;
	o->help = true;
	return 0;
}

static int set_version(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	(void)value;
	(void)why;
	o->version = true;
	return 0;
}

#define SETTER(name)                                                          \
	static int set_##name(void *ctx, const char *value, const char **why) \
	{                                                                     \
		return set_take_##name(&((struct options *)ctx)->set, value,  \
				       why);                                  \
	}
SETTER(class)
SETTER(absent)
SETTER(rate)
SETTER(burst)
SETTER(weight)

#define OPT_JSON                                                              \
	{                                                                     \
		"json", 0, NULL, "print the agent's answer as JSON", set_json \
	}
#define OPT_HELP                                                        \
	{                                                               \
		"help", 'h', NULL, "print this help and exit", set_help \
	}

static const struct opt global_options[] = {
	{ "socket", 's', "SOCKET", "the agent's control socket (" SOCKET ")",
	  set_socket },
	OPT_JSON,
	{ "version", 'V', NULL, "print the version and exit", set_version },
	OPT_HELP,
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct opt status_options[] = {
	{ "watch", 0, "[SECONDS]", "show it again every 2 or SECONDS seconds",
	  set_watch },
	OPT_JSON,
	OPT_HELP,
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct opt domain_options[] = {
	OPT_JSON,
	OPT_HELP,
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct opt set_options[] = {
	{ "class", 0, "CLASS", "serve it as raw, drbg or seed", set_class },
	{ "when-absent", 0, "POLICY",
	  "while no device serves: hold, kernel or refuse", set_absent },
	{ "rate", 0, "BYTES", "limit it to BYTES a second, 0: no limit",
	  set_rate },
	{ "burst", 0, "BYTES", "let it take BYTES at once above its rate",
	  set_burst },
	{ "weight", 0, "N", "its share when there is not enough for all",
	  set_weight },
	OPT_JSON,
	OPT_HELP,
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct opt capture_options[] = {
	{ "raw", 0, "BYTES", "so many raw samples of a byte each", set_raw },
	OPT_JSON,
	OPT_HELP,
	{ NULL, 0, NULL, NULL, NULL },
};

static int print_json(const json_t *result)
{
	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
	return fflush(stdout) ? -EIO : 0;
}

/* Asks and prints once.  An exit status. */
static int ask(const struct options *o, const json_t *request,
	       void (*table)(const json_t *, FILE *))
{
	char why[CLIENT_WHY_MAX];
	json_t *result;
	int r = client_request(o->socket, request, &result, why);

	if (r < 0) {
		fprintf(stderr, PROGRAM ": %s\n", why);
		return EXIT_FAILURE;
	}
	if (o->watch_s && !o->json)
		fputs(CLEAR_SCREEN, stdout);
	if (o->json)
		r = print_json(result);
	else
		table(result, stdout);
	json_decref(result);
	if (r == 0 && fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, PROGRAM ": standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int show(const struct options *o, const char *cmd,
		void (*table)(const json_t *, FILE *))
{
	json_t *request = json_pack("{s:s}", "cmd", cmd);
	int r = ask(o, request, table);

	json_decref(request);
	return r;
}

static int run_domain_set(const struct options *o)
{
	json_t *request = set_request(&o->set, o->operand);
	int r = EXIT_FAILURE;

	if (request)
		r = ask(o, request, set_print);
	else
		fprintf(stderr, PROGRAM ": %s: not a name\n", o->operand);
	json_decref(request);
	return r;
}

static int run_status(const struct options *o)
{
	struct timespec pause = { .tv_sec = o->watch_s };
	int r;

	do {
		r = show(o, "status", table_status);
	} while (r == EXIT_SUCCESS && o->watch_s &&
		 nanosleep(&pause, NULL) == 0);
	return r;
}

static int run_domain_list(const struct options *o)
{
	return show(o, "domain-list", table_domains);
}

static int run_capture(const struct options *o)
{
	const struct capture capture = {
		.program = PROGRAM,
		.socket = o->socket,
		.device = o->before,
		.file = o->operand,
		.bytes = o->raw,
		.json = o->json,
	};

	if (o->raw)
		return capture_run(&capture);
	fprintf(stderr, PROGRAM " capture: how many? --raw BYTES\n");
	return EXIT_USAGE;
}

static const struct command {
	const char *words[2]; /* the second may be NULL */
	const struct opt *options;
	const char *usage, *help;
	int (*run)(const struct options *o);
	const char *operand; /* what it is about; NULL: it takes none */
	bool before;	     /* another may stand before it */
} commands[] = {
	{ { "status", NULL },
	  status_options,
	  PROGRAM " status [--watch[=SECONDS]] [--json]",
	  "devices, health, pool and consumers",
	  run_status,
	  NULL,
	  false },
	{ { "domain", "list" },
	  domain_options,
	  PROGRAM " domain list [--json]",
	  "the domains the agent publishes to, and their sockets",
	  run_domain_list,
	  NULL,
	  false },
	{ { "domain", "set" },
	  set_options,
	  PROGRAM " domain set NAME [OPTIONS]",
	  "how a domain (name or UUID) or \"host\" is served, until a reload",
	  run_domain_set,
	  "NAME",
	  false },
	{ { "capture", NULL },
	  capture_options,
	  PROGRAM " capture [DEVICE] --raw BYTES FILE",
	  "raw samples into a new file, for an assessment (root)",
	  run_capture,
	  "FILE",
	  true },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	size_t i;

	opt_help(global_options,
		 PROGRAM " [-hV] [-s SOCKET] [--json] COMMAND [OPTIONS]",
		 stdout);
	puts("\ncommands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %s %-19s %s\n", commands[i].words[0],
		       commands[i].words[1] ? commands[i].words[1] : "",
		       commands[i].help);
}

/* The number of words that name c in argv, 0 if it is another command. */
static int match(const struct command *c, int argc, char *argv[])
{
	if (argc < 1 || strcmp(argv[0], c->words[0]))
		return 0;
	if (!c->words[1])
		return 1;
	return argc > 1 && !strcmp(argv[1], c->words[1]) ? 2 : 0;
}

/*
 * Operand and options in any order; argv[0] stands where the parser expects a
 * program's name.  0 or -EINVAL, said.
 */
static int parse(const struct command *c, const char *program, int argc,
		 char *argv[], struct options *o)
{
	int r = opt_parse(c->options, o, program, argc, argv);
	int left = !c->operand ? 0 : c->before ? 2 : 1;

	for (; left && r >= 0 && r < argc; left--) {
		o->before = o->operand;
		o->operand = argv[r];
		argc -= r;
		argv += r;
		r = opt_parse(c->options, o, program, argc, argv);
	}
	if (r < 0)
		return r;
	if (r < argc) {
		fprintf(stderr, "%s: %s: takes no %soperand; try --help\n",
			program, argv[r], c->operand ? "further " : "");
		return -EINVAL;
	}
	if (c->operand && !o->operand && !o->help) {
		fprintf(stderr, "%s: which %s? try --help\n", program,
			c->operand);
		return -EINVAL;
	}
	return 0;
}

/* argv starts at the command's first word. */
static int run_command(const struct command *c, int words, int argc,
		       char *argv[], struct options *o)
{
	char program[64];

	snprintf(program, sizeof(program), PROGRAM " %s%s%s", c->words[0],
		 words > 1 ? " " : "", words > 1 ? c->words[1] : "");
	/* the last word stands where the parser expects a program's name */
	if (parse(c, program, argc - (words - 1), argv + (words - 1), o) < 0)
		return EXIT_USAGE;
	if (o->help) {
		opt_help(c->options, c->usage, stdout);
		return EXIT_SUCCESS;
	}
	return c->run(o);
}

int main(int argc, char *argv[])
{
	struct options o = { .socket = SOCKET };
	size_t i;
	int r, words;

	r = opt_parse(global_options, &o, PROGRAM, argc, argv);
	if (r < 0)
		return EXIT_USAGE;
	if (o.help) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (o.version) {
		puts(PROGRAM " " ONERNG_VERSION);
		return EXIT_SUCCESS;
	}
	argc -= r;
	argv += r;
	for (i = 0; i < COMMANDS; i++) {
		words = match(&commands[i], argc, argv);
		if (words)
			return run_command(&commands[i], words, argc, argv, &o);
	}
	if (argc)
		fprintf(stderr, PROGRAM ": %s: unknown command; try --help\n",
			argv[0]);
	else
		fprintf(stderr, PROGRAM ": which command? try --help\n");
	return EXIT_USAGE;
}

#include "ctl/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"

OPT_FLAG(command_set_json, struct command_call, json);
OPT_TEXT(command_set_uri, struct command_call, uri);
OPT_FLAG(command_set_help, struct command_call, help);

/* Operands and options in any order; the operands are moved to the front. */
static int parse_many(const struct command *c, struct command_call *call,
		      int argc, char *argv[])
{
	char **front = argv;
	int r;

	call->operands = argv;
	while ((r = opt_parse(c->options, call, call->program, argc, argv)) >
	       0) {
		if (r >= argc)
			return 0;
		argc -= r;
		argv += r;
		front[call->operand_count++] = argv[0];
	}
	return r;
}

/*
 * Operand and options in any order; argv[0] stands where the parser expects a
 * program's name.  0 or -EINVAL, said.
 */
static int parse(const struct command *c, struct command_call *call, int argc,
		 char *argv[])
{
	int r = opt_parse(c->options, call, call->program, argc, argv);

	if (r >= 0 && r < argc && c->operand) {
		call->operand = argv[r];
		argc -= r;
		argv += r;
		r = opt_parse(c->options, call, call->program, argc, argv);
	}
	if (r < 0)
		return r;
	if (r < argc) {
		fprintf(stderr, "%s: %s: takes no %soperand; try --help\n",
			call->program, argv[r], c->operand ? "second " : "");
		return -EINVAL;
	}
	if (c->operand && *c->operand != '[' && !call->operand && !call->help) {
		fprintf(stderr, "%s: which %s? try --help\n", call->program,
			c->operand);
		return -EINVAL;
	}
	return 0;
}

/* An exit status. */
static int run(const struct command *c, struct command_call *call)
{
	int r;

	if (!c->answers || !call->json)
		return c->run(call);
	if (answer_begin(call) < 0)
		return command_complain(call, NULL, strerror(ENOMEM));
	r = c->run(call);
	answer_end(call);
	return r ? r : command_flush(call);
}

int command_run(const struct command *c, const struct command_call *base,
		int argc, char *argv[])
{
	struct command_call *call = calloc(1, c->call_size);
	char program[64];
	int r = EXIT_SUCCESS, p;

	if (!call)
		return command_complain(base, NULL, strerror(ENOMEM));
	*call = *base;
	call->program = program;
	snprintf(program, sizeof(program), PROGRAM " %s%s%s", c->words[0],
		 c->words[1] ? " " : "", c->words[1] ? c->words[1] : "");
	if (c->operand && strstr(c->operand, "..."))
		p = parse_many(c, call, argc, argv);
	else
		p = parse(c, call, argc, argv);
	if (p < 0)
		r = EXIT_USAGE;
	else if (call->help)
		opt_help(c->options, c->usage, stdout);
	else
		r = run(c, call);
	free(call);
	return r;
}

int command_complain(const struct command_call *call, const char *what,
		     const char *why)
{
	fprintf(stderr, "%s: %s%s%s\n", call->program, what ? what : "",
		what ? ": " : "", why);
	return EXIT_FAILURE;
}

void command_warn(const struct command_call *call, const char *what,
		  const char *why)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s", what ? what : "", what ? ": " : "", why) <
	    0)
		return;
	fprintf(stderr, "%s: warning: %s\n", call->program, text);
	answer_warning(call, text);
	free(text);
}

json_t *command_request(const struct command_call *call, const json_t *request)
{
	char why[CLIENT_WHY_MAX];
	json_t *result = NULL;

	if (!request)
		command_complain(call, NULL, strerror(ENOMEM));
	else if (client_request(call->socket, request, &result, why) < 0)
		command_complain(call, NULL, why);
	return result;
}

int command_ask(const struct command_call *call, const json_t *request,
		void (*print)(const json_t *result, FILE *out))
{
	json_t *result = command_request(call, request);

	if (!result)
		return EXIT_FAILURE;
	if (call->json)
		command_print_json(result);
	else
		print(result, stdout);
	json_decref(result);
	return command_flush(call);
}

void command_print_json(const json_t *result)
{
	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
}

int command_flush(const struct command_call *call)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	return command_complain(call, "standard output", strerror(errno));
}

/*
 * main.c - onerngctl, what the operator types: table of contents
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/standard.h"
#include "ctl/command.h"

#define SOCKET "/run/onerng/control.sock"

static const struct command *const commands[] = {
	&command_status,	   &command_domain_list,
	&command_domain_show,	   &command_domain_check,
	&command_domain_attach,	   &command_domain_detach,
	&command_domain_set,	   &command_domain_watch,
	&command_container_list,   &command_container_show,
	&command_container_check,  &command_container_attach,
	&command_container_detach, &command_container_set,
	&command_container_hook,   &command_container_refresh,
	&command_device_release,   &command_device_claim,
	&command_selftest,	   &command_capture,
	&command_firmware_import,  &command_firmware_verify,
	&command_firmware_dump,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct options {
	struct command_call call;
	bool version;
};

static OPT_TEXT(set_socket, struct options, call.socket);
static OPT_FLAG(set_version, struct options, version);

static const struct opt global_options[] = {
	{ "socket", 's', "SOCKET", "the agent's control socket (" SOCKET ")",
	  set_socket },
	COMMAND_OPT_JSON,
	{ "version", 'V', NULL, "print the version and exit", set_version },
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* Those whose first word is group; NULL: all. */
static void print_commands(const char *group)
{
	char words[32];
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		if (group && strcmp(commands[i]->words[0], group))
			continue;
		snprintf(words, sizeof(words), "%s %s", commands[i]->words[0],
			 commands[i]->words[1] ? commands[i]->words[1] : "");
		printf("  %-21s %s\n", words, commands[i]->help);
	}
}

static void print_help(void)
{
	opt_help(global_options,
		 PROGRAM " [-hV] [-s SOCKET] [--json] COMMAND [OPTIONS]",
		 stdout);
	puts("\ncommands:");
	print_commands(NULL);
}

/* The first word of commands that have two. */
static bool is_group(const char *word)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (commands[i]->words[1] &&
		    !strcmp(commands[i]->words[0], word))
			return true;
	return false;
}

static int run_group(const char *group, const char *word)
{
	if (word && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
		printf("usage: " PROGRAM " %s COMMAND [OPTIONS]\n\n"
		       "commands:\n",
		       group);
		print_commands(group);
		return EXIT_SUCCESS;
	}
	if (word)
		fprintf(stderr, PROGRAM ": %s %s: unknown command;", group,
			word);
	else
		fprintf(stderr, PROGRAM ": %s: which of its commands?", group);
	fprintf(stderr, " try " PROGRAM " %s --help\n", group);
	return EXIT_USAGE;
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

static int run(const struct command_call *base, int argc, char *argv[])
{
	size_t i;
	int words;

	for (i = 0; i < COMMANDS; i++) {
		words = match(commands[i], argc, argv);
		if (words)
			return command_run(commands[i], base,
					   argc - (words - 1),
					   argv + (words - 1));
	}
	if (argc && is_group(argv[0]))
		return run_group(argv[0], argv[1]);
	if (argc)
		fprintf(stderr, PROGRAM ": %s: unknown command; try --help\n",
			argv[0]);
	else
		fprintf(stderr, PROGRAM ": which command? try --help\n");
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	struct options o = { .call = { .program = PROGRAM, .socket = SOCKET } };
	int r;

	/* what works in a container closes them */
	standard_hold();
	r = opt_parse(global_options, &o, PROGRAM, argc, argv);
	if (r < 0)
		return EXIT_USAGE;
	if (o.call.help) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (o.version) {
		puts(PROGRAM " " ONERNG_VERSION);
		return EXIT_SUCCESS;
	}
	log_init(PROGRAM, LOG_LEVEL_INFO);
	return run(&o.call, argc - r, argv + r);
}

/*
 * command.h - a command of onerngctl: its words, its options, what it does
 *
 * Each cmd_*.c holds a few.  A command's options are a struct of its own that
 * starts with a struct command_call; main allocates it, zeroed.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "common/opt.h"

#define PROGRAM "onerngctl"

enum {
	EXIT_USAGE = 2,
};

/* What every command is given. */
struct command_call {
	const char *program; /* with the command's words, for messages */
	const char *socket;  /* the agent's */
	const char *operand; /* NULL: none was given */
	const char
		*uri; /* libvirt's, where it is asked; NULL: its own choice */
	char *const *operands; /* all, of a command that takes many */
	int operand_count;
	bool json, help;
	json_t *answer; /* answer.h; NULL: lines, for people */
};

struct command {
	const char *words[2];	   /* the second may be NULL */
	const struct opt *options; /* of a struct of call_size bytes */
	const char *usage, *help;
	size_t call_size;
	int (*run)(void *call); /* an exit status, the reason said */
	bool answers;		/* says what it did: answer.h */
	/* its name; [NAME] if optional, [NAME...] if many; NULL: none */
	const char *operand;
};

extern const struct command command_status;
extern const struct command command_domain_list, command_domain_set;
extern const struct command command_domain_attach, command_domain_detach,
	command_domain_show, command_domain_check, command_domain_watch;
extern const struct command command_container_attach, command_container_detach,
	command_container_list, command_container_show, command_container_check,
	command_container_set, command_container_hook,
	command_container_refresh;
extern const struct command command_firmware_import, command_firmware_verify,
	command_firmware_dump;
extern const struct command command_selftest;
extern const struct command command_capture;
extern const struct command command_device_release, command_device_claim;

/* Rows of a command's table of options. */
int command_set_json(void *ctx, const char *value, const char **why);
int command_set_help(void *ctx, const char *value, const char **why);
int command_set_uri(void *ctx, const char *value, const char **why);

#define COMMAND_OPT_JSON                                                      \
	{                                                                     \
		"json", 0, NULL, "print the answer as JSON", command_set_json \
	}
#define COMMAND_OPT_HELP                                       \
	{                                                      \
		"help", 'h', NULL, "print this help and exit", \
			command_set_help                       \
	}
#define COMMAND_OPT_CONNECT                                          \
	{                                                            \
		"connect", 0, "URI", "libvirt's, as virsh takes it", \
			command_set_uri                              \
	}
#define COMMAND_OPT_DRY_RUN(setter)                                        \
	{                                                                  \
		"dry-run", 0, NULL, "change nothing, print a diff", setter \
	}
#define COMMAND_OPT_NO_REGISTER(setter)                                 \
	{                                                               \
		"no-register", 0, NULL, "do not tell the agent", setter \
	}
#define COMMAND_OPT_END                   \
	{                                 \
		NULL, 0, NULL, NULL, NULL \
	}

/*
 * Parses and runs; argv starts at the last of its words.  base is what the
 * options before the command said.  An exit status.
 */
int command_run(const struct command *c, const struct command_call *base,
		int argc, char *argv[]);

/* "PROGRAM: WHAT: WHY" on standard error; what may be NULL.  EXIT_FAILURE. */
int command_complain(const struct command_call *call, const char *what,
		     const char *why);

/* The same of what does not keep it from being done: "PROGRAM: warning: ...". */
void command_warn(const struct command_call *call, const char *what,
		  const char *why);

/* Asks the agent.  NULL, and said, or a new reference. */
json_t *command_request(const struct command_call *call, const json_t *request);

/* Asks and prints, by print for people.  An exit status. */
int command_ask(const struct command_call *call, const json_t *request,
		void (*print)(const json_t *result, FILE *out));

void command_print_json(const json_t *result);

/* EXIT_SUCCESS if all that was printed got out; else said. */
int command_flush(const struct command_call *call);

#endif /* CTL_COMMAND_H */

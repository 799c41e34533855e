/*
 * answer.h - what a command that changes something says that it did: lines for
 * people, or with --json one object, whatever becomes of it
 *
 * The object has "changed", "files" and "warnings", and what the command adds.
 * What failed is on standard error and in the exit status in both cases.
 */
#ifndef CTL_ANSWER_H
#define CTL_ANSWER_H

#include <stdbool.h>

#include <jansson.h>

#include "ctl/command.h"

/* By command_run(), of a command that answers so.  0 or -ENOMEM. */
int answer_begin(struct command_call *call);
void answer_end(struct command_call *call);

/* A line for people, of what the object says by a member. */
void answer_line(const struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same of what it has no member for: one of its warnings. */
void answer_note(const struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A string of what need not be UTF-8, as paths and configurations: what is not
 * is replaced.  NULL: no memory.
 */
json_t *answer_text(const char *text);

/* A member; takes the value.  Nothing happens without --json, as in the rest. */
void answer_set(const struct command_call *call, const char *key,
		json_t *value);

/* Something is another way than it was. */
void answer_changed(const struct command_call *call);

/* The same: this file was written or removed. */
void answer_file(const struct command_call *call, const char *path);

/* All of that was taken back. */
void answer_undone(const struct command_call *call);

/* Nothing is done: a diff of what would be.  0 or -ENOMEM. */
int answer_diff(const struct command_call *call, const char *name,
		const char *before, const char *after);

/*
 * What register_domain() and its like returned; file is the drop-in.  Says that
 * the agent was told, and which drop-ins of others it finds wrong.
 */
void answer_agent(const struct command_call *call, const char *subject,
		  int told, const char *file);

/* The rest of command_warn(). */
void answer_warning(const struct command_call *call, const char *text);

#endif /* CTL_ANSWER_H */

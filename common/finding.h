/*
 * finding.h - what a linter found: what, why it matters, what mends it
 */
#ifndef COMMON_FINDING_H
#define COMMON_FINDING_H

#include <stdarg.h>
#include <stddef.h>

#include <jansson.h>

#define FINDINGS_MAX 64 /* of one thing; more are not looked for */

enum finding_severity {
	FINDING_NOTE,	 /* good to know */
	FINDING_WARNING, /* will hurt one day */
	FINDING_ERROR,	 /* does not work, or can take the consumer down */
};

struct finding_rule {
	const char *code; /* a word for scripts, such as "egd-no-reconnect" */
	enum finding_severity severity;
	const char *why;
	/* that mends it; each %s in it stands for what was checked */
	const char *command;
};

struct finding {
	const char *code;
	enum finding_severity severity;
	unsigned int line; /* 0: about no line */
	const char *in;	   /* which of two it is about; NULL: there is one */
	char *what;
	const char *why;
	char *command;
};

/* All zero: none. */
struct findings {
	struct finding finding[FINDINGS_MAX];
	size_t count;
	int err; /* -ENOMEM: some are missing */
};

/* ref stands for each %s in the rule's command; line 0: about none. */
void finding_add(struct findings *f, const struct finding_rule *rule,
		 const char *ref, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void finding_vadd(struct findings *f, const struct finding_rule *rule,
		  const char *ref, unsigned int line, const char *format,
		  va_list ap) __attribute__((format(printf, 5, 0)));

/*
 * Of the same thing seen from two sides: those of other, which is empty then,
 * go to f, but for those that f has already.  What is in both is about both.
 */
void findings_join(struct findings *f, struct findings *other, const char *in,
		   const char *in_other, const char *in_both);

void findings_clear(struct findings *f);

/* "note", "warning", "error". */
const char *finding_severity_name(enum finding_severity severity);

/*
 * A list of {"code","severity","line" (or null),"what","why","command"}, with
 * "in" where there are two sides; a new reference, NULL when out of memory.
 */
json_t *findings_json(const struct findings *f);

#endif /* COMMON_FINDING_H */

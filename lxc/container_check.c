#include "lxc/container_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lxc/container_checking.h"

void container_finding(struct container_checking *k,
		       const struct finding_rule *rule, unsigned int line,
		       const char *format, ...)
{
	bool edit = !strcmp(rule->command, CHECK_EDIT);
	va_list ap;

	va_start(ap, format);
	finding_vadd(k->f, rule, edit ? k->config : k->name, line, format, ap);
	va_end(ap);
}

/* As one word of a shell's; commands are for copying. */
static void quote(char out[static CONTAINER_REF_MAX], const char *s)
{
	size_t n = 0;

	if (*s && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			    "wxyz0123456789_./-") == strlen(s)) {
		snprintf(out, CONTAINER_REF_MAX, "%s", s);
		return;
	}
	out[n++] = '\'';
	for (; *s && n < CONTAINER_REF_MAX - 6; s++) {
		if (*s == '\'') {
			memcpy(out + n, "'\\'", 3);
			n += 3;
		}
		out[n++] = *s;
	}
	out[n++] = '\'';
	out[n] = '\0';
}

void container_check(const struct container_known *c, struct findings *f)
{
	struct container_checking k = { .c = c, .f = f };

	quote(k.name, c->name);
	quote(k.config, c->config);
	container_check_state(&k);
	container_check_lines(&k);
}

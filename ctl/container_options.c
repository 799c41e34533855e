/* The options of attach that say what a container gets. */
#include <errno.h>
#include <string.h>

#include "ctl/container_plan.h"

/* Kept to be put over what the container has; a bad value is refused now. */
static int take(void *ctx, const char *name, const char *value,
		const char **why)
{
	struct plan_call *call = ctx;
	struct container_snippet scratch;

	container_snippet_init(&scratch);
	if (container_snippet_set(&scratch, name, value, why) < 0)
		return -EINVAL;
	*why = "too many options";
	if (call->options == PLAN_OPTIONS_MAX)
		return -EINVAL;
	call->option[call->options++] = (struct plan_option){ name, value };
	return 0;
}

#define TAKER(word)                                                         \
	int plan_set_##word(void *ctx, const char *value, const char **why) \
	{                                                                   \
		return take(ctx, #word, value ? value : "yes", why);        \
	}
TAKER(device)
TAKER(name)
TAKER(owner)
TAKER(group)
TAKER(mode)
TAKER(socket)
TAKER(require)

void plan_overlay(struct container_snippet *s, const struct plan_call *call)
{
	const struct plan_option *o;
	const char *why;
	bool named = false;

	for (size_t i = 0; i < call->options; i++) {
		o = &call->option[i];
		if (!strcmp(o->name, "name") && !named)
			s->names = 0;
		named |= !strcmp(o->name, "name");
		/* it was checked as it was given */
		container_snippet_set(s, o->name, o->value, &why);
	}
	if (!s->names)
		container_snippet_set(s, "name", "onerng", &why);
}

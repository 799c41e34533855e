/*
 * container_hook.h - a hook of LXC for those who manage configurations by hand
 */
#ifndef LXC_CONTAINER_HOOK_H
#define LXC_CONTAINER_HOOK_H

#include <stdio.h>

#include "lxc/container_conf.h"
#include "lxc/container_snippet.h"

struct container_hook {
	const struct container_snippet *snippet;
	const struct container_sum *sum;
	const char *dir;  /* where the script is to be */
	const char *keys; /* of the section for the host agent */
};

/* POSIX sh, with the lines that call it in a comment at its top. */
void container_hook_print(const struct container_hook *h, FILE *out);

#endif /* LXC_CONTAINER_HOOK_H */

#include "lxc/container_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct container_facts f;

static int parse(const char *text)
{
	return container_facts_parse(text, strlen(text), &f);
}

Test(container_facts, what_the_agent_publishes_is_read)
{
	cr_assert_eq(parse("version=1\ndevice=virtual\nnode=/dev/pts/7\n"
			   "rdev=136:7\nstate=serving\n"),
		     0);
	cr_expect_str_eq(f.device, "virtual");
	cr_expect_str_eq(f.node, "/dev/pts/7");
	cr_expect_str_eq(f.state, "serving");
	cr_expect(f.has_number && f.major == 136 && f.minor == 7);
}

Test(container_facts, a_device_that_is_not_there_has_no_node)
{
	cr_assert_eq(parse("version=1\ndevice=passthrough\nstate=absent\n"), 0);
	cr_expect_str_eq(f.node, "");
	cr_expect_not(f.has_number);
}

Test(container_facts, unknown_keys_are_left_out)
{
	cr_expect_eq(parse("version=1\nfuture=\ndevice=none\nx=y=z\n"), 0);
	cr_expect_str_eq(f.device, "none");
}

Test(container_facts, what_is_malformed_is_refused)
{
	static const char *const bad[] = {
		"",
		"device=virtual\n",
		"version=2\ndevice=virtual\n",
		"version=1\n",
		"version=1\ndevice=virtual",
		"version=1\ndevice=virtual\nnode\n",
		"version=1\ndevice=virtual\n=x\n",
		"version=1\ndevice=virtual\n\n",
		"version=1\nversion=1\ndevice=virtual\n",
		"version=1\ndevice=virtual\ndevice=virtual\n",
		"version=1\ndevice=\n",
		"version=1\ndevice=virtual\nrdev=136\n",
		"version=1\ndevice=virtual\nrdev=136:7x\n",
		"version=1\ndevice=virtual\nrdev=-1:7\n",
		"version=1\ndevice=virtual\nrdev=136:7\nrdev=136:8\n",
		"version=1\ndevice=a-word-that-is-much-too-long-for-one\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(parse(bad[i]), -EINVAL, "taken: %s", bad[i]);
	cr_expect_eq(container_facts_parse("version=1\ndevice=a\0b\n", 22, &f),
		     -EINVAL);
}

Test(container_facts, it_has_at_most_4096_bytes)
{
	static const char head[] = "version=1\ndevice=plain\n";
	char *text = malloc(CONTAINER_FACTS_MAX + 2);
	size_t i, len = sizeof(head) - 1;

	memset(text, 'k', CONTAINER_FACTS_MAX + 1);
	memcpy(text, head, len);
	for (i = len; i < CONTAINER_FACTS_MAX; i += 100) {
		text[i] = '\n';
		text[i + 2] = '=';
	}
	text[len] = 'k';
	text[CONTAINER_FACTS_MAX - 1] = '\n';
	cr_expect_eq(container_facts_parse(text, CONTAINER_FACTS_MAX, &f), 0);
	text[CONTAINER_FACTS_MAX] = '\n';
	cr_expect_eq(container_facts_parse(text, CONTAINER_FACTS_MAX + 1, &f),
		     -EINVAL);
	free(text);
}

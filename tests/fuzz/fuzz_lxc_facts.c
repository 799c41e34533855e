/*
 * What the host agent publishes of a container: what is taken has to be fit for
 * what root does with it, a path that is looked up and numbers in a rule.
 */
#include "lxc/facts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lxc_facts facts = { .owner = 7 };

	if (lxc_facts_parse(&facts, (const char *)data, size) < 0)
		return 0;
	require(size <= LXC_FACTS_MAX && facts.owner == 7);
	require(lxc_device_name(facts.device) != NULL);
	require(strnlen(facts.node, sizeof(facts.node)) < sizeof(facts.node));
	require(strnlen(facts.state, sizeof(facts.state)) <
		sizeof(facts.state));
	require(!facts.node[0] || facts.node[0] == '/');
	require(!strstr(facts.node, "..") && !strchr(facts.node, '\n'));
	require(facts.major < 10000000 && facts.minor < 10000000);
	return 0;
}

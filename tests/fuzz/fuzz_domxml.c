/*
 * A domain's XML as the hook scans it: what it finds lies within the text, and
 * what it says is one line that the agent can parse.
 */
#include "hooks/domxml.h"
#include "hooks/message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *xml = (const char *)data;
	char text[MESSAGE_MAX];
	struct domxml facts;
	json_t *o;
	int len;

	if (domxml_scan(&facts, xml, size, "/run/onerng") < 0)
		return 0;
	require(facts.usb_count <= DOMXML_USB_MAX);
	if (facts.sockets) {
		require(facts.path_at + facts.path_len <= size);
		require(strlen(facts.path) == facts.path_len);
		require(!memcmp(xml + facts.path_at, facts.path,
				facts.path_len));
	}
	len = message_write(text, "prepare", "fuzz", &facts);
	require(facts.uuid[0] ? len > 0 : len < 0);
	if (len < 0)
		return 0;
	o = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	require(o != NULL);
	json_decref(o);
	return 0;
}

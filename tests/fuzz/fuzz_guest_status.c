/*
 * fuzz_guest_status.c - the status file that onerng-guestd --status reads
 *
 * What was read is written and read again: both texts must be the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-agent/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	char text[STATUS_FILE_MAX], again[STATUS_FILE_MAX];
	struct status st, twin;
	const char *why;

	if (!null)
		null = fopen("/dev/null", "w");
	if (!null || size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (status_parse(&st, text, &why))
		return 0;
	status_stale(&st, 1000);
	status_print(&st, 1000, null);
	if (status_format(&st, again, sizeof(again)) < 0 ||
	    status_parse(&twin, again, &why) ||
	    status_format(&twin, text, sizeof(text)) < 0 ||
	    strcmp(text, again) != 0)
		abort();
	return 0;
}

/*
 * fuzz_rawmsg.c - a packet from a reader that is not to be trusted
 */
#include <stdlib.h>

#include "host-agent/rawmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rawmsg *m = calloc(1, sizeof(*m));

	if (!m)
		return 0;
	if (rawmsg_decode(m, data, size) < 0)
		goto out;
	if (m->len > sizeof(m->u))
		abort();
	if (m->type == RAWMSG_STATE &&
	    (m->u.state.s.state >= READER_STATES ||
	     !is_printable(m->u.state.text, m->len - sizeof(m->u.state.s))))
		abort();
	if ((m->type == RAWMSG_ARRIVED || m->type == RAWMSG_LEFT) &&
	    !rawmsg_port_valid(m->u.port.port))
		abort();
out:
	free(m);
	return 0;
}

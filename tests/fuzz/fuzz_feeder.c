/*
 * fuzz_feeder.c - what the feeder process reads from its pipe
 *
 * The ioctls fail (no descriptor); everything before them is the real loop.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest-agent/feeder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int in = -1, out = -1;
	struct feeder_frame frame;

	if (in < 0) {
		in = memfd_create("frames", MFD_CLOEXEC);
		out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (ftruncate(in, 0) < 0 || pwrite(in, data, size, 0) != (ssize_t)size)
		abort();
	lseek(in, 0, SEEK_SET);
	memset(&frame, 0xff, sizeof(frame));
	feeder_serve(in, out, -1, &frame);
	for (size_t i = 0; i < sizeof(frame.data); i++)
		if (frame.data[i])
			abort();
	if (size < sizeof(frame))
		return 0;
	memcpy(&frame, data, sizeof(frame));
	if (feeder_check_frame(&frame))
		return 0;
	if (frame.size < 1 || frame.size > FEEDER_PAYLOAD_MAX ||
	    frame.credit_bits < 0 || frame.credit_bits > 8 * frame.size)
		abort();
	return 0;
}

/*
 * gpgv_spawn.h - starts the gpgv child of gpgv.h
 */
#ifndef COMMON_GPGV_SPAWN_H
#define COMMON_GPGV_SPAWN_H

#include <sys/types.h>

#include "common/firmware.h"
#include "common/gpgv_status.h"

struct gpgv_process {
	pid_t pid;     /* leads a process group of its own */
	int status_fd; /* ends of pipes for reading, non-blocking */
	int stderr_fd;
};

/*
 * GPGV_GOOD and *p, or why not; *err is the errno of a system call that failed,
 * else 0.  gpgv is looked for along our PATH.
 */
enum gpgv_verdict gpgv_spawn(struct gpgv_process *p, const char *keyring,
			     const struct firmware_parts *parts, int *err);

#endif /* COMMON_GPGV_SPAWN_H */

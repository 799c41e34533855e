/*
 * emulator.h - the QEMU whose version libvirt knows, and whether it is another
 */
#ifndef CTL_EMULATOR_H
#define CTL_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The host's default QEMU, which virt_qemu_version() is of: in the
 * capabilities, the emulator of the host's own architecture.  0; -ENOENT.
 */
int emulator_default(const char *capabilities, char *out, size_t size);

/* The same program, by whatever links. */
bool emulator_is(const char *path, const char *other);

/*
 * The process runs that very program, which was not replaced since.  false also
 * where it cannot be seen.
 */
bool emulator_runs(pid_t pid, const char *path);

#endif /* CTL_EMULATOR_H */

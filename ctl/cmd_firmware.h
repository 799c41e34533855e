/*
 * cmd_firmware.h - onerngctl firmware: the vendor's key, dumps, their signature
 *
 * Each prints what it found and returns an exit status: 0, or 1 with the
 * reason on standard error.
 */
#ifndef CTL_CMD_FIRMWARE_H
#define CTL_CMD_FIRMWARE_H

#include <stdbool.h>

#include "common/pin.h"

#define CMD_FIRMWARE_KEYRING ONERNG_SYSCONFDIR "/onerng/firmware-keyring.gpg"

struct cmd_firmware {
	const char *program; /* for messages */
	const char *socket;  /* the agent's */
	const char *file;
	const char *keyring;
	const char *device; /* NULL: the only one */
	struct pin_set pins;
	bool json;
};

/* A key, if it is pinned, into the keyring. */
int cmd_firmware_import(const struct cmd_firmware *c);

/* A dump, off line, as the agent verifies a device's image. */
int cmd_firmware_verify(const struct cmd_firmware *c);

/* A device's image from the agent into a new file. */
int cmd_firmware_dump(const struct cmd_firmware *c);

#endif /* CTL_CMD_FIRMWARE_H */

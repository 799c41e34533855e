/*
 * status_firmware.h - what is said of a device's firmware, and the image itself
 */
#ifndef HOST_AGENT_STATUS_FIRMWARE_H
#define HOST_AGENT_STATUS_FIRMWARE_H

#include <jansson.h>

struct device;

/* "firmware_check" of a device's status. */
json_t *status_firmware_check(const struct device *d);

/* SHA-256 of the image as it was hashed here, in hex; "" if there is none. */
json_t *status_firmware_hash(const struct device *d);

/*
 * The image of the device that request names ("device"; the only one if it
 * does not): version, text_size, sha256 and the bytes in hex.  ctx is a struct
 * status.  NULL with why.  A control_command_fn.
 */
json_t *status_firmware_dump(void *ctx, const json_t *request, char *why);

#endif /* HOST_AGENT_STATUS_FIRMWARE_H */

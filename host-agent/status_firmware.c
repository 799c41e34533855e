#include "host-agent/status_firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/sealed.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/status.h"

json_t *status_firmware_hash(const struct device *d)
{
	char text[2 * sizeof(d->firmware.sha256) + 1] = "";

	if (d->firmware.fd >= 0)
		hex_encode(text, d->firmware.sha256,
			   sizeof(d->firmware.sha256));
	return json_string(text);
}

json_t *status_firmware_check(const struct device *d)
{
	const struct device_firmware *f = &d->firmware;

	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:i}", "policy",
			 firmware_policy_name(d->env->firmware->policy),
			 "verdict", f->verdict, "verified",
			 f->state == DEVICE_FIRMWARE_GOOD, "detail", f->why,
			 "key", f->said.primary, "signer", f->said.signer,
			 "hash", (int)f->said.hash);
}

/* NULL with why. */
static const struct device *find(const struct devset *s, const char *name,
				 char *why)
{
	const struct device *d, *found = NULL;

	snprintf(why, CONTROL_WHY_MAX, "%s",
		 name ? "no such device, or its image is not known yet"
		      : "no device's image is known yet");
	for (size_t i = 0; i < devset_count(s); i++) {
		d = devset_device(s, i);
		if (d->firmware.fd < 0 || (name && !devset_is_named(d, name)))
			continue;
		if (found) {
			snprintf(why, CONTROL_WHY_MAX,
				 "more than one device: name one");
			return NULL;
		}
		found = d;
	}
	return found;
}

static json_t *image_text(const struct device *d)
{
	char *text = malloc(2 * FIRMWARE_IMAGE + 1);
	const uint8_t *image;
	json_t *o = NULL;

	if (text && sealed_map(d->firmware.fd, FIRMWARE_IMAGE, &image) == 0) {
		hex_encode(text, image, FIRMWARE_IMAGE);
		sealed_unmap(image, FIRMWARE_IMAGE);
		o = json_string_nocheck(text);
	}
	free(text);
	return o;
}

json_t *status_firmware_dump(void *ctx, const json_t *request, char *why)
{
	const struct status *s = ctx;
	const json_t *name = json_object_get(request, "device");
	const struct device *d = find(s->devices, json_string_value(name), why);

	if (!d)
		return NULL;
	snprintf(why, CONTROL_WHY_MAX, "out of memory");
	return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o}", "name", d->name,
			 "port", d->port, "firmware", (int)d->firmware.version,
			 "text_size", (int)d->firmware.text_size, "sha256",
			 status_firmware_hash(d), "check",
			 status_firmware_check(d), "image", image_text(d));
}

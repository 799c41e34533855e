/*
 * device_firmware.h - is what runs in a OneRNG what its vendor signed?
 *
 *   none ─check▶ checking ─┬▶ good         used
 *                          ├▶ unverified   used, and said so (policy warn)
 *                          └▶ refused      not used (policy require)
 *   none ─check▶ unchecked                 used (policy off)
 *
 * The image comes from the reader in a sealed descriptor and is hashed here.
 * It is kept for the operator until the device departs or is opened anew.
 * A gpgv that ran out of time or was killed says nothing of the image: it is
 * asked DEVICE_FIRMWARE_TRIES times before that counts as a failure.
 */
#ifndef HOST_AGENT_DEVICE_FIRMWARE_H
#define HOST_AGENT_DEVICE_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/firmware.h"
#include "common/gpgv.h"
#include "common/pin.h"
#include "host-agent/rawmsg.h"

#define FIRMWARE_KEYRING     ONERNG_SYSCONFDIR "/onerng/firmware-keyring.gpg"
#define FIRMWARE_KEYRING_MAX 256 /* of its path, terminated */

#define DEVICE_FIRMWARE_TRIES	3
#define DEVICE_FIRMWARE_AGAIN_S 2 /* before the second one, then twice that */

enum firmware_policy {
	FIRMWARE_REQUIRE,
	FIRMWARE_WARN,
	FIRMWARE_OFF,
	FIRMWARE_POLICIES,
};

struct firmware_conf {
	enum firmware_policy policy;
	char keyring[FIRMWARE_KEYRING_MAX];
	struct pin_set pins;
};

/* "require", ...; the policy of a name, or -EINVAL. */
const char *firmware_policy_name(enum firmware_policy policy);
int firmware_policy_parse(const char *name);

enum device_firmware_state {
	DEVICE_FIRMWARE_NONE,
	DEVICE_FIRMWARE_CHECKING,
	DEVICE_FIRMWARE_GOOD,
	DEVICE_FIRMWARE_UNVERIFIED,
	DEVICE_FIRMWARE_UNCHECKED,
	DEVICE_FIRMWARE_REFUSED,
};

struct device_firmware {
	enum device_firmware_state state;
	struct firmware_conf conf; /* of the last check */
	int fd;			   /* the image, sealed; -1: none */
	unsigned int version, text_size;
	uint8_t sha256[32];
	const char *verdict;	 /* a word: why it is in that state */
	char why[GPGV_WHY_MAX];	 /* a line: the reason, what to do */
	struct gpgv_result said; /* who signed; empty if gpgv was not asked */
	struct gpgv_check check;
	unsigned int tries; /* of gpgv, without an answer */
	struct event again_ev;
	void (*done)(void *owner);
	void *owner;
};

void device_firmware_init(struct device_firmware *f, struct event_base *base,
			  void (*done)(void *owner), void *owner);

/* Ends a check without done(), lets go of the image. */
void device_firmware_forget(struct device_firmware *f);

/*
 * Starts a check of what m (RAWMSG_IDENT) brought; done() is called once the
 * state is no longer checking, from the loop or before return.
 */
void device_firmware_check(struct device_firmware *f, const struct rawmsg *m,
			   const struct firmware_conf *conf);

/* The same, of the image that it still holds. */
void device_firmware_again(struct device_firmware *f,
			   const struct firmware_conf *conf);

/* There is an image, and another check might end in another way. */
bool device_firmware_outdated(const struct device_firmware *f,
			      const struct firmware_conf *conf);

/* The device may be used. */
bool device_firmware_passed(const struct device_firmware *f);

/* pid ended.  True if it was this check's gpgv. */
bool device_firmware_reaped(struct device_firmware *f, pid_t pid, int status);

#endif /* HOST_AGENT_DEVICE_FIRMWARE_H */

/*
 * keyring.h - puts the vendor's key where the host agent's gpgv finds it
 *
 * The key is not ours to ship: the operator gets it from the vendor, and its
 * fingerprint is what makes it the right one.  Only gpgv is needed, no gpg.
 */
#ifndef CTL_KEYRING_H
#define CTL_KEYRING_H

#include <stddef.h>

#include "common/pin.h"
#include "ctl/openpgp.h"

#define KEYRING_MODE	0644
#define KEYRING_WHY_MAX 1024

/*
 * Checks that file holds exactly one public key, pinned, with every signing
 * key that is pinned for it; replaces path by it at once or not at all.
 * 0 and *key; or why, one line, and -ENOENT, -EACCES, ... (file or folder),
 * -EBADMSG (no usable key), -EKEYREJECTED (another key), -ENOKEY (incomplete
 * key).
 */
int keyring_import(const char *file, const struct pin_set *pins,
		   const char *path, struct openpgp_key *key,
		   char why[static KEYRING_WHY_MAX]);

#endif /* CTL_KEYRING_H */

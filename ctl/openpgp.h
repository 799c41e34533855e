/*
 * openpgp.h - an OpenPGP public key in a file, as far as a keyring needs it
 *
 * Pure.  RFC 4880: armor (6.2), packets (4.2, 5), version 4 fingerprints
 * (12.2).  gpgv reads binary packets, so a keyring is the key without its
 * armor.  Signatures in the key are not judged here: gpgv does that whenever it
 * uses the key.
 */
#ifndef CTL_OPENPGP_H
#define CTL_OPENPGP_H

#include <stddef.h>
#include <stdint.h>

#include "common/pin.h"

#define OPENPGP_FILE_MAX    65536
#define OPENPGP_SUBKEYS_MAX 16

struct openpgp_key {
	char primary[PIN_HEX + 1];
	char subkey[OPENPGP_SUBKEYS_MAX][PIN_HEX + 1];
	size_t subkeys;
};

/*
 * Armored or binary, at most OPENPGP_FILE_MAX bytes in; binary packets out
 * (never longer than what comes in).  0, or -EBADMSG with *why (static text).
 */
int openpgp_dearmor(const uint8_t *in, size_t len, uint8_t *out,
		    size_t *out_len, const char **why);

/* Exactly one public key.  0, or -EBADMSG with *why (static text). */
int openpgp_read_key(const uint8_t *in, size_t len, struct openpgp_key *key,
		     const char **why);

#endif /* CTL_OPENPGP_H */

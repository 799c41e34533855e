/*
 * pin.h - whose signature counts: OpenPGP keys by fingerprint; pure
 *
 * A keyring says which signatures can be verified, the pins which of those are
 * worth anything.  By default the vendor's key is pinned, pair by pair; its
 * signature may come from the primary key or from the signing subkey.
 */
#ifndef COMMON_PIN_H
#define COMMON_PIN_H

#include <stdbool.h>
#include <stddef.h>

#define PIN_HEX 40 /* digits of a version 4 fingerprint */
#define PIN_MAX 16

/* As in every verifier that the vendor published since 2014. */
#define PIN_VENDOR_PRIMARY "967F859E460B41CF0DEB7857026F85A235D6020C"
#define PIN_VENDOR_SIGNING "D43BA692652EBAC284A8757F01979475B1975115"

struct pin {
	char primary[PIN_HEX + 1];
	char signer[PIN_HEX + 1]; /* empty: any key of the primary */
};

struct pin_set {
	struct pin pin[PIN_MAX];
	size_t count;
};

/* Adds the vendor's two pairs to an empty or other set; -ENOSPC. */
int pin_add_vendor(struct pin_set *set);

/*
 * A primary key, whose every signing key counts; 40 hex digits of either case,
 * blanks between them as gpg prints them.  0 (also if it is there already),
 * -EINVAL or -ENOSPC.
 */
int pin_add(struct pin_set *set, const char *fingerprint);

/* Fingerprints in upper case, as gpgv and pin_hex() write them. */
bool pin_allows(const struct pin_set *set, const char *primary,
		const char *signer);
/* The same pins in the same order. */
bool pin_same(const struct pin_set *a, const struct pin_set *b);
bool pin_has_primary(const struct pin_set *set, const char *primary);

void pin_hex(char out[static PIN_HEX + 1], const unsigned char sha1[static 20]);

#endif /* COMMON_PIN_H */

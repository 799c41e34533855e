/*
 * gpgv_status.h - what gpgv said about a signature, and what that is worth
 *
 * Pure: reads the lines of --status-fd (GnuPG doc/DETAILS) and comes to a
 * verdict.  gpgv 2.2.40 ends with 0 and writes VALIDSIG also for a key that
 * expired or was revoked, for a text signature, and for two signatures by
 * different keys; so the exit status alone proves nothing.
 *
 * SHA-1: gpgv 2.2.40 accepts signatures over SHA-1 (it rejects MD5), and so
 * do we for a pinned key: the hash of the vendor's signatures is not known and
 * may be SHA-1.  gpgv_status.hash tells it.
 */
#ifndef COMMON_GPGV_STATUS_H
#define COMMON_GPGV_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/pin.h"

#define GPGV_LINE_MAX	1024  /* without the newline */
#define GPGV_STATUS_MAX 16384 /* all of it */
#define GPGV_FPR_MAX	64    /* digits; version 5 keys have so many */
#define GPGV_SHA1	2     /* OpenPGP's number of SHA-1 (RFC 4880 9.4) */

enum gpgv_verdict {
	GPGV_GOOD,
	/* about the signature */
	GPGV_BAD_SIGNATURE,
	GPGV_NO_SIGNATURE, /* none that gpgv could read */
	GPGV_SEVERAL,	   /* more than exactly one signature */
	GPGV_NOT_BINARY,   /* made over text, or over something else */
	GPGV_SIGNATURE_EXPIRED,
	GPGV_ALGORITHM,	   /* hash or cipher too weak, or unknown */
	GPGV_NOT_VERIFIED, /* for another reason */
	/* about the key */
	GPGV_NO_KEY, /* signed by a key that is not in the keyring */
	GPGV_KEY_EXPIRED,
	GPGV_KEY_REVOKED,
	GPGV_NOT_PINNED, /* good, by a key that does not count */
	/* about the keyring */
	GPGV_KEYRING_MISSING,
	GPGV_KEYRING_UNREADABLE,
	GPGV_KEYRING_EMPTY,
	GPGV_KEYRING_FORMAT, /* not a binary keyring */
	/* about gpgv */
	GPGV_MISSING,
	GPGV_CANNOT_START,
	GPGV_TIMEOUT,
	GPGV_KILLED,
	GPGV_FAILED,	     /* exit status says so, status lines do not */
	GPGV_UNINTELLIGIBLE, /* status lines make no sense */
	GPGV_VERDICTS,
};

struct gpgv_status {
	/* how often each was said */
	unsigned int new_sig, good, bad, sig_expired, key_expired, key_revoked;
	unsigned int error, no_key, valid;
	unsigned int error_code; /* of the last ERRSIG */
	unsigned int hash;	 /* OpenPGP's number; 0: not said */
	bool binary;		 /* signature class 00 */
	bool no_data;
	bool bad_line;
	char signer[GPGV_FPR_MAX + 1], primary[GPGV_FPR_MAX + 1];
	/* private */
	char line[GPGV_LINE_MAX + 1];
	size_t line_len, total;
};

void gpgv_status_init(struct gpgv_status *s);

/* A piece of what came, cut anywhere. */
void gpgv_status_feed(struct gpgv_status *s, const char *data, size_t len);

/* Nothing else will come.  exit_status is gpgv's own. */
enum gpgv_verdict gpgv_status_verdict(const struct gpgv_status *s,
				      const struct pin_set *pins,
				      int exit_status);

/* A word for programs ("no-key"), a line for people: reason, what to do. */
const char *gpgv_verdict_name(enum gpgv_verdict verdict);
const char *gpgv_verdict_text(enum gpgv_verdict verdict);

#endif /* COMMON_GPGV_STATUS_H */

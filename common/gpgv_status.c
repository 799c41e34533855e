#include "common/gpgv_status.h"

#include <ctype.h>
#include <string.h>

#define PREFIX	    "[GNUPG:] "
#define WORDS_MAX   12 /* VALIDSIG has a keyword and ten more */
#define VALID_WORDS 11

/* libgpg-error's numbers, as ERRSIG has them */
#define ERROR_CIPHER 4
#define ERROR_HASH   5
#define ERROR_NO_KEY 9

void gpgv_status_init(struct gpgv_status *s)
{
	memset(s, 0, sizeof(*s));
}

/* Splits at single blanks, in place; what is behind WORDS_MAX is dropped. */
static size_t split(char *text, char *words[WORDS_MAX])
{
	size_t count = 0;
	char *save = NULL;

	for (char *w = strtok_r(text, " ", &save); w && count < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[count++] = w;
	return count;
}

/* A small number of its own; -1 for anything else. */
static int number(const char *text)
{
	int n = 0;

	if (!*text || strlen(text) > 3)
		return -1;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n;
}

static bool fingerprint(char out[static GPGV_FPR_MAX + 1], const char *text)
{
	size_t len = strlen(text);

	if (len < PIN_HEX || len > GPGV_FPR_MAX ||
	    strspn(text, "0123456789ABCDEF") != len)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/*
 * VALIDSIG signer date time expires version reserved cipher hash class primary
 */
static bool take_valid(struct gpgv_status *s, char *words[], size_t count)
{
	int hash;

	if (count != VALID_WORDS || !fingerprint(s->signer, words[1]) ||
	    !fingerprint(s->primary, words[10]))
		return false;
	hash = number(words[8]);
	if (hash < 0)
		return false;
	s->hash = (unsigned int)hash;
	s->binary = strcmp(words[9], "00") == 0;
	s->valid++;
	return true;
}

/* ERRSIG keyid cipher hash class time code [fingerprint] */
static bool take_error(struct gpgv_status *s, char *words[], size_t count)
{
	int code = count >= 7 ? number(words[6]) : -1;

	if (code < 0)
		return false;
	s->error_code = (unsigned int)code;
	s->error++;
	if (count >= 8 && !s->signer[0])
		fingerprint(s->signer, words[7]);
	return true;
}

static bool take_words(struct gpgv_status *s, char *words[], size_t count)
{
	const struct {
		const char *word;
		unsigned int *counter;
	} counted[] = {
		{ "NEWSIG", &s->new_sig },
		{ "GOODSIG", &s->good },
		{ "BADSIG", &s->bad },
		{ "EXPSIG", &s->sig_expired },
		{ "EXPKEYSIG", &s->key_expired },
		{ "REVKEYSIG", &s->key_revoked },
		{ "NO_PUBKEY", &s->no_key },
	};

	if (count == 0)
		return false;
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (strcmp(words[0], counted[i].word) == 0) {
			(*counted[i].counter)++;
			return true;
		}
	if (strcmp(words[0], "VALIDSIG") == 0)
		return take_valid(s, words, count);
	if (strcmp(words[0], "ERRSIG") == 0)
		return take_error(s, words, count);
	if (strcmp(words[0], "NODATA") == 0)
		s->no_data = true;
	/* other keywords only explain, and there will be new ones */
	return true;
}

static void take_line(struct gpgv_status *s)
{
	const size_t prefix = strlen(PREFIX);
	char *words[WORDS_MAX];

	s->line[s->line_len] = '\0';
	if (strlen(s->line) != s->line_len ||
	    strncmp(s->line, PREFIX, prefix) != 0 ||
	    !take_words(s, words, split(s->line + prefix, words)))
		s->bad_line = true;
	s->line_len = 0;
}

void gpgv_status_feed(struct gpgv_status *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !s->bad_line; i++) {
		bool ends = data[i] == '\n';

		s->total++;
		if (s->total > GPGV_STATUS_MAX ||
		    (!ends && s->line_len == GPGV_LINE_MAX))
			s->bad_line = true;
		else if (ends)
			take_line(s);
		else
			s->line[s->line_len++] = data[i];
	}
}

/* Every way to say that there was a signature, once for each. */
static unsigned int outcomes(const struct gpgv_status *s)
{
	return s->good + s->bad + s->sig_expired + s->key_expired +
	       s->key_revoked + s->error;
}

static enum gpgv_verdict error_verdict(const struct gpgv_status *s)
{
	if (s->no_key || s->error_code == ERROR_NO_KEY)
		return GPGV_NO_KEY;
	if (s->error_code == ERROR_CIPHER || s->error_code == ERROR_HASH)
		return GPGV_ALGORITHM;
	return GPGV_NOT_VERIFIED;
}

/* Of one signature that is not good. */
static enum gpgv_verdict refusal(const struct gpgv_status *s)
{
	if (s->bad)
		return GPGV_BAD_SIGNATURE;
	if (s->key_revoked)
		return GPGV_KEY_REVOKED;
	if (s->key_expired)
		return GPGV_KEY_EXPIRED;
	if (s->sig_expired)
		return GPGV_SIGNATURE_EXPIRED;
	return error_verdict(s);
}

enum gpgv_verdict gpgv_status_verdict(const struct gpgv_status *s,
				      const struct pin_set *pins,
				      int exit_status)
{
	if (s->bad_line || s->line_len)
		return GPGV_UNINTELLIGIBLE;
	if (!s->new_sig && !outcomes(s))
		return s->no_data ? GPGV_NO_SIGNATURE : GPGV_FAILED;
	if (s->new_sig > 1 || outcomes(s) > 1 || s->valid > 1 || s->no_data)
		return GPGV_SEVERAL;
	if (s->new_sig != 1 || outcomes(s) != 1)
		return GPGV_UNINTELLIGIBLE;
	if (!s->good)
		return refusal(s);
	if (s->valid != 1 || s->no_key)
		return GPGV_UNINTELLIGIBLE;
	if (!s->binary)
		return GPGV_NOT_BINARY;
	if (!pin_allows(pins, s->primary, s->signer))
		return GPGV_NOT_PINNED;
	return exit_status == 0 ? GPGV_GOOD : GPGV_FAILED;
}

#define IMPORT "onerngctl firmware import-key FILE"
#define DAMAGED                                                      \
	"damaged dump or changed firmware: try again once, then do " \
	"not use the device"

static const struct {
	const char *name, *text;
} verdicts[GPGV_VERDICTS] = {
	[GPGV_GOOD] = { "good", "good signature" },
	[GPGV_BAD_SIGNATURE] = { "bad-signature", "bad signature: " DAMAGED },
	[GPGV_NO_SIGNATURE] = { "no-signature",
				"signature is not readable: " DAMAGED },
	[GPGV_SEVERAL] = { "several-signatures",
			   "not exactly one signature: " DAMAGED },
	[GPGV_NOT_BINARY] = { "not-binary",
			      "signature is not over binary data: sign the "
			      "image with gpg --detach-sign" },
	[GPGV_SIGNATURE_EXPIRED] = { "signature-expired",
				     "signature has expired: is the clock "
				     "right?" },
	[GPGV_ALGORITHM] = { "algorithm",
			     "gpgv refuses the hash or the cipher of the "
			     "signature: the image cannot be verified" },
	[GPGV_NOT_VERIFIED] = { "not-verified",
				"gpgv cannot check the signature: see what it "
				"said; is the keyring whole?" },
	[GPGV_NO_KEY] = { "no-key",
			  "signed by a key that is not in the keyring: is it "
			  "the vendor's firmware? if the keyring lacks the "
			  "vendor's key: " IMPORT },
	[GPGV_KEY_EXPIRED] = { "key-expired",
			       "the signing key has expired: get the renewed "
			       "key, then " IMPORT "; is the clock right?" },
	[GPGV_KEY_REVOKED] = { "key-revoked",
			       "the signing key was revoked by its owner: do "
			       "not use the device" },
	[GPGV_NOT_PINNED] = { "not-pinned",
			      "good signature by a key that is not trusted "
			      "for firmware: name its fingerprint in the "
			      "configuration if it should be" },
	[GPGV_KEYRING_MISSING] = { "keyring-missing",
				   "keyring is not there: get the vendor's "
				   "key, then " IMPORT },
	[GPGV_KEYRING_UNREADABLE] = { "keyring-unreadable",
				      "keyring cannot be read: it must be a "
				      "file that the host agent may read "
				      "(mode 0644)" },
	[GPGV_KEYRING_EMPTY] = { "keyring-empty",
				 "keyring is empty: get the vendor's key, then " IMPORT },
	[GPGV_KEYRING_FORMAT] = { "keyring-format",
				  "keyring is not a binary OpenPGP keyring: " IMPORT
				  " makes one" },
	[GPGV_MISSING] = { "gpgv-missing",
			   "gpgv is not installed: install the package gpgv" },
	[GPGV_CANNOT_START] = { "gpgv-cannot-start", "gpgv cannot be started" },
	[GPGV_TIMEOUT] = { "gpgv-timeout",
			   "gpgv did not end in time and was killed: is the "
			   "machine overloaded?" },
	[GPGV_KILLED] = { "gpgv-killed",
			  "gpgv was killed: see the kernel's log" },
	[GPGV_FAILED] = { "gpgv-failed",
			  "gpgv failed: see what it said; does gpgv --version "
			  "work?" },
	[GPGV_UNINTELLIGIBLE] = { "gpgv-unintelligible",
				  "gpgv's status lines make no sense: is gpgv "
				  "GnuPG's, 2.2 or later?" },
};

const char *gpgv_verdict_name(enum gpgv_verdict verdict)
{
	return verdicts[verdict].name;
}

const char *gpgv_verdict_text(enum gpgv_verdict verdict)
{
	return verdicts[verdict].text;
}

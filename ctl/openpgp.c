#include "ctl/openpgp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

#define ARMOR_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define ARMOR_END   "-----END PGP PUBLIC KEY BLOCK-----"
#define ARMOR_ANY   "-----BEGIN PGP "
#define ARMOR_OTHER "-----BEGIN "

#define CRC24_INIT 0xb704ceu /* RFC 4880 6.1 */
#define CRC24_POLY 0x1864cfbu

/* Packet tags, RFC 4880 4.3. */
enum tag {
	TAG_SIGNATURE = 2,
	TAG_SECRET_KEY = 5,
	TAG_PUBLIC_KEY = 6,
	TAG_SECRET_SUBKEY = 7,
	TAG_TRUST = 12,
	TAG_USER_ID = 13,
	TAG_PUBLIC_SUBKEY = 14,
	TAG_USER_ATTRIBUTE = 17,
};

static uint32_t crc24(const uint8_t *data, size_t len)
{
	uint32_t crc = CRC24_INIT;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)data[i] << 16;
		for (int bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if (crc & 0x1000000)
				crc ^= CRC24_POLY;
		}
	}
	return crc & 0xffffff;
}

/* A line of text without its end and trailing blanks. */
struct line {
	const char *text;
	size_t len;
};

static bool next_line(const uint8_t *in, size_t len, size_t *pos,
		      struct line *line)
{
	const uint8_t *end;
	size_t n;

	if (*pos >= len)
		return false;
	end = memchr(in + *pos, '\n', len - *pos);
	n = end ? (size_t)(end - (in + *pos)) : len - *pos;
	line->text = (const char *)in + *pos;
	*pos += n + (end != NULL);
	while (n && (line->text[n - 1] == '\r' || line->text[n - 1] == ' ' ||
		     line->text[n - 1] == '\t'))
		n--;
	line->len = n;
	return true;
}

static bool is_line(const struct line *line, const char *text)
{
	return line->len == strlen(text) &&
	       memcmp(line->text, text, line->len) == 0;
}

static bool begins(const struct line *line, const char *text)
{
	return line->len >= strlen(text) &&
	       memcmp(line->text, text, strlen(text)) == 0;
}

/* Goes behind the armor's first line and headers. */
static const char *find_armor(const uint8_t *in, size_t len, size_t *pos)
{
	struct line line;

	do {
		if (!next_line(in, len, pos, &line))
			return "no OpenPGP key in it";
		if (begins(&line, ARMOR_ANY "PRIVATE"))
			return "holds a secret key: export the public one "
			       "with gpg --export";
		if (begins(&line, ARMOR_OTHER) && !is_line(&line, ARMOR_BEGIN))
			return "holds something other than a public key";
	} while (!is_line(&line, ARMOR_BEGIN));
	do {
		if (!next_line(in, len, pos, &line))
			return "armor ends within its headers: incomplete "
			       "file?";
	} while (line.len);
	return NULL;
}

/* "=XXXX": the checksum of what was decoded. */
static bool crc_matches(const struct line *line, const uint8_t *out, size_t len)
{
	uint8_t raw[4];
	uint32_t crc;

	if (line->len != 5 ||
	    EVP_DecodeBlock(raw, (const unsigned char *)line->text + 1, 4) != 3)
		return false;
	crc = (uint32_t)raw[0] << 16 | (uint32_t)raw[1] << 8 | raw[2];
	return crc == crc24(out, len);
}

/* The lines up to the checksum or the last one. */
static const char *decode_body(const uint8_t *in, size_t len, size_t *pos,
			       EVP_ENCODE_CTX *ctx, uint8_t *out,
			       size_t *out_len)
{
	struct line line = { 0 };
	int n;

	EVP_DecodeInit(ctx);
	*out_len = 0;
	while (next_line(in, len, pos, &line) && !begins(&line, "=") &&
	       !begins(&line, "-")) {
		if (EVP_DecodeUpdate(ctx, out + *out_len, &n,
				     (const unsigned char *)line.text,
				     (int)line.len) < 0)
			return "armor is not base64: damaged file?";
		*out_len += (size_t)n;
	}
	if (EVP_DecodeFinal(ctx, out + *out_len, &n) < 0)
		return "armor is cut short: incomplete file?";
	*out_len += (size_t)n;
	if (begins(&line, "=")) {
		if (!crc_matches(&line, out, *out_len))
			return "armor's checksum is wrong: damaged file?";
		next_line(in, len, pos, &line);
	}
	if (!is_line(&line, ARMOR_END))
		return "armor has no end: incomplete file?";
	return NULL;
}

static const char *no_more_armor(const uint8_t *in, size_t len, size_t pos)
{
	struct line line;

	while (next_line(in, len, &pos, &line))
		if (begins(&line, ARMOR_OTHER))
			return "holds more than one block: keep the vendor's "
			       "key only";
	return NULL;
}

static const char *dearmor(const uint8_t *in, size_t len, uint8_t *out,
			   size_t *out_len)
{
	EVP_ENCODE_CTX *ctx;
	const char *why;
	size_t pos = 0;

	why = find_armor(in, len, &pos);
	if (why)
		return why;
	ctx = EVP_ENCODE_CTX_new();
	if (!ctx)
		return "out of memory";
	why = decode_body(in, len, &pos, ctx, out, out_len);
	EVP_ENCODE_CTX_free(ctx);
	return why ? why : no_more_armor(in, len, pos);
}

int openpgp_dearmor(const uint8_t *in, size_t len, uint8_t *out,
		    size_t *out_len, const char **why)
{
	*out_len = 0;
	if (len == 0)
		*why = "empty";
	else if (len > OPENPGP_FILE_MAX)
		*why = "longer than 64 KiB: that is no single key";
	else if (!(in[0] & 0x80))
		*why = dearmor(in, len, out, out_len);
	else {
		memcpy(out, in, len);
		*out_len = len;
		*why = NULL;
	}
	return *why ? -EBADMSG : 0;
}

struct packet {
	unsigned int tag;
	const uint8_t *body;
	size_t len;
};

static size_t get_be(const uint8_t *p, size_t bytes)
{
	size_t v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

/*
 * Bytes of the length field behind the tag, and what it says; 0 if it is cut
 * off, or of a kind that no key packet has (partial, indeterminate).
 */
static size_t packet_length(const uint8_t *in, size_t left, bool new_format,
			    size_t *len)
{
	size_t bytes;

	if (!new_format) {
		bytes = (size_t)1 << (in[0] & 3);
		if (bytes == 8 || left < 1 + bytes)
			return 0;
		*len = get_be(in + 1, bytes);
		return bytes;
	}
	if (left < 2)
		return 0;
	bytes = in[1] < 192 ? 1 : in[1] < 224 ? 2 : in[1] == 255 ? 5 : 0;
	if (!bytes || left < 1 + bytes)
		return 0;
	*len = bytes == 1   ? in[1]
	       : bytes == 2 ? ((size_t)(in[1] - 192) << 8) + in[2] + 192
			    : get_be(in + 2, 4);
	return bytes;
}

static bool next_packet(const uint8_t *in, size_t len, size_t *pos,
			struct packet *p)
{
	const uint8_t *at = in + *pos;
	size_t left = len - *pos, head;
	bool new_format;

	if (!(at[0] & 0x80))
		return false;
	new_format = at[0] & 0x40;
	p->tag = new_format ? at[0] & 0x3f : at[0] >> 2 & 0xf;
	head = packet_length(at, left, new_format, &p->len);
	if (!head || p->len > left - 1 - head)
		return false;
	p->body = at + 1 + head;
	*pos += 1 + head + p->len;
	return true;
}

/* RFC 4880 12.2: SHA-1 over 0x99, two bytes of length, the packet's body. */
static const char *fingerprint(const struct packet *p, char out[PIN_HEX + 1])
{
	uint8_t head[3] = { 0x99, (uint8_t)(p->len >> 8), (uint8_t)p->len };
	EVP_MD_CTX *ctx;
	uint8_t sha1[20];
	bool done;

	if (p->len < 6 || p->len > 0xffff)
		return "a key packet is of no possible size: damaged file?";
	if (p->body[0] != 4)
		return "a key is not of OpenPGP version 4";
	ctx = EVP_MD_CTX_new();
	done = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
	       EVP_DigestUpdate(ctx, head, sizeof(head)) &&
	       EVP_DigestUpdate(ctx, p->body, p->len) &&
	       EVP_DigestFinal_ex(ctx, sha1, NULL);
	EVP_MD_CTX_free(ctx);
	if (!done)
		return "SHA-1 is not available: a fingerprint needs it";
	pin_hex(out, sha1);
	return NULL;
}

static const char *take_packet(struct openpgp_key *key, const struct packet *p)
{
	switch (p->tag) {
	case TAG_PUBLIC_KEY:
		if (key->primary[0])
			return "holds more than one key: keep the vendor's "
			       "only";
		return fingerprint(p, key->primary);
	case TAG_SECRET_KEY:
	case TAG_SECRET_SUBKEY:
		return "holds a secret key: export the public one with gpg "
		       "--export";
	default:
		if (!key->primary[0])
			return "does not start with a public key";
	}
	switch (p->tag) {
	case TAG_PUBLIC_SUBKEY:
		if (key->subkeys == OPENPGP_SUBKEYS_MAX)
			return "key has too many subkeys";
		return fingerprint(p, key->subkey[key->subkeys++]);
	case TAG_SIGNATURE:
	case TAG_TRUST:
	case TAG_USER_ID:
	case TAG_USER_ATTRIBUTE:
		return NULL;
	default:
		return "holds a packet that belongs to no key";
	}
}

int openpgp_read_key(const uint8_t *in, size_t len, struct openpgp_key *key,
		     const char **why)
{
	struct packet p;
	size_t pos = 0;

	memset(key, 0, sizeof(*key));
	*why = len ? NULL : "empty";
	while (!*why && pos < len)
		*why = next_packet(in, len, &pos, &p)
			       ? take_packet(key, &p)
			       : "damaged: not a sequence of OpenPGP packets";
	return *why ? -EBADMSG : 0;
}

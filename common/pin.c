#include "common/pin.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int pin_insert(struct pin_set *set, const char *primary,
		      const char *signer)
{
	struct pin *p;

	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->pin[i].primary, primary) == 0 &&
		    strcmp(set->pin[i].signer, signer) == 0)
			return 0;
	if (set->count == PIN_MAX)
		return -ENOSPC;
	p = &set->pin[set->count++];
	snprintf(p->primary, sizeof(p->primary), "%s", primary);
	snprintf(p->signer, sizeof(p->signer), "%s", signer);
	return 0;
}

int pin_add_vendor(struct pin_set *set)
{
	int r = pin_insert(set, PIN_VENDOR_PRIMARY, PIN_VENDOR_PRIMARY);

	return r < 0 ? r
		     : pin_insert(set, PIN_VENDOR_PRIMARY, PIN_VENDOR_SIGNING);
}

int pin_add(struct pin_set *set, const char *fingerprint)
{
	char hex[PIN_HEX + 1];
	size_t n = 0;

	for (const char *s = fingerprint; *s; s++) {
		if (*s == ' ' && n)
			continue;
		if (!isxdigit((unsigned char)*s) || n == PIN_HEX)
			return -EINVAL;
		hex[n++] = (char)toupper((unsigned char)*s);
	}
	if (n != PIN_HEX)
		return -EINVAL;
	hex[n] = '\0';
	return pin_insert(set, hex, "");
}

bool pin_allows(const struct pin_set *set, const char *primary,
		const char *signer)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct pin *p = &set->pin[i];

		if (strcmp(p->primary, primary) == 0 &&
		    (!p->signer[0] || strcmp(p->signer, signer) == 0))
			return true;
	}
	return false;
}

bool pin_same(const struct pin_set *a, const struct pin_set *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->pin[i].primary, b->pin[i].primary) ||
		    strcmp(a->pin[i].signer, b->pin[i].signer))
			return false;
	return a->count == b->count;
}

bool pin_has_primary(const struct pin_set *set, const char *primary)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->pin[i].primary, primary) == 0)
			return true;
	return false;
}

void pin_hex(char out[static PIN_HEX + 1], const unsigned char sha1[static 20])
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < PIN_HEX / 2; i++) {
		out[2 * i] = digits[sha1[i] >> 4];
		out[2 * i + 1] = digits[sha1[i] & 15];
	}
	out[PIN_HEX] = '\0';
}

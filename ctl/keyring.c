#include "ctl/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/textfile.h"

/* Bytes, or -errno. */
static ssize_t read_file(const char *path, uint8_t *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = textfile_fill(fd, buf, size);
	close(fd);
	return n;
}

/* The name of path lasts a power cut only once its folder is on disk. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, r = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* some file systems cannot, and need not */
	if (fsync(fd) < 0 && errno != EINVAL)
		r = -errno;
	close(fd);
	return r;
}

static int install(const char *path, const uint8_t *data, size_t len)
{
	char temp[PATH_MAX];
	int fd, n, r;

	n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = textfile_put(fd, data, len);
	if (r == 0 && (fchmod(fd, KEYRING_MODE) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temp);
	return r < 0 ? r : sync_folder(path);
}

__attribute__((format(printf, 3, 4))) static int
fail(char why[static KEYRING_WHY_MAX], int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, KEYRING_WHY_MAX, fmt, ap);
	va_end(ap);
	return r;
}

static bool has_key(const struct openpgp_key *key, const char *fingerprint)
{
	if (strcmp(key->primary, fingerprint) == 0)
		return true;
	for (size_t i = 0; i < key->subkeys; i++)
		if (strcmp(key->subkey[i], fingerprint) == 0)
			return true;
	return false;
}

static int check_pins(const char *file, const struct openpgp_key *key,
		      const struct pin_set *pins, char *why)
{
	if (!pin_has_primary(pins, key->primary))
		return fail(why, -EKEYREJECTED,
			    "%s: key %s is not trusted for firmware, %s is: "
			    "get the vendor's key, or name the fingerprint "
			    "that you trust",
			    file, key->primary,
			    pins->count ? pins->pin[0].primary : "none");
	for (size_t i = 0; i < pins->count; i++) {
		const struct pin *p = &pins->pin[i];

		if (strcmp(p->primary, key->primary) == 0 && p->signer[0] &&
		    !has_key(key, p->signer))
			return fail(why, -ENOKEY,
				    "%s: key %s lacks its signing subkey %s: "
				    "get the whole key",
				    file, key->primary, p->signer);
	}
	return 0;
}

struct keyfile {
	uint8_t in[OPENPGP_FILE_MAX + 1]; /* one more, to see a longer file */
	uint8_t key[OPENPGP_FILE_MAX];
	size_t len; /* of key */
};

static int load(const char *file, struct keyfile *k, struct openpgp_key *key,
		char *why)
{
	const char *reason = "";
	ssize_t len = read_file(file, k->in, sizeof(k->in));
	int r;

	k->len = 0;
	if (len < 0)
		return fail(why, (int)len, "%s: cannot read: %s", file,
			    strerror((int)-len));
	r = openpgp_dearmor(k->in, (size_t)len, k->key, &k->len, &reason);
	if (r == 0)
		r = openpgp_read_key(k->key, k->len, key, &reason);
	return r < 0 ? fail(why, r, "%s: %s", file, reason) : 0;
}

int keyring_import(const char *file, const struct pin_set *pins,
		   const char *path, struct openpgp_key *key,
		   char why[static KEYRING_WHY_MAX])
{
	struct keyfile *k = malloc(sizeof(*k));
	int r;

	memset(key, 0, sizeof(*key));
	if (!k)
		return fail(why, -ENOMEM, "%s: %s", file, strerror(ENOMEM));
	r = load(file, k, key, why);
	if (r == 0)
		r = check_pins(file, key, pins, why);
	if (r == 0) {
		r = install(path, k->key, k->len);
		if (r < 0)
			fail(why, r, "%s: cannot write: %s%s", path,
			     strerror(-r),
			     r == -EACCES ? ": are you root?" : "");
	}
	free(k);
	return r;
}

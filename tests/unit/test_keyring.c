#include "ctl/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* A version 4 key packet with its fingerprint, and another. */
#define KEY                                                                    \
	"\x98\x19\x04\x53\xd7\x87\x12\x16\x09\x2b\x06\x01\x04\x01\xda\x47\x0f" \
	"\x01\x01\x07\x40Onerng"
#define FPR   "EBE4B905DC489F38AD9431E4A48258FD36ABBF39"
#define OTHER "0123456789ABCDEF0123456789ABCDEF01234567"

static char folder[] = "/tmp/onerng-keyring.XXXXXX";
static char file[64], ring[64];
static struct pin_set pins;
static struct openpgp_key key;
static char why[KEYRING_WHY_MAX];

static void put(const char *path, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void set_up(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/key", folder);
	snprintf(ring, sizeof(ring), "%s/ring.gpg", folder);
	put(file, KEY, sizeof(KEY) - 1);
	pin_add(&pins, FPR);
}

static void clean_up(void)
{
	unlink(file);
	unlink(ring);
	rmdir(folder);
}

TestSuite(keyring, .init = set_up, .fini = clean_up);

static size_t files(void)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	cr_assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2; /* . and .. */
}

static bool holds(const char *data, size_t len)
{
	char buf[256];
	FILE *f = fopen(ring, "re");
	size_t n;

	cr_assert(f);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return n == len && memcmp(buf, data, len) == 0;
}

Test(keyring, a_pinned_key_is_installed_for_all_to_read)
{
	struct stat st;

	umask(077);
	cr_assert_eq(keyring_import(file, &pins, ring, &key, why), 0, "%s",
		     why);
	cr_assert_str_eq(key.primary, FPR);
	cr_assert(holds(KEY, sizeof(KEY) - 1));
	cr_assert_eq(stat(ring, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0644);
	cr_assert_eq(files(), 2);
}

Test(keyring, another_key_is_refused_and_the_old_keyring_stays)
{
	struct pin_set others = { .count = 0 };

	put(ring, "old", 3);
	pin_add(&others, OTHER);
	cr_assert_eq(keyring_import(file, &others, ring, &key, why),
		     -EKEYREJECTED);
	cr_assert(strstr(why, FPR) && strstr(why, OTHER), "%s", why);
	others.count = 0;
	cr_assert_eq(keyring_import(file, &others, ring, &key, why),
		     -EKEYREJECTED);
	cr_assert(holds("old", 3));
	cr_assert_eq(files(), 2);
}

Test(keyring, a_key_without_its_pinned_subkey_is_incomplete)
{
	struct pin_set pair = { .count = 2 };

	strcpy(pair.pin[0].primary, FPR);
	strcpy(pair.pin[0].signer, FPR);
	strcpy(pair.pin[1].primary, FPR);
	strcpy(pair.pin[1].signer, OTHER);
	cr_assert_eq(keyring_import(file, &pair, ring, &key, why), -ENOKEY);
	cr_assert(strstr(why, OTHER), "%s", why);
	pair.count = 1;
	cr_assert_eq(keyring_import(file, &pair, ring, &key, why), 0);
}

Test(keyring, a_file_that_cannot_be_read_is_named)
{
	cr_assert_eq(keyring_import("/nonexistent/key", &pins, ring, &key, why),
		     -ENOENT);
	cr_assert(strstr(why, "/nonexistent/key"), "%s", why);
	cr_assert_eq(keyring_import(folder, &pins, ring, &key, why), -EISDIR);
	cr_assert_eq(files(), 1);
}

Test(keyring, a_file_that_is_no_key_is_named_with_the_reason)
{
	put(file, "hello\n", 6);
	cr_assert_eq(keyring_import(file, &pins, ring, &key, why), -EBADMSG);
	cr_assert(strstr(why, file) && strstr(why, "no OpenPGP key"), "%s",
		  why);
	cr_assert_eq(keyring_import("/dev/null", &pins, ring, &key, why),
		     -EBADMSG);
	cr_assert_eq(keyring_import("/dev/zero", &pins, ring, &key, why),
		     -EBADMSG);
	cr_assert(strstr(why, "64 KiB"), "%s", why);
	cr_assert_eq(files(), 1);
}

Test(keyring, a_place_that_cannot_be_written_is_named)
{
	char nowhere[PATH_MAX + 16];

	cr_assert_eq(
		keyring_import(file, &pins, "/nonexistent/ring", &key, why),
		-ENOENT);
	cr_assert(strstr(why, "/nonexistent/ring"), "%s", why);
	cr_assert_eq(keyring_import(file, &pins, folder, &key, why), -EISDIR);
	memset(nowhere, 'x', sizeof(nowhere));
	nowhere[sizeof(nowhere) - 1] = '\0';
	cr_assert_eq(keyring_import(file, &pins, nowhere, &key, why),
		     -ENAMETOOLONG);
	cr_assert_eq(files(), 1);
}

Test(keyring, a_full_disk_leaves_nothing_behind)
{
	const struct rlimit full = { 0, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	int r;

	put(ring, "old", 3);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	r = keyring_import(file, &pins, ring, &key, why);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	cr_assert_eq(r, -EFBIG);
	cr_assert(holds("old", 3));
	cr_assert_eq(files(), 2);
}

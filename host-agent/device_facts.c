#include "host-agent/device_facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/textfile.h"
#include "host-agent/rundir.h"

#define HWRNG		"/dev/hwrng"
#define SYSFS_USB	"/sys/bus/usb/devices"
#define SYSFS_PATH_MAX	256
#define SYSFS_NAMES_MAX 64 /* entries looked at in a directory */
#define ACM		"ttyACM"

size_t device_facts_text(const struct device_facts *f,
			 char out[static FACTS_MAX])
{
	int n = snprintf(out, FACTS_MAX, "version=1\ndevice=%s\n",
			 consumer_device_name(f->device));

	if (f->node[0])
		n += snprintf(out + n, FACTS_MAX - (size_t)n,
			      "node=%s\nrdev=%u:%u\n", f->node, f->major,
			      f->minor);
	n += snprintf(out + n, FACTS_MAX - (size_t)n, "state=%s\n", f->state);
	return (size_t)n;
}

bool device_facts_equal(const struct device_facts *a,
			const struct device_facts *b)
{
	return a->device == b->device && !strcmp(a->node, b->node) &&
	       a->major == b->major && a->minor == b->minor && a->state &&
	       b->state && !strcmp(a->state, b->state);
}

static bool is_written(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char old[FACTS_MAX];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, old, sizeof(old));
	close(fd);
	return n == (ssize_t)len && !memcmp(old, text, len);
}

static int write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0644);
	int r = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != (ssize_t)len)
		r = n < 0 ? -errno : -ENOSPC;
	/* the umask is tight */
	if (r == 0 && fchmod(fd, 0644) < 0)
		r = -errno;
	close(fd);
	return r;
}

int device_facts_write(const char *run_dir, const char *id,
		       const struct device_facts *f)
{
	char path[RUNDIR_LXC_MAX], new[RUNDIR_LXC_MAX], text[FACTS_MAX];
	size_t len = device_facts_text(f, text);
	int r;

	rundir_container_facts(path, run_dir, id);
	rundir_container_facts_new(new, run_dir, id);
	if (is_written(path, text, len))
		return 0;
	r = write_file(new, text, len);
	if (r == 0 && rename(new, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(new);
	return r;
}

void device_facts_remove(const char *run_dir, const char *id)
{
	char path[RUNDIR_LXC_MAX];

	rundir_container_facts(path, run_dir, id);
	unlink(path);
}

/* "ttyACM" and a number, as the kernel names them. */
static bool is_acm(const char *name)
{
	size_t digits;

	if (strncmp(name, ACM, strlen(ACM)))
		return false;
	name += strlen(ACM);
	digits = strspn(name, "0123456789");
	return digits && digits <= 4 && !name[digits];
}

static bool find_name(const char *dir, char *out, size_t size)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	bool found = false;
	int i;

	if (!d)
		return false;
	for (i = 0; i < SYSFS_NAMES_MAX && !found && (e = readdir(d)); i++) {
		found = is_acm(e->d_name);
		if (found)
			snprintf(out, size, "%.10s", e->d_name);
	}
	closedir(d);
	return found;
}

static bool read_numbers(const char *path, struct device_facts *f)
{
	char text[32];

	textfile_read(path, text, sizeof(text));
	return sscanf(text, "%u:%u", &f->major, &f->minor) == 2;
}

void device_facts_find_acm(struct device_facts *f, const char *port)
{
	char dir[SYSFS_PATH_MAX], path[SYSFS_PATH_MAX + 48], name[16];

	f->node[0] = '\0';
	/* its first interface is the one that the terminal belongs to */
	snprintf(dir, sizeof(dir), SYSFS_USB "/%s:1.0/tty", port);
	if (!find_name(dir, name, sizeof(name)))
		return;
	snprintf(path, sizeof(path), "%s/%s/dev", dir, name);
	if (read_numbers(path, f))
		snprintf(f->node, sizeof(f->node), "/dev/%s", name);
}

void device_facts_find_hwrng(struct device_facts *f)
{
	struct stat st;

	f->node[0] = '\0';
	if (stat(HWRNG, &st) < 0 || !S_ISCHR(st.st_mode))
		return;
	snprintf(f->node, sizeof(f->node), HWRNG);
	f->major = major(st.st_rdev);
	f->minor = minor(st.st_rdev);
}

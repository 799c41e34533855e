#include "tests/lib/fusepage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST	  (FUSEPAGE_SIZE * 34)
#define FILE_NODE 2

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

/* Whoever is not root becomes it, of a user namespace, as in a container. */
static int enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[32];

	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		return -1;
	if (uid) {
		snprintf(map, sizeof(map), "0 %d 1", (int)uid);
		put("/proc/self/uid_map", map);
		put("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %d 1", (int)gid);
		put("/proc/self/gid_map", map);
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int fusepage_mount(const char *folder)
{
	char options[80];
	int fd;

	if (enter() < 0)
		return -1;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("hold", folder, "fuse", 0, options) < 0) {
		perror("fuse");
		return -1;
	}
	return fd;
}

static void reply(int fd, uint64_t unique, int error, const void *data,
		  size_t len)
{
	struct {
		struct fuse_out_header head;
		uint8_t data[256];
	} out = { .head = { .len = (uint32_t)(sizeof(out.head) + len),
			    .error = error,
			    .unique = unique } };

	if (len)
		memcpy(out.data, data, len);
	if (write(fd, &out, out.head.len) < 0)
		perror("reply");
}

static struct fuse_attr attr_of(uint64_t node)
{
	struct fuse_attr a = {
		.ino = node,
		.size = FUSEPAGE_SIZE,
		.mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
	};

	return a;
}

/* True: it is the page, which nobody gets. */
static bool answer(int fd, const struct fuse_in_header *in)
{
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
				      .minor = 31,
				      .max_write = FUSEPAGE_SIZE };
	struct fuse_entry_out entry = { .nodeid = FILE_NODE,
					.attr_valid = 3600,
					.entry_valid = 3600,
					.attr = attr_of(FILE_NODE) };
	struct fuse_attr_out attr = { .attr_valid = 3600,
				      .attr = attr_of(in->nodeid) };
	struct fuse_open_out opened = { .fh = 1 };

	if (in->opcode == FUSE_READ)
		return true;
	if (in->opcode == FUSE_INIT)
		reply(fd, in->unique, 0, &init, sizeof(init));
	else if (in->opcode == FUSE_LOOKUP)
		reply(fd, in->unique, 0, &entry, sizeof(entry));
	else if (in->opcode == FUSE_GETATTR)
		reply(fd, in->unique, 0, &attr, sizeof(attr));
	else if (in->opcode == FUSE_OPEN)
		reply(fd, in->unique, 0, &opened, sizeof(opened));
	else if (in->opcode != FUSE_FORGET)
		reply(fd, in->unique, -ENOSYS, NULL, 0);
	return false;
}

int fusepage_serve(int fd, const volatile sig_atomic_t *let_go)
{
	static uint8_t in[REQUEST];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool asked = false;

	while (!asked && !*let_go) {
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (read(fd, in, sizeof(in)) < 0)
			return -1;
		asked = answer(fd, (const void *)in);
	}
	return asked ? 0 : -1;
}

void *fusepage_map(const char *folder)
{
	char path[256];
	void *page;
	int fd;

	snprintf(path, sizeof(path), "%s/page", folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	page = mmap(NULL, FUSEPAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		    fd, 0);
	if (fd < 0 || page == MAP_FAILED) {
		perror(path);
		_exit(1);
	}
	return page;
}

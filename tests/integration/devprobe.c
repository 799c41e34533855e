/*
 * devprobe.c - looks at devices from inside a container; static
 *
 *	devprobe look PATH		"chr 136:7 0660 0 20", or an error
 *	devprobe open PATH r|w|rw	"ok", or an error such as EPERM
 *	devprobe read PATH COUNT [FILE]	bytes that came within 3 s, or an error;
 *					what came is appended to FILE
 *	devprobe ask PATH COUNT [FILE]	the same of a OneRNG that is told to run
 *	devprobe quiet PATH		bytes that came within half a second
 *	devprobe mknod PATH MAJOR MINOR	"ok", or an error
 *	devprobe listen PATH		"ok" if a Unix socket there takes one
 *	devprobe egd PATH		bytes that an EGD socket there gives, of 64
 *	devprobe serve FILE		makes a pty that never runs dry, and writes
 *					its path and numbers into FILE
 *	devprobe hang SOCKET		listens and answers nothing
 *	devprobe fuse NODE PATH		mounts a file system that never answers
 *	devprobe take SOCKET		answers every line with one of its own
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define READ_MS	   60000
#define QUIET_MS   500
#define RETRY_MS   20
#define LISTEN_MAX 16
#define EGD_BYTES  64
#define FUSE_BYTES 65536

static int say(int r)
{
	puts(r < 0 ? strerrorname_np(errno) : "ok");
	return r < 0;
}

static int look(const char *path)
{
	static const struct {
		mode_t type;
		const char *name;
	} types[] = { { S_IFCHR, "chr" },  { S_IFREG, "reg" },
		      { S_IFDIR, "dir" },  { S_IFLNK, "lnk" },
		      { S_IFIFO, "fifo" }, { S_IFSOCK, "sock" } };
	struct stat st;
	size_t i;

	if (lstat(path, &st) < 0)
		return say(-1);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((st.st_mode & S_IFMT) == types[i].type)
			printf("%s ", types[i].name);
	printf("%u:%u %04o %u %u\n", major(st.st_rdev), minor(st.st_rdev),
	       st.st_mode & 07777, st.st_uid, st.st_gid);
	return 0;
}

static int open_as(const char *path, const char *how)
{
	int flags = !strcmp(how, "r")	? O_RDONLY
		    : !strcmp(how, "w") ? O_WRONLY
					: O_RDWR;

	return say(open(path, flags | O_NOCTTY | O_NONBLOCK));
}

static void make_raw(int fd)
{
	struct termios raw;

	if (tcgetattr(fd, &raw) < 0)
		return;
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
}

/*
 * What there is within so long: bytes, 0 if none came. poll() of /dev/hwrng is
 * always true, so its read may find nothing yet.
 */
static ssize_t read_within(int fd, void *data, size_t size, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = -1;

	for (; ms > 0; ms -= RETRY_MS) {
		if (poll(&p, 1, ms) != 1)
			return 0;
		n = read(fd, data, size);
		if (n >= 0 || errno != EAGAIN)
			return n;
		poll(NULL, 0, RETRY_MS);
	}
	return n;
}

/* Until wanted bytes came or none for so long; what came into out, if any. */
static int take_some(int fd, size_t wanted, int ms, FILE *out)
{
	char data[4096];
	size_t got = 0;
	ssize_t n = 1;

	while (got < wanted && n > 0) {
		n = read_within(fd, data, sizeof(data), ms);
		if (n > 0 && out)
			fwrite(data, 1, (size_t)n, out);
		got += n > 0 ? (size_t)n : 0;
	}
	if (out && fclose(out))
		return say(-1);
	if (!got && n < 0)
		return say(-1);
	printf("%zu\n", got < wanted ? got : wanted);
	return got < wanted;
}

static int read_some(const char *path, size_t wanted, bool ask,
		     const char *file)
{
	int fd = open(path, (ask ? O_RDWR : O_RDONLY) | O_NOCTTY | O_NONBLOCK);
	FILE *out = file ? fopen(file, "a") : NULL;

	if (fd < 0 || (file && !out))
		return say(-1);
	make_raw(fd);
	if (ask && write(fd, "cmd0\ncmdO\n", 10) < 0)
		return say(-1);
	return take_some(fd, wanted, READ_MS, out);
}

static int quiet(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return say(-1);
	make_raw(fd);
	return take_some(fd, 1, QUIET_MS, NULL);
}

static int make_node(const char *path, const char *high, const char *low)
{
	dev_t rdev = makedev((unsigned int)atoi(high), (unsigned int)atoi(low));

	return say(mknod(path, S_IFCHR | 0600, rdev));
}

static int unix_socket(const char *path, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path, sizeof(sa->sun_path), "%s", path);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int reach(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);

	return say(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
}

/* One that is not to be served is closed before or behind the question. */
static int ask_egd(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);
	char answer[EGD_BYTES];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 0, got = 0;

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    send(fd, "\002\100", 2, MSG_NOSIGNAL) == 2)
		while (got < EGD_BYTES && poll(&p, 1, READ_MS) == 1 &&
		       (n = read(fd, answer, (size_t)(EGD_BYTES - got))) > 0)
			got += n;
	printf("%zd\n", got);
	return 0;
}

static int hang(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, LISTEN_MAX) < 0)
		return say(-1);
	for (;;)
		pause();
}

/* A request that was read and not answered keeps who made it, kill or not. */
static void serve_fuse(int fd)
{
	static char request[FUSE_BYTES];
	const struct fuse_in_header *in = (const void *)request;
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} out = { .header.len = sizeof(out),
		  .init = { .major = FUSE_KERNEL_VERSION,
			    .minor = FUSE_KERNEL_MINOR_VERSION,
			    .max_write = 4096 } };

	while (read(fd, request, sizeof(request)) >= (ssize_t)sizeof(*in)) {
		if (in->opcode != FUSE_INIT)
			continue;
		out.header.unique = in->unique;
		if (write(fd, &out, sizeof(out)) < 0)
			return;
		puts("ok");
		fflush(stdout);
	}
}

static int mount_fuse(const char *node, const char *path)
{
	char options[128];
	int fd = open(node, O_RDWR);

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("never", path, "fuse", 0, options) < 0)
		return say(-1);
	serve_fuse(fd);
	return 1;
}

static int take(const char *path)
{
	struct sockaddr_un sa;
	char line[4096];
	int one, fd = unix_socket(path, &sa);

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, LISTEN_MAX) < 0)
		return say(-1);
	for (;;) {
		one = accept(fd, NULL, NULL);
		if (read(one, line, sizeof(line)) > 0)
			(void)!send(one, "{}\n", 3, MSG_NOSIGNAL);
		close(one);
	}
}

static void publish(const char *file, const char *path)
{
	char name[4096];
	struct stat st;
	FILE *f;

	snprintf(name, sizeof(name), "%s.new", file);
	f = fopen(name, "w");
	if (!f || stat(path, &st) < 0)
		exit(1);
	fprintf(f, "%s %u:%u\n", path, major(st.st_rdev), minor(st.st_rdev));
	fclose(f);
	rename(name, file);
}

static int serve(const char *file)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char path[64], in[256];
	struct termios raw;
	struct pollfd p = { .fd = master, .events = POLLIN | POLLOUT };

	if (master < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, path, sizeof(path)) != 0)
		return say(-1);
	/* held, so that the bytes wait for whoever comes */
	slave = open(path, O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &raw) < 0)
		return say(-1);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	chmod(path, 0600);
	publish(file, path);
	while (poll(&p, 1, -1) > 0) {
		if (p.revents & POLLIN && read(master, in, sizeof(in)) < 0)
			break;
		if (p.revents & POLLOUT &&
		    write(master, "0123456789abcdef", 16) < 0)
			break;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "look"))
		return look(argv[2]);
	if (!strcmp(what, "open") && argc > 3)
		return open_as(argv[2], argv[3]);
	if (!strcmp(what, "read") && argc > 3)
		return read_some(argv[2], (size_t)atoi(argv[3]), false,
				 argv[4]);
	if (!strcmp(what, "ask") && argc > 3)
		return read_some(argv[2], (size_t)atoi(argv[3]), true, argv[4]);
	if (!strcmp(what, "quiet"))
		return quiet(argv[2]);
	if (!strcmp(what, "mknod") && argc > 4)
		return make_node(argv[2], argv[3], argv[4]);
	if (!strcmp(what, "listen"))
		return reach(argv[2]);
	if (!strcmp(what, "egd"))
		return ask_egd(argv[2]);
	if (!strcmp(what, "hang"))
		return hang(argv[2]);
	if (!strcmp(what, "fuse") && argc > 3)
		return mount_fuse(argv[2], argv[3]);
	if (!strcmp(what, "take"))
		return take(argv[2]);
	if (!strcmp(what, "serve"))
		return serve(argv[2]);
	return 2;
}

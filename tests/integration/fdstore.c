/*
 * fdstore.c - plays the service manager's part of a file descriptor store
 *
 * fdstore FOLDER COMMAND [ARG...]   runs COMMAND with NOTIFY_SOCKET, keeps
 *     what it stores, and whenever it ends runs it again with LISTEN_FDS, as
 *     systemd does for a unit with FileDescriptorStoreMax= and Restart=, until
 *     FOLDER/hostd.last is there; not while FOLDER/hostd.hold is.  Its process
 *     id is in FOLDER/hostd.pid, the names of what is kept in FOLDER/store.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX	       256
#define STORE_NAME_MAX 64
#define LOOK_MS	       20

static struct {
	int fd;
	char name[STORE_NAME_MAX];
	bool polled; /* dropped when it is hung up */
} kept[FDS_MAX];
static int kept_count;
static const char *folder;

static const char *at(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

/* A file appears whole. */
static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at("fdstore.new"), "we");

	if (!f)
		return;
	fputs(text, f);
	fclose(f);
	rename(at("fdstore.new"), at(name));
}

static void list_kept(void)
{
	static char text[FDS_MAX * (STORE_NAME_MAX + 1)];
	size_t len = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < kept_count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n",
					kept[i].name);
	write_file("store", text);
}

static void forget(int i)
{
	close(kept[i].fd);
	kept_count--;
	memmove(&kept[i], &kept[i + 1],
		(size_t)(kept_count - i) * sizeof(kept[0]));
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	/* all masters of terminals are one file by name */
	if (fstat(a, &x) == 0 && S_ISCHR(x.st_mode))
		return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b) ==
		       0;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static void keep(const char *name, int fd, bool polled)
{
	int i;

	for (i = 0; i < kept_count; i++) {
		if (same_file(kept[i].fd, fd)) {
			close(fd);
			return;
		}
	}
	if (kept_count == FDS_MAX) {
		close(fd);
		return;
	}
	kept[kept_count].fd = fd;
	kept[kept_count].polled = polled;
	snprintf(kept[kept_count].name, sizeof(kept[0].name), "%s", name);
	kept_count++;
}

/* One notification with at most one descriptor (-1: none). */
static void act_on(char *text, int fd)
{
	bool store = false, remove = false, polled = true;
	char *line, *rest = NULL, name[STORE_NAME_MAX] = "stored";
	int i;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		store |= !strcmp(line, "FDSTORE=1");
		remove |= !strcmp(line, "FDSTOREREMOVE=1");
		polled &= strcmp(line, "FDPOLL=0") != 0;
		if (!strncmp(line, "FDNAME=", 7))
			snprintf(name, sizeof(name), "%.*s", STORE_NAME_MAX - 1,
				 line + 7);
	}
	if (store && fd >= 0)
		keep(name, fd, polled);
	else if (fd >= 0)
		close(fd);
	for (i = kept_count - 1; remove && i >= 0; i--)
		if (!strcmp(kept[i].name, name))
			forget(i);
	if (store || remove)
		list_kept();
}

/* False: nothing more has come. */
static bool receive(int notify)
{
	char text[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(notify, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;
	int fd = -1;

	if (n < 0)
		return false;
	text[n] = '\0';
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	act_on(text, fd);
	return true;
}

/* As the service manager does: a socket whose other end is gone goes. */
static void forget_hung_up(void)
{
	struct pollfd p = { .events = 0 };
	int i;

	for (i = kept_count - 1; i >= 0; i--) {
		p.fd = kept[i].fd;
		if (kept[i].polled && poll(&p, 1, 0) == 1 &&
		    (p.revents & (POLLHUP | POLLERR)))
			forget(i);
	}
}

static int notify_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", at("notify"));
	unlink(sa.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	setenv("NOTIFY_SOCKET", sa.sun_path, 1);
	return fd;
}

/* Descriptors 3, 4, ... in the order of their names. */
static void give_fds(void)
{
	static char names[FDS_MAX * (STORE_NAME_MAX + 1)];
	char number[16];
	size_t len = 0;
	int i, high;

	for (i = 0; i < kept_count; i++) {
		high = fcntl(kept[i].fd, F_DUPFD, 3 + FDS_MAX);
		kept[i].fd = high;
		len += (size_t)snprintf(names + len, sizeof(names) - len,
					"%s%s", i ? ":" : "", kept[i].name);
	}
	for (i = 0; i < kept_count; i++)
		dup2(kept[i].fd, 3 + i);
	close_range(3 + (unsigned int)kept_count, ~0u, 0);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%d", kept_count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

static pid_t run(char *argv[])
{
	char text[16];
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		give_fds();
		execv(argv[0], argv);
		_exit(127);
	}
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	write_file("hostd.pid", text);
	return pid;
}

static bool is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

/* Until the process ended. */
static void attend(int notify, pid_t pid)
{
	struct pollfd p = { .fd = notify, .events = POLLIN };
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		poll(&p, 1, LOOK_MS);
		while (receive(notify))
			;
		forget_hung_up();
	}
	while (receive(notify))
		;
	printf("fdstore: the agent ended: %s %d\n",
	       WIFSIGNALED(status) ? "signal" : "status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	fflush(stdout);
	unlink(at("hostd.pid"));
}

int main(int argc, char *argv[])
{
	int notify;

	if (argc < 3) {
		fprintf(stderr, "fdstore: see the head of fdstore.c\n");
		return 2;
	}
	folder = argv[1];
	notify = notify_socket();
	if (notify < 0) {
		perror("fdstore");
		return 1;
	}
	while (!is_there("hostd.last")) {
		if (is_there("hostd.hold"))
			usleep(LOOK_MS * 1000);
		else
			attend(notify, run(argv + 2));
	}
	return 0;
}

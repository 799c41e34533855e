/*
 * faultrun.c - runs a program whose system calls fail now and then
 *
 * faultrun SEED ONE_IN FOLDER COMMAND [ARG...]
 *
 * COMMAND takes this process's place.  A supervisor, which the kernel asks
 * about some of its calls (seccomp user notification), lets one in ONE_IN of
 * them fail as the kernel may: sends that take a part (it sends that part
 * itself), or nothing; no memory for a connection; no memory to lock.  Only
 * this process's calls, also after it replaced itself, not its children's.
 * FOLDER/faults gets a line for each; none fails while FOLDER/calm is there.
 * The supervisor ends with the program.
 * Needs the right to look into the program: root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEND_MAX 256
#define FDS_MAX	 1024

struct faults {
	int notify, log, folder;
	pid_t pid; /* whose calls fail */
	uint64_t seed;
	unsigned int one_in;
};

static unsigned int roll(struct faults *f, unsigned int below)
{
	f->seed ^= f->seed >> 12;
	f->seed ^= f->seed << 25;
	f->seed ^= f->seed >> 27;
	return (unsigned int)((f->seed * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static int filter_install(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvfrom, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mlock, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mlock2, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	static struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* The first part of what the program wanted to send, sent for it. */
static int64_t send_part(struct faults *f, const struct seccomp_notif *n)
{
	uint64_t id = n->id;
	uint8_t data[SEND_MAX];
	size_t len = n->data.args[2];
	struct iovec to = { data, 0 };
	struct iovec from = { (void *)(uintptr_t)n->data.args[1], 0 };
	int pidfd, fd = -1;
	ssize_t sent = -1;

	if (len < 2 || len > sizeof(data))
		return -EAGAIN;
	to.iov_len = from.iov_len = 1 + roll(f, (unsigned int)len - 1);
	pidfd = (int)syscall(SYS_pidfd_open, f->pid, 0);
	if (pidfd >= 0)
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)n->data.args[0],
				  0);
	if (fd >= 0 &&
	    process_vm_readv(f->pid, &to, 1, &from, 1, 0) ==
		    (ssize_t)to.iov_len &&
	    ioctl(f->notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0)
		sent = send(fd, data, to.iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (fd >= 0)
		close(fd);
	if (pidfd >= 0)
		close(pidfd);
	return sent < 0 ? -EAGAIN : sent;
}

/* What the call returns instead; *what: in words. */
static int64_t fault(struct faults *f, const struct seccomp_notif *n,
		     const char **what)
{
	static const int sends[] = { EAGAIN, EINTR, ENOBUFS, ENOMEM };
	static const int accepts[] = { ENOMEM, EMFILE, ECONNABORTED };
	static const int reads[] = { EAGAIN, EINTR, ENOMEM };

	switch (n->data.nr) {
	case SYS_sendto:
		*what = "send: a part";
		if (roll(f, 2))
			return send_part(f, n);
		*what = "send";
		return -sends[roll(f, 4)];
	case SYS_recvfrom:
		*what = "recv";
		return -reads[roll(f, 3)];
	case SYS_accept4:
		*what = "accept";
		return -accepts[roll(f, 3)];
	default:
		*what = "mlock";
		return -ENOMEM;
	}
}

static void answer(struct faults *f, const struct seccomp_notif *n)
{
	struct seccomp_notif_resp r = { .id = n->id };
	const char *what = NULL;
	int64_t result;
	char line[64];
	int len;

	if ((pid_t)n->pid != f->pid || roll(f, f->one_in) ||
	    faccessat(f->folder, "calm", F_OK, 0) == 0) {
		r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(f->notify, SECCOMP_IOCTL_NOTIF_SEND, &r);
		return;
	}
	result = fault(f, n, &what);
	if (result < 0)
		r.error = (int32_t)result;
	else
		r.val = result;
	len = snprintf(line, sizeof(line), "%s %s\n", what,
		       result < 0 ? strerrorname_np((int)-result) : "done");
	if (write(f->log, line, (size_t)len) != len)
		perror("faultrun");
	ioctl(f->notify, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

static void supervise(struct faults *f)
{
	struct pollfd p = { .fd = f->notify, .events = POLLIN };
	struct seccomp_notif n;

	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return;
		if (p.revents & POLLIN) {
			memset(&n, 0, sizeof(n));
			if (ioctl(f->notify, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0)
				answer(f, &n);
		} else if (p.revents) {
			return; /* nobody is left */
		}
	}
}

/* One descriptor over a socket; by sendmsg(2), which is not asked about. */
static int pass(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

static int passed(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

/* What the program was given, sockets of peers among them, is not ours. */
static void close_others(const struct faults *f, int sock)
{
	int fd;

	for (fd = 3; fd < FDS_MAX; fd++)
		if (fd != sock && fd != f->log && fd != f->folder)
			close(fd);
}

/* No child of the program, which would wonder about it. */
static void supervisor_start(struct faults *f, int sock)
{
	pid_t pid = fork();

	if (pid != 0) {
		if (pid > 0)
			waitpid(pid, NULL, 0);
		return;
	}
	if (fork() != 0)
		_exit(0);
	/* Descriptors and sockets of the program are none of its. */
	close_others(f, sock);
	f->notify = passed(sock);
	if (f->notify >= 0)
		supervise(f);
	_exit(0);
}

static int fail(const char *what)
{
	fprintf(stderr, "faultrun: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char *argv[])
{
	struct faults f = { .pid = getpid() };
	int sock[2], notify;

	if (argc < 5) {
		fprintf(stderr, "faultrun: see the head of faultrun.c\n");
		return 2;
	}
	f.seed = strtoull(argv[1], NULL, 10) * 2 + 1;
	f.one_in = (unsigned int)atoi(argv[2]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0)
		return fail("socketpair");
	f.folder = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f.log = openat(f.folder, "faults",
		       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (f.log < 0 || !f.one_in)
		return fail(argv[3]);
	supervisor_start(&f, sock[1]);
	notify = filter_install();
	if (notify < 0 || pass(sock[0], notify) < 0)
		return fail("seccomp");
	close(notify);
	close(sock[0]);
	close(sock[1]);
	close(f.log);
	close(f.folder);
	execv(argv[4], argv + 4);
	return fail(argv[4]);
}

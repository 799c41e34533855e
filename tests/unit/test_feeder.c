/*
 * test_feeder.c - frames, the real feeder process, and its walls
 *
 * As root the ioctls go to this machine's kernel: mixing bytes in can hurt
 * nobody.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/random.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/caps.h"
#include "guest-agent/confine.h"
#include "guest-agent/container.h"
#include "guest-agent/feeder.h"
#include "tests/unit/testrand.h"

static struct feeder_frame good_frame(void)
{
	struct feeder_frame f = {
		.magic = FEEDER_MAGIC,
		.credit_bits = 0,
		.size = 64,
	};

	memset(f.data, 0x5a, sizeof(f.data));
	return f;
}

static int check(int32_t credit, int32_t size)
{
	struct feeder_frame f = good_frame();

	f.credit_bits = credit;
	f.size = size;
	return feeder_check_frame(&f);
}

Test(feeder_frame, sizes_of_1_to_512_pass)
{
	cr_assert_eq(check(0, 1), 0);
	cr_assert_eq(check(0, 64), 0);
	cr_assert_eq(check(0, FEEDER_PAYLOAD_MAX), 0);
}

Test(feeder_frame, every_other_size_is_refused)
{
	cr_assert_eq(check(0, 0), -EMSGSIZE);
	cr_assert_eq(check(0, -1), -EMSGSIZE);
	cr_assert_eq(check(0, FEEDER_PAYLOAD_MAX + 1), -EMSGSIZE);
	cr_assert_eq(check(0, INT32_MAX), -EMSGSIZE);
	cr_assert_eq(check(0, INT32_MIN), -EMSGSIZE);
}

Test(feeder_frame, credit_up_to_8_bits_a_byte_passes)
{
	cr_assert_eq(check(8, 1), 0);
	cr_assert_eq(check(512, 64), 0);
	cr_assert_eq(check(4096, 512), 0);
}

Test(feeder_frame, every_other_credit_is_refused)
{
	cr_assert_eq(check(9, 1), -ERANGE);
	cr_assert_eq(check(513, 64), -ERANGE);
	cr_assert_eq(check(4097, 512), -ERANGE);
	cr_assert_eq(check(-1, 64), -ERANGE);
	cr_assert_eq(check(INT32_MAX, 64), -ERANGE);
	cr_assert_eq(check(INT32_MIN, 64), -ERANGE);
}

Test(feeder_frame, wrong_magic_is_refused)
{
	struct feeder_frame f = good_frame();

	f.magic ^= 1;
	cr_assert_eq(feeder_check_frame(&f), -EPROTO);
}

/* Runs the child's loop in this process on what is in a pipe. */
static int serve(const void *bytes, size_t len, struct feeder_reply *reply)
{
	struct feeder_frame work;
	int in[2], out[2], r;

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	cr_assert_eq(write(in[1], bytes, len), (ssize_t)len);
	close(in[1]);
	r = feeder_serve(in[0], out[1], -1, &work);
	close(out[1]);
	if (read(out[0], reply, sizeof(*reply)) != sizeof(*reply))
		memset(reply, 0, sizeof(*reply));
	close(in[0]);
	close(out[0]);
	for (size_t i = 0; i < sizeof(work.data); i++)
		cr_assert_eq(work.data[i], 0);
	return r;
}

Test(feeder_serve, end_of_the_pipe_is_the_end)
{
	struct feeder_reply reply;

	cr_assert_eq(serve("", 0, &reply), 0);
	cr_assert_eq(reply.magic, 0);
}

Test(feeder_serve, frame_cut_short_ends_it_without_a_reply)
{
	struct feeder_frame f = good_frame();
	struct feeder_reply reply;

	cr_assert_eq(serve(&f, sizeof(f) - 1, &reply), -EPROTO);
	cr_assert_eq(reply.magic, 0);
	cr_assert_eq(serve(&f, 1, &reply), -EPROTO);
}

Test(feeder_serve, refused_frame_is_answered_and_ends_it)
{
	struct feeder_frame f[2] = { good_frame(), good_frame() };
	struct feeder_reply reply;

	f[0].credit_bits = 513;
	cr_assert_eq(serve(f, sizeof(f), &reply), -EPROTO);
	cr_assert_eq(reply.magic, FEEDER_REPLY_MAGIC);
	cr_assert_eq(reply.add, -ERANGE);
}

Test(feeder_serve, error_of_the_kernel_is_told_and_is_not_the_end)
{
	struct feeder_frame f = good_frame();
	struct feeder_reply reply;

	cr_assert_eq(serve(&f, sizeof(f), &reply), 0);
	cr_assert_eq(reply.add, -EBADF);
	cr_assert_eq(reply.reseed, 0);
}

/* Of /proc/PID/status. */
static unsigned long long field_of(pid_t pid, const char *name, int base)
{
	char path[64], line[256];
	unsigned long long value = ~0ULL;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "r");
	cr_assert_not_null(in);
	while (fgets(line, sizeof(line), in)) {
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name), NULL, base);
	}
	fclose(in);
	return value;
}

static int may_feed(void)
{
	unsigned long long caps = field_of(getpid(), "CapEff:", 16);

	return (caps >> CAP_SYS_ADMIN & 1) && !container_foreign_userns("");
}

/* Where the kernel may not be fed there is no feeder. */
static void start(struct feeder *f, bool sandbox)
{
	if (!may_feed())
		cr_skip_test("this machine may not feed its kernel");
	cr_assert_eq(feeder_start(f, sandbox), 0);
	cr_assert_eq(f->stage, FEEDER_READY);
}

Test(feeder, feeds_the_kernel_again_and_again)
{
	struct testrand rng = testrand_new("feeder");
	uint8_t bytes[FEEDER_PAYLOAD_MAX];
	struct feeder_reply reply;
	struct feeder f;

	start(&f, true);
	for (size_t len = 1; len <= sizeof(bytes); len *= 2) {
		testrand_fill(&rng, bytes, len);
		cr_assert_eq(feeder_feed(&f, bytes, len, 0, &reply), 0);
		cr_assert_eq(reply.add, 0);
		cr_assert_eq(reply.reseed, 0);
	}
	feeder_stop(&f);
}

Test(feeder, keeps_one_capability_and_four_system_calls)
{
	struct feeder f;
	const unsigned long long wanted = 1ULL << CAP_SYS_ADMIN;

	start(&f, true);
	cr_assert_eq(field_of(f.pid, "Seccomp:", 10), 2);
	cr_assert_eq(field_of(f.pid, "NoNewPrivs:", 10), 1);
	cr_assert_eq(field_of(f.pid, "CapEff:", 16), wanted);
	cr_assert_eq(field_of(f.pid, "CapPrm:", 16), wanted);
	cr_assert_eq(field_of(f.pid, "CapInh:", 16), 0);
	feeder_stop(&f);
}

Test(feeder, sandbox_that_is_off_leaves_no_filter_and_no_more_capabilities)
{
	struct feeder f;

	start(&f, false);
	cr_assert_eq(field_of(f.pid, "Seccomp:", 10),
		     field_of(getpid(), "Seccomp:", 10));
	cr_assert_eq(field_of(f.pid, "CapPrm:", 16), 1ULL << CAP_SYS_ADMIN);
	feeder_stop(&f);
}

static int prove(void)
{
	int rng = open("/dev/random", O_RDONLY | O_CLOEXEC), r;

	r = rng < 0 ? -errno : feeder_prove_permission(rng);
	close(rng);
	return r;
}

Test(feeder, permission_is_proven_without_a_feed)
{
	cr_assert_eq(prove(), may_feed() ? 0 : -EPERM);
	cr_assert_eq(feeder_prove_permission(-1), -EBADF);
}

/* The kernel looks at the ioctl, not at the open. */
Test(feeder, open_descriptor_alone_permits_nothing)
{
	int rng = open("/dev/random", O_RDWR | O_CLOEXEC);

	cr_assert(rng >= 0);
	cr_assert_eq(caps_limit_proven(CAPS_NONE), 0);
	cr_assert_eq(feeder_prove_permission(rng), -EPERM);
	close(rng);
}

/* What knows the ioctl not, or takes what Linux refuses, is not believed. */
Test(feeder, kernel_of_another_kind_is_refused)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(feeder_prove_permission(null), -ENOTTY);
	close(null);
}

Test(feeder, without_the_capability_it_does_not_start)
{
	struct feeder f;

	cr_assert_eq(caps_limit_proven(CAPS_NONE), 0);
	cr_assert_eq(feeder_start(&f, true), -EPERM);
	cr_assert_eq(f.stage, FEEDER_PERMISSION);
	cr_assert_eq(f.to, -1);
	cr_assert_eq(f.pid, 0);
	cr_assert_eq(feeder_start(&f, false), -EPERM);
	cr_assert_eq(f.stage, FEEDER_PERMISSION);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a process was left");
}

Test(feeder, without_locked_memory_it_does_not_start)
{
	const struct rlimit none = { 0, 0 };
	struct feeder f;

	cr_assert_eq(caps_limit_proven(CAPS_NONE), 0);
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	cr_assert_eq(feeder_start(&f, true), -EPERM);
	cr_assert_eq(f.stage, FEEDER_MEMORY);
}

Test(feeder, without_pipes_it_does_not_start)
{
	struct rlimit limit, none;
	struct feeder f;
	int r;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = feeder_start(&f, true);
	/* Criterion needs some. */
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(r, -EMFILE);
	cr_assert_eq(f.stage, FEEDER_PROCESS);
	cr_assert_eq(f.to, -1);
}

Test(feeder, keeps_three_descriptors)
{
	char path[64];
	int open_fds = 0;
	struct feeder f;

	/* Whoever started us left some open, between and far above ours. */
	cr_assert_eq(dup2(0, 700), 700);
	cr_assert_eq(dup2(0, 30), 30);
	start(&f, true);
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)f.pid, fd);
		open_fds += faccessat(AT_FDCWD, path, F_OK,
				      AT_SYMLINK_NOFOLLOW) == 0;
	}
	cr_assert_eq(open_fds, 3);
	feeder_stop(&f);
}

Test(feeder, parent_refuses_what_the_child_would)
{
	uint8_t bytes[FEEDER_PAYLOAD_MAX + 1] = { 0 };
	struct feeder_reply reply;
	struct feeder f;

	start(&f, true);
	cr_assert_eq(feeder_feed(&f, bytes, 0, 0, &reply), -EINVAL);
	cr_assert_eq(feeder_feed(&f, bytes, sizeof(bytes), 0, &reply), -EINVAL);
	cr_assert_eq(feeder_feed(&f, bytes, 64, 513, &reply), -EINVAL);
	cr_assert_eq(feeder_feed(&f, bytes, 64, 0, &reply), 0);
	feeder_stop(&f);
}

Test(feeder, malformed_frame_ends_the_process)
{
	struct feeder_frame bad = good_frame();
	struct feeder_reply reply;
	struct feeder f;
	int status;

	start(&f, true);
	bad.size = FEEDER_PAYLOAD_MAX + 1;
	cr_assert_eq(write(f.to, &bad, sizeof(bad)), (ssize_t)sizeof(bad));
	cr_assert_eq(read(f.from, &reply, sizeof(reply)),
		     (ssize_t)sizeof(reply));
	cr_assert_eq(reply.add, -EMSGSIZE);
	cr_assert_eq(waitpid(f.pid, &status, 0), f.pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 1);
	f.pid = 0;
	feeder_stop(&f);
}

Test(feeder, signals_do_not_end_it)
{
	uint8_t bytes[64] = { 1, 2, 3 };
	struct feeder_reply reply;
	struct feeder f;

	start(&f, true);
	kill(f.pid, SIGTERM);
	kill(f.pid, SIGINT);
	cr_assert_eq(feeder_feed(&f, bytes, sizeof(bytes), 0, &reply), 0);
	feeder_stop(&f);
}

Test(feeder, dead_feeder_is_an_error_and_stays_one)
{
	uint8_t bytes[64] = { 1, 2, 3 };
	struct feeder_reply reply;
	struct feeder f;

	signal(SIGPIPE, SIG_IGN);
	start(&f, true);
	kill(f.pid, SIGKILL);
	waitpid(f.pid, NULL, 0);
	f.pid = 0;
	cr_assert_eq(feeder_feed(&f, bytes, sizeof(bytes), 0, &reply), -EPIPE);
	cr_assert_eq(feeder_feed(&f, bytes, sizeof(bytes), 0, &reply), -EPIPE);
	feeder_stop(&f);
}

/* How a confined child ends after doing act. */
static int confined(void (*act)(int rng))
{
	int rng = open("/dev/random", O_RDONLY | O_CLOEXEC), status;
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (!pid) {
		if (confine_syscalls())
			_exit(9);
		act(rng);
		confine_exit(0);
	}
	close(rng);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void make_allowed_calls(int rng)
{
	struct {
		int bits, size;
		uint8_t data[16];
	} pool = { 0, sizeof(pool.data), { 0 } };
	char byte;

	ioctl(rng, RNDADDENTROPY, &pool);
	ioctl(rng, RNDRESEEDCRNG);
	if (read(-1, &byte, 1) != -1 || write(-1, &byte, 1) != -1)
		confine_exit(1);
}

static void call_getpid(int rng)
{
	(void)rng;
	syscall(SYS_getpid);
}

static void call_openat(int rng)
{
	(void)rng;
	syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
}

static void zap_counter(int rng)
{
	ioctl(rng, RNDZAPENTCNT);
}

static void get_counter(int rng)
{
	int bits;

	ioctl(rng, RNDGETENTCNT, &bits);
}

static void add_to_counter(int rng)
{
	int bits = 0;

	ioctl(rng, RNDADDTOENTCNT, &bits);
}

Test(feeder_walls, the_two_ioctls_read_and_write_are_allowed)
{
	int status = confined(make_allowed_calls);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
}

static void ask_whether_it_works(int rng)
{
	(void)rng;
	if (confine_effective())
		confine_exit(1);
}

Test(feeder_walls, filter_tells_that_it_works)
{
	int status = confined(ask_whether_it_works);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(confine_effective(), -EOPNOTSUPP, "there is none here");
}

Test(feeder_walls, every_other_call_kills)
{
	static void (*const acts[])(int) = {
		call_getpid, call_openat,    zap_counter,
		get_counter, add_to_counter,
	};
	int status;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		status = confined(acts[i]);
		cr_assert(WIFSIGNALED(status), "act %zu", i);
		cr_assert_eq(WTERMSIG(status), SIGSYS, "act %zu", i);
	}
}

Test(feeder_walls, ioctl_numbers_are_those_of_the_kernel)
{
	cr_assert_eq((unsigned int)RNDRESEEDCRNG, 0x5207);
#if defined(__x86_64__) || defined(__aarch64__)
	cr_assert_eq((unsigned int)RNDADDENTROPY, 0x40085203);
#endif
}

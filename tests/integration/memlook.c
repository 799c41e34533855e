/*
 * memlook.c - looks for secrets where none may be
 *
 * memlook snapshot PID FILE      writes what the process's secmem holds (pages
 *     that are locked, left out of cores and wiped on fork) to FILE
 * memlook scan FILE MAX SECRET...   counts the places of FILE that hold 16 bytes
 *     of a SECRET file, at whatever offsets; status 1 if there are more than MAX
 * memlook dumpable PID           makes the process itself undo PR_SET_DUMPABLE
 *     0, so that the kernel will write a core of it
 * memlook watch PID SECRET...    says "watching", then follows the process to
 *     its end or exec, stopping it as it enters each munmap(2), execve(2) and
 *     exit_group(2): "released N unclean N" counts secmem that was unmapped, and
 *     how much of that was not all zeros; "EVENT hits N" the places of all
 *     its writable memory that held 16 bytes of a SECRET or of what its
 *     secmem held at the start, but for its stack, which is "stack N":
 *     a signal's frame there has the vector registers of that moment
 *
 * Zeros, text and the like are in no secret that counts: windows of 16 bytes
 * with a zero byte, with fewer than 10 different ones or of ASCII only are
 * passed over, which leaves 93 % of those of random bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW	  16
#define CHUNK	  (1u << 20)
#define SECRETS	  (16u << 20) /* bytes of all secrets together */
#define SLOTS	  (2 * SECRETS)
#define MAPS_MAX  4096
#define SHOWN_MAX 4

/* A set of windows, by hash; 0 is an empty slot. */
static uint64_t *set;
static size_t set_used;

static int fail(const char *what)
{
	fprintf(stderr, "memlook: %s: %s\n", what, strerror(errno));
	return 2;
}

static bool counts(const uint8_t *w)
{
	uint64_t seen[4] = { 0 };
	int i, different = 0, ascii = 0;

	for (i = 0; i < WINDOW; i++) {
		uint64_t bit = 1ull << (w[i] & 63);

		if (w[i] == 0)
			return false;
		different += !(seen[w[i] >> 6] & bit);
		seen[w[i] >> 6] |= bit;
		ascii += w[i] < 128;
	}
	return different >= 10 && ascii < WINDOW;
}

static uint64_t hash(const uint8_t *w)
{
	uint64_t a, b;

	memcpy(&a, w, 8);
	memcpy(&b, w + 8, 8);
	a = (a ^ (b << 31 | b >> 33)) * 0x9e3779b97f4a7c15u;
	a = (a ^ a >> 29 ^ b) * 0xbf58476d1ce4e5b9u;
	return (a ^ a >> 32) | 1;
}

/* The slot that holds h, or the empty one where it would be. */
static uint64_t *slot(uint64_t h)
{
	size_t i = (h >> 8) % SLOTS;

	while (set[i] && set[i] != h)
		i = (i + 1) % SLOTS;
	return &set[i];
}

static int learn(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i + WINDOW <= len; i++) {
		uint64_t *s;

		if (!counts(buf + i))
			continue;
		s = slot(hash(buf + i));
		if (*s)
			continue;
		errno = E2BIG;
		if (++set_used > SECRETS)
			return fail("secrets");
		*s = hash(buf + i);
	}
	return 0;
}

static uint64_t find(const uint8_t *buf, size_t len, const char *name,
		     uint64_t at)
{
	static int shown;
	uint64_t hits = 0;

	for (size_t i = 0; i + WINDOW <= len; i++) {
		if (!counts(buf + i) || !*slot(hash(buf + i)))
			continue;
		if (!hits++ && shown++ < SHOWN_MAX)
			fprintf(stderr,
				"memlook: %s: a secret at 0x%" PRIx64 "\n",
				name, at + i);
	}
	return hits;
}

/*
 * Hands [from, to) of an open file to fn, pieces overlapping by a window.  What
 * cannot be read is passed over by pages.
 */
struct walk {
	const char *name;
	bool learn;
	uint64_t hits;
	bool nonzero;
};

static int walk(int fd, uint64_t from, uint64_t to, struct walk *w)
{
	static uint8_t buf[CHUNK];
	size_t kept = 0;

	while (from < to) {
		size_t want = to - from < CHUNK - kept ? to - from
						       : CHUNK - kept;
		ssize_t n = pread(fd, buf + kept, want, (off_t)from);

		if (n <= 0) {
			from = (from + 4096) & ~4095ull;
			kept = 0;
			continue;
		}
		for (ssize_t i = 0; i < n; i++)
			w->nonzero |= buf[kept + (size_t)i] != 0;
		if (w->learn && learn(buf, kept + (size_t)n))
			return -1;
		if (!w->learn)
			w->hits += find(buf, kept + (size_t)n, w->name,
					from - kept);
		from += (uint64_t)n;
		kept += (size_t)n;
		if (kept >= WINDOW) {
			memmove(buf, buf + kept - (WINDOW - 1), WINDOW - 1);
			kept = WINDOW - 1;
		}
	}
	return 0;
}

static int walk_file(const char *path, struct walk *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size < 0)
		return fail(path);
	w->name = path;
	r = walk(fd, 0, (uint64_t)size, w);
	close(fd);
	return r ? 2 : 0;
}

static int learn_files(int count, char *paths[])
{
	struct walk w = { .learn = true };

	set = calloc(SLOTS, sizeof(*set));
	if (!set)
		return fail("memory");
	for (int i = 0; i < count; i++)
		if (walk_file(paths[i], &w))
			return 2;
	return 0;
}

/* Mappings, as in smaps. */
struct map {
	uint64_t from, to;
	bool readable, writable, secmem, stack;
};
static struct map maps[MAPS_MAX];
static size_t maps_count;

static int read_maps(pid_t pid)
{
	char path[64], line[1024], perms[5];
	struct map *m = NULL;
	uint64_t from, to;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return fail(path);
	maps_count = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s ", &from, &to,
			   perms) == 3 &&
		    maps_count < MAPS_MAX) {
			m = &maps[maps_count++];
			*m = (struct map){ from,
					   to,
					   perms[0] == 'r',
					   perms[1] == 'w',
					   false,
					   strstr(line, "[stack]") };
		} else if (m && !strncmp(line, "VmFlags:", 8)) {
			m->secmem = strstr(line, " lo") &&
				    strstr(line, " dd") && strstr(line, " wf");
		}
	}
	fclose(f);
	return 0;
}

static int open_memory(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	return fd;
}

static int copy_range(int from, const struct map *m, FILE *to)
{
	static uint8_t page[4096];

	for (uint64_t at = m->from; at < m->to; at += sizeof(page))
		if (pread(from, page, sizeof(page), (off_t)at) !=
			    sizeof(page) ||
		    fwrite(page, sizeof(page), 1, to) != 1)
			return -1;
	return 0;
}

static int copy_secmem(int fd, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < maps_count; i++) {
		if (!maps[i].secmem)
			continue;
		n++;
		if (copy_range(fd, &maps[i], out))
			return fail("copy");
	}
	printf("secmem %zu\n", n);
	return n ? 0 : 1;
}

static int snapshot(pid_t pid, const char *path)
{
	FILE *out = fopen(path, "we");
	int fd, r = 2;

	if (!out)
		return fail(path);
	fd = open_memory(pid);
	if (fd >= 0 && !read_maps(pid))
		r = copy_secmem(fd, out);
	if (fd >= 0)
		close(fd);
	return fclose(out) ? fail(path) : r;
}

static int scan(const char *path, uint64_t max, int count, char *secrets[])
{
	struct walk w = { .learn = false };

	if (learn_files(count, secrets) || walk_file(path, &w))
		return 2;
	printf("windows %zu hits %" PRIu64 "\n", set_used, w.hits);
	return w.hits > max ? 1 : 0;
}

/* Stops it; 0 or 2. */
static int seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 ||
	    waitpid(pid, &status, __WALL) != pid)
		return fail("ptrace");
	return 0;
}

#ifdef __x86_64__
/* It was interrupted in a system call, so the instruction is behind it. */
static int dumpable(pid_t pid)
{
	struct user_regs_struct was, regs;
	uint16_t code;
	int status;

	if (seize(pid) || ptrace(PTRACE_GETREGS, pid, 0, &was) < 0)
		return fail("registers");
	regs = was;
	regs.rip -= 2;
	code = (uint16_t)ptrace(PTRACE_PEEKTEXT, pid, regs.rip, 0);
	errno = ENOEXEC;
	if (code != 0x050f)
		return fail("not in a system call");
	regs.rax = SYS_prctl;
	regs.orig_rax = (unsigned long long)-1;
	regs.rdi = PR_SET_DUMPABLE;
	regs.rsi = 1;
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0 ||
	    ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0 ||
	    waitpid(pid, &status, __WALL) != pid ||
	    ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		return fail("step");
	ptrace(PTRACE_SETREGS, pid, 0, &was);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	printf("prctl %lld\n", (long long)regs.rax);
	return regs.rax ? 1 : 0;
}
#else
static int dumpable(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return fail("dumpable");
}
#endif

struct watch {
	pid_t pid;
	int mem;
	uint64_t released, unclean;
};

/* What of secmem lies in [from, to)? */
static void see_munmap(struct watch *w, uint64_t from, uint64_t to)
{
	if (read_maps(w->pid))
		return;
	for (size_t i = 0; i < maps_count; i++) {
		struct walk look = { .name = "released" };

		if (!maps[i].secmem || maps[i].to <= from || maps[i].from >= to)
			continue;
		w->released++;
		walk(w->mem, maps[i].from, maps[i].to, &look);
		w->unclean += look.nonzero;
	}
}

static void see_all(struct watch *w, const char *event)
{
	struct walk look = { .name = event }, stack = { .name = "stack" };
	uint64_t left = 0;

	if (read_maps(w->pid))
		return;
	for (size_t i = 0; i < maps_count; i++) {
		left += maps[i].secmem;
		if (maps[i].readable && maps[i].writable)
			walk(w->mem, maps[i].from, maps[i].to,
			     maps[i].stack ? &stack : &look);
	}
	printf("released %" PRIu64 " unclean %" PRIu64 " left %" PRIu64
	       "\n%s hits %" PRIu64 " stack %" PRIu64 "\n",
	       w->released, w->unclean, left, event, look.hits, stack.hits);
	fflush(stdout);
}

/* At a stop of system calls. */
static void see_call(struct watch *w)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, w->pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (info.entry.nr == SYS_munmap)
		see_munmap(w, info.entry.args[0],
			   info.entry.args[0] + info.entry.args[1]);
	else if (info.entry.nr == SYS_execve)
		see_all(w, "exec");
	else if (info.entry.nr == SYS_exit_group)
		see_all(w, "exit");
}

/* Follows it to its end or through exec.  0 or 2. */
static int follow(struct watch *w)
{
	int status = 0, sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, w->pid, 0, sig) < 0 ||
		    waitpid(w->pid, &status, __WALL) != w->pid)
			return fail("follow");
		sig = 0;
		if (!WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			see_call(w);
		else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			return ptrace(PTRACE_DETACH, w->pid, 0, 0) ? 2 : 0;
		else if (status >> 16 == 0)
			sig = WSTOPSIG(status);
	}
}

static int watch(pid_t pid, int count, char *secrets[])
{
	struct watch w = { .pid = pid };
	struct walk now = { .learn = true, .name = "secmem" };

	if (learn_files(count, secrets) || seize(pid) || read_maps(pid))
		return 2;
	w.mem = open_memory(pid);
	if (w.mem < 0)
		return 2;
	for (size_t i = 0; i < maps_count; i++)
		if (maps[i].secmem &&
		    walk(w.mem, maps[i].from, maps[i].to, &now))
			return 2;
	printf("watching: windows %zu\n", set_used);
	fflush(stdout);
	return follow(&w);
}

int main(int argc, char *argv[])
{
	if (argc == 4 && !strcmp(argv[1], "snapshot"))
		return snapshot(atoi(argv[2]), argv[3]);
	if (argc >= 5 && !strcmp(argv[1], "scan"))
		return scan(argv[2], strtoull(argv[3], NULL, 10), argc - 4,
			    argv + 4);
	if (argc == 3 && !strcmp(argv[1], "dumpable"))
		return dumpable(atoi(argv[2]));
	if (argc >= 3 && !strcmp(argv[1], "watch"))
		return watch(atoi(argv[2]), argc - 3, argv + 3);
	fputs("memlook: see its first lines\n", stderr);
	return 2;
}

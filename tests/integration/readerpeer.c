/*
 * readerpeer.c - the core's side of a reader or watcher, for tests
 *
 *	readerpeer [-p PORT] [-c CONTROL] STEP...
 *
 * It starts `$B/onerng-hostd --role ...` with the other end of a socketpair and
 * carries out the steps, each one argument; the first that fails ends it with
 * status 1 and a line that says why.  Every sample that arrives meanwhile must
 * be raw noise (readernoise.c), in sequence, without a gap since the last
 * RUNNING, and newer than all before it.  CONTROL is the simulator's control
 * socket.  Where a busy machine read so late that the device's full pool was
 * stirred, which only the simulator can tell, the rest of that run is not
 * looked at.
 *
 * What is waited for may take PATIENCE times as long as S says, if that is in
 * the environment.  An end may take S seconds and as long again as this process
 * was kept waiting meanwhile, and half a second where the machine is busy.
 *
 *	reader | watcher          starts it
 *	ctl WORD...               tells the simulator
 *	state NAME S [TEXT]       that state is reported within S seconds
 *	ident FIRMWARE S          the identity is, as last asked for
 *	hold                      from now on no identity is answered with RUN
 *	samples BYTES S           so many more samples arrive
 *	rate MIN MAX S            bytes a second, over S seconds
 *	none S                    no sample for S seconds
 *	skipped BYTES             before the next run so much noise is lost
 *	identify                  asks for the identity once more
 *	run | pause | stop | close | term | kill
 *	exit STATUS S             it ends so
 *	arrived PORT|any S | left PORT|any S | nothing S
 *	loose                     samples need not be the pattern any more
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/firmware.h"
#include "common/sealed.h"
#include "host-agent/rawmsg.h"

/* A sanitizer makes system calls of its own. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANDBOX "off"
#else
#define SANDBOX "kill"
#endif

#define WORDS_MAX 16
#define LOOK_MS	  5
#define BUSY_MS	  500
#define EXIT_MS	  60000 /* and it is not waited for any longer */

static const char *port = "1-1", *control, *step_text = "start";
static char binary_dir[512] = "build/opt";
static pid_t child;
static int link_fd = -1;
static struct rawmsg msg;

/* The stream so far. */
static uint64_t next_seq, samples;
static bool running, primed, loose, seen_any, hold;
static uint32_t last_record; /* the newest one seen whole */
static uint64_t min_skip, next_skip;
static uint8_t tail[4];
static unsigned int tail_len;
static uint64_t stirred_bytes; /* by the device, when last looked at */
static bool stirred;	       /* in this run */

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt,
								...)
{
	va_list ap;

	fprintf(stderr, "readerpeer %s: %s: ", port, step_text);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* What the simulated device counts; 0 without a simulator to ask. */
static uint64_t read_stirred(void)
{
	static const char name[] = "\"stirred_bytes\":";
	char line[4096], *at;
	FILE *f;

	if (!control)
		return 0;
	snprintf(line, sizeof(line), "'%s/onerng-sim' ctl '%s' '@%s' status",
		 binary_dir, control, strrchr(port, '-') + 1);
	f = popen(line, "re");
	if (!f || !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		pclose(f);
	at = strstr(line, name);
	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/*
 * Before a run begins: on a busy machine its first samples are stirred by the
 * time that it is reported.
 */
static void note_stirred(void)
{
	if (!loose)
		stirred_bytes = read_stirred();
}

/* True if the device's pool was stirred since the last look. */
static bool was_stirred(void)
{
	uint64_t now = read_stirred();

	if (now <= stirred_bytes)
		return false;
	fprintf(stderr, "# %s: read too late: %llu bytes were stirred\n", port,
		(unsigned long long)(now - stirred_bytes));
	stirred = true;
	return true;
}

static void check_record(uint32_t n)
{
	bool again = seen_any && n <= last_record;
	bool gap = primed && n != last_record + 1;

	if ((again || gap) && was_stirred())
		return;
	if (again)
		die("record %u again, behind %u", n, last_record);
	if (gap)
		die("gap in a run: record %u behind %u", n, last_record);
	if (!primed && (uint64_t)(n - last_record) * 4 < min_skip)
		die("stale: record %u behind %u, at least %llu bytes should "
		    "have passed",
		    n, last_record, (unsigned long long)min_skip);
	primed = seen_any = true;
	min_skip = 0;
	last_record = n;
}

/* A run may start inside a record: up to three bytes are skipped then. */
static void check_byte(uint8_t b)
{
	static const uint8_t tags[4] = { 0xc0, 0x80, 0x40, 0x00 };

	if (stirred)
		return;
	if (!primed && !tail_len && (b & 0xc0) != 0xc0)
		return;
	if ((b & 0xc0) != tags[tail_len]) {
		if (was_stirred())
			return;
		die("sample %llu is no raw noise: %02x (record %u before)",
		    (unsigned long long)samples, b, last_record);
	}
	tail[tail_len++] = b & 0x3f;
	if (tail_len < 4)
		return;
	tail_len = 0;
	check_record((uint32_t)tail[0] << 18 | (uint32_t)tail[1] << 12 |
		     (uint32_t)tail[2] << 6 | tail[3]);
}

static void take_samples(void)
{
	if (!running)
		die("%zu samples while not running", msg.len);
	if (msg.seq != next_seq)
		die("sequence %llu, not %llu", (unsigned long long)msg.seq,
		    (unsigned long long)next_seq);
	next_seq += msg.len;
	for (size_t i = 0; i < msg.len && !loose; i++)
		check_byte(msg.u.samples[i]);
	samples += msg.len;
}

static const char *const state_names[READER_STATES] = {
	"opening",    "checking", "running", "paused",
	"recovering", "failed",	  "gone",
};

static void take_state(void)
{
	uint32_t state = msg.u.state.s.state;

	fprintf(stderr, "# %s: %s: %.*s\n", port, state_names[state],
		(int)(msg.len - sizeof(msg.u.state.s)), msg.u.state.text);
	running = state == READER_RUNNING;
	primed = false;
	tail_len = 0;
	stirred = false;
	if (running) {
		min_skip = next_skip;
		next_skip = 0;
	} else {
		note_stirred();
	}
}

/* The image came along, sealed; unless told to hold, it is liked. */
static void take_ident(void)
{
	const uint8_t *image;
	int rc = sealed_map(msg.fd, FIRMWARE_IMAGE, &image);

	close(msg.fd);
	if (rc < 0)
		die("image: %s", strerror(-rc));
	sealed_unmap(image, FIRMWARE_IMAGE);
	note_stirred();
	if (!hold && rawmsg_send(link_fd, RAWMSG_RUN, 0, NULL, 0) < 0)
		die("cannot answer the identity");
}

/* The next message, or false at deadline_ms. */
static bool next_message(int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = link_fd, .events = POLLIN };
	int64_t left_ms = deadline_ms - now_ms();
	int rc;

	if (left_ms < 0 || poll(&pfd, 1, (int)left_ms) <= 0)
		return false;
	rc = rawmsg_recv(link_fd, &msg);
	if (rc != 1)
		die("link: %s", rc ? strerror(-rc) : "nothing");
	if (msg.type == RAWMSG_SAMPLES)
		take_samples();
	else if (msg.type == RAWMSG_STATE)
		take_state();
	else if (msg.type == RAWMSG_IDENT)
		take_ident();
	return true;
}

static double seconds(const char *word)
{
	char *end;
	double s = word ? strtod(word, &end) : -1;

	if (s < 0 || *end)
		die("bad step");
	return s;
}

static int64_t deadline(const char *word)
{
	return now_ms() + (int64_t)(seconds(word) * 1000);
}

/* For what comes: a busy machine is given more time. */
static int64_t patient_deadline(const char *word)
{
	const char *patience = getenv("PATIENCE");
	double s = seconds(word) * (patience ? seconds(patience) : 1);

	return now_ms() + (int64_t)(s * 1000);
}

static void spawn(const char *role)
{
	char path[600];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/onerng-hostd", binary_dir);
	if (link_fd >= 0)
		close(link_fd);
	next_seq = 0;
	running = primed = false;
	child = fork();
	if (child == 0) {
		if (dup2(pair[1], RAWMSG_FD) < 0 ||
		    (pair[1] == RAWMSG_FD && fcntl(RAWMSG_FD, F_SETFD, 0) < 0))
			_exit(126);
		if (!strcmp(role, "watcher"))
			execl(path, path, "--role", role, "--sandbox", SANDBOX,
			      (char *)NULL);
		else
			execl(path, path, "--role", role, "--sandbox", SANDBOX,
			      "--port", port, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	link_fd = pair[0];
}

static void run_ctl(char *const words[])
{
	char path[600];
	char *argv[WORDS_MAX + 3] = { path, (char *)(uintptr_t) "ctl",
				      (char *)(uintptr_t)control };
	int status;
	pid_t pid;

	if (!control)
		die("no -c CONTROL");
	snprintf(path, sizeof(path), "%s/onerng-sim", binary_dir);
	for (size_t i = 0; i < WORDS_MAX - 1 && words[i]; i++)
		argv[3 + i] = words[i];
	pid = fork();
	if (pid == 0) {
		dup2(2, 1);
		execv(path, argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		die("the simulator refused");
}

static void want_state(char *const w[])
{
	int64_t end_ms = patient_deadline(w[1]);
	size_t len;

	while (next_message(end_ms)) {
		if (msg.type != RAWMSG_STATE ||
		    strcmp(state_names[msg.u.state.s.state], w[0]) != 0)
			continue;
		len = msg.len - sizeof(msg.u.state.s);
		if (!w[2] || memmem(msg.u.state.text, len, w[2], strlen(w[2])))
			return;
	}
	die("not reported");
}

static uint64_t question; /* the last one's number */

static void want_ident(char *const w[])
{
	int64_t end_ms = patient_deadline(w[1]);

	while (next_message(end_ms)) {
		if (msg.type != RAWMSG_IDENT || msg.seq != question)
			continue;
		if (msg.u.ident.firmware != strtoul(w[0], NULL, 10))
			die("firmware %u", msg.u.ident.firmware);
		if (!msg.u.ident.id[0] != (msg.u.ident.firmware < 3))
			die("id '%s' of firmware %u", msg.u.ident.id,
			    msg.u.ident.firmware);
		printf("sha256 ");
		for (size_t i = 0; i < 32; i++)
			printf("%02x", msg.u.ident.image_sha256[i]);
		printf("\nid %s\n", msg.u.ident.id);
		fflush(stdout);
		return;
	}
	die("not reported");
}

static void want_samples(char *const w[])
{
	uint64_t goal = samples + strtoul(w[0], NULL, 10), before = samples;
	int64_t end_ms = patient_deadline(w[1]);

	while (samples < goal)
		if (!next_message(end_ms))
			die("%llu came",
			    (unsigned long long)(samples - before));
}

static void want_rate(char *const w[])
{
	double min = seconds(w[0]), max = seconds(w[1]), rate;
	int64_t start_ms = now_ms(), end_ms = deadline(w[2]);
	uint64_t before = samples;

	while (next_message(end_ms))
		;
	rate = (double)(samples - before) * 1000 /
	       (double)(now_ms() - start_ms);
	fprintf(stderr, "# %s: %.0f bytes a second\n", port, rate);
	if (rate < min || rate > max)
		die("%.0f bytes a second", rate);
}

static void want_none(char *const w[])
{
	int64_t end_ms = deadline(w[0]);
	uint64_t before = samples;

	while (next_message(end_ms))
		if (samples != before)
			die("samples came");
}

/* A core always reads, or the reader would block. */
static void drop_messages(void)
{
	uint8_t drop[RAWMSG_SAMPLES_MAX + 64];

	if (link_fd < 0)
		return;
	while (recv(link_fd, drop, sizeof(drop), MSG_DONTWAIT) > 0)
		;
}

/* Waits for its end; in *late_ms how long this process was kept waiting. */
static int wait_exit(int64_t *late_ms)
{
	int64_t start_ms = now_ms(), at_ms = start_ms, was_ms;
	int status;
	pid_t pid;

	*late_ms = 0;
	while (!(pid = waitpid(child, &status, WNOHANG))) {
		drop_messages();
		usleep(LOOK_MS * 1000);
		was_ms = at_ms;
		at_ms = now_ms();
		if (at_ms - was_ms > 2 * LOOK_MS)
			*late_ms += at_ms - was_ms - LOOK_MS;
		if (at_ms - start_ms > EXIT_MS)
			die("still there");
	}
	if (pid != child)
		die("no child");
	child = 0;
	return status;
}

static void want_exit(char *const w[])
{
	int64_t start_ms = now_ms(), late_ms, took_ms;
	int64_t most_ms = (int64_t)(seconds(w[1]) * 1000);
	int status = wait_exit(&late_ms);

	took_ms = now_ms() - start_ms;
	fprintf(stderr, "# %s: ended within %lld ms, %lld of them late\n", port,
		(long long)took_ms, (long long)late_ms);
	if (!WIFEXITED(status) ||
	    (unsigned long)WEXITSTATUS(status) != strtoul(w[0], NULL, 10))
		die("status %#x", status);
	if (took_ms > most_ms + late_ms + BUSY_MS)
		die("took %lld ms", (long long)took_ms);
}

static void want_port(enum rawmsg_type type, char *const w[])
{
	int64_t end_ms = patient_deadline(w[1]);

	if (!next_message(end_ms))
		die("not reported");
	if (msg.type != type ||
	    (strcmp(w[0], "any") != 0 && strcmp(msg.u.port.port, w[0]) != 0))
		die("message %d of port %s instead", (int)msg.type,
		    msg.u.port.port);
}

static void want_nothing(char *const w[])
{
	if (next_message(deadline(w[0])))
		die("message %d came", (int)msg.type);
}

static void tell(enum rawmsg_type type, uint64_t seq)
{
	int rc;

	if (type == RAWMSG_RUN)
		note_stirred();
	rc = rawmsg_send(link_fd, type, seq, NULL, 0);
	if (rc < 0)
		die("%s", strerror(-rc));
	/* what is under way already is not what was asked for */
	if (type == RAWMSG_RUN)
		primed = false;
}

static bool simple_step(const char *verb, char *const w[])
{
	if (!strcmp(verb, "reader") || !strcmp(verb, "watcher"))
		spawn(verb);
	else if (!strcmp(verb, "ctl"))
		run_ctl(w);
	else if (!strcmp(verb, "run"))
		tell(RAWMSG_RUN, 0);
	else if (!strcmp(verb, "pause"))
		tell(RAWMSG_PAUSE, 0);
	else if (!strcmp(verb, "identify"))
		tell(RAWMSG_IDENTIFY, ++question);
	else if (!strcmp(verb, "stop"))
		tell(RAWMSG_STOP, 0);
	else if (!strcmp(verb, "term"))
		kill(child, SIGTERM);
	else if (!strcmp(verb, "kill"))
		kill(child, SIGKILL);
	else if (!strcmp(verb, "loose"))
		loose = true;
	else if (!strcmp(verb, "hold"))
		hold = true;
	else if (!strcmp(verb, "skipped"))
		next_skip = strtoul(w[0], NULL, 10);
	else
		return false;
	return true;
}

static void want_step(const char *verb, char *const w[])
{
	if (!strcmp(verb, "state"))
		want_state(w);
	else if (!strcmp(verb, "ident"))
		want_ident(w);
	else if (!strcmp(verb, "samples"))
		want_samples(w);
	else if (!strcmp(verb, "rate"))
		want_rate(w);
	else if (!strcmp(verb, "none"))
		want_none(w);
	else if (!strcmp(verb, "exit"))
		want_exit(w);
	else if (!strcmp(verb, "arrived"))
		want_port(RAWMSG_ARRIVED, w);
	else if (!strcmp(verb, "left"))
		want_port(RAWMSG_LEFT, w);
	else if (!strcmp(verb, "nothing"))
		want_nothing(w);
	else
		die("no such step");
}

static void take_step(const char *text)
{
	char *words[WORDS_MAX] = { NULL }, *save, *copy = strdup(text);
	size_t n = 0;

	step_text = text;
	for (char *w = strtok_r(copy, " ", &save); w && n < WORDS_MAX - 1;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	if (!n)
		die("empty step");
	if (!strcmp(words[0], "close")) {
		close(link_fd);
		link_fd = -1;
	} else if (!simple_step(words[0], words + 1)) {
		want_step(words[0], words + 1);
	}
	free(copy);
}

int main(int argc, char *argv[])
{
	const char *b = getenv("B");
	int opt;

	if (b && *b)
		snprintf(binary_dir, sizeof(binary_dir), "%s", b);
	signal(SIGPIPE, SIG_IGN);
	while ((opt = getopt(argc, argv, "+p:c:")) != -1) {
		if (opt == 'p')
			port = optarg;
		else if (opt == 'c')
			control = optarg;
		else
			return 2;
	}
	for (; optind < argc; optind++)
		take_step(argv[optind]);
	if (child > 0)
		kill(child, SIGKILL);
	return 0;
}

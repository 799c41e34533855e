#include "guest-agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/secmem.h"
#include "guest-agent/krng.h"
#include "guest-agent/require.h"
#include "guest-agent/rights.h"

static const char *const state_names[] = {
	[AGENT_WAITING] = "waiting",
	[AGENT_READING] = "reading",
	[AGENT_IDLE] = "idle",
};

/*
 * A clone is noticed within this, where the kernel does not notice it: 1 s is
 * allowed, and reading the clock takes a dozen exits to the hypervisor.
 */
#define RTC_OFTEN_MS 250

#define READY_AGAIN_MS 200 /* where the service manager is busy */

static int64_t now_monotonic_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void agent_end(struct agent *a, enum agent_exit status)
{
	a->ended = true;
	a->exit = status;
}

void agent_refresh(struct agent *a)
{
	struct clocks now;

	a->st.poolsize = krng_poolsize(KRNG_POOLSIZE_PATH);
	snprintf(a->st.design, sizeof(a->st.design), "%s",
		 krng_design_name(krng_design((int)a->st.poolsize)));
	a->st.entropy_avail = krng_entropy(a->random);
	a->st.ready = krng_ready(a->random);
	clocks_now(&now);
	a->st.updated_s = now.boottime_ms / 1000;
	a->st.starved_us = a->starved_before_us;
	if (a->starved_ms)
		a->st.starved_us +=
			(uint64_t)(now.monotonic_ms - a->starved_ms) * 1000;
}

/* A trial run or an admission ends by itself, and speaks for no service. */
static bool is_service(const struct agent *a)
{
	return !a->opt->once && !a->opt->require_s;
}

static const char *state_name(const struct agent *a)
{
	if (!a->ended)
		return state_names[a->state];
	return a->exit == AGENT_NO_RIGHTS ? STATUS_STATE_UNFIT
					  : STATUS_STATE_END;
}

/* Two agents that write one file would be told apart by nobody. */
static bool is_anothers(struct agent *a)
{
	int64_t writer = status_writer(a->opt->status_file);
	bool anothers = writer && writer != a->st.pid;

	if (anothers && !a->status_warned)
		log_warn("status file %s: agent %lld, which runs, has it: "
			 "--status-file names another one",
			 a->opt->status_file, (long long)writer);
	a->status_warned |= anothers;
	return anothers;
}

void agent_publish(struct agent *a)
{
	const char *path = a->opt->status_file;
	int r;

	/* Else it would overwrite what the service wrote. */
	if (!is_service(a) && !a->opt->status_file_given)
		return;
	a->beat_ms = now_monotonic_ms() + STATUS_BEAT_S * 1000;
	if (is_anothers(a))
		return;
	agent_refresh(a);
	snprintf(a->st.state, sizeof(a->st.state), "%s", state_name(a));
	r = status_write(path, &a->st);
	if (r && !a->status_warned)
		log_warn("status file %s: %s", path, strerror(-r));
	a->status_warned = r != 0;
}

void agent_report_ready(struct agent *a, const char *status)
{
	char text[96];
	int r;

	if (a->ready_sent)
		return;
	a->ready_as = status;
	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	r = notify_send(text);
	if (r == -EAGAIN) { /* many tell it something just now */
		a->ready_ms = now_monotonic_ms() + READY_AGAIN_MS;
		return;
	}
	a->ready_sent = true;
	if (r < 0)
		log_warn("service manager: %s", strerror(-r));
}

/* It is late, or the service manager could not be told. */
static void ready_due(struct agent *a)
{
	if (!a->ready_as) {
		a->ready_as = "waiting for the source";
		log_warn(
			"not ready after %u s: the service starts all the same",
			a->opt->ready_timeout_s);
	}
	agent_report_ready(a, a->ready_as);
}

/* A service's own goes with it, but for what --status is to tell then. */
static void leave_status(struct agent *a)
{
	if (!is_service(a) || a->exit == AGENT_NO_RIGHTS)
		agent_publish(a);
	else if (!is_anothers(a))
		unlink(a->opt->status_file);
}

static void log_line(void *ctx, const char *text)
{
	(void)ctx;
	log_info("stats: %s", text);
}

/* Asked for by name, so shown at every level. */
static void log_statistics(struct agent *a)
{
	agent_refresh(a);
	if (a->opt->level < LOG_LEVEL_INFO)
		log_set_level(LOG_LEVEL_INFO);
	status_print_rngd(&a->st, log_line, NULL);
	log_set_level(a->opt->level);
}

static void handle_signal(struct agent *a, int64_t now_ms)
{
	struct signalfd_siginfo info;

	if (read(a->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGTERM:
	case SIGINT:
	case SIGHUP:
		agent_end(a, is_service(a) ? AGENT_OK : AGENT_FAILED);
		break;
	case SIGUSR1:
		log_statistics(a);
		break;
	case SIGUSR2:
		if (a->state == AGENT_READING)
			break;
		a->reason = STATUS_REASON_SIGNAL;
		a->due_ms = now_ms;
		break;
	}
}

static bool check_clocks(struct agent *a, int64_t now_ms)
{
	struct clocks now;
	enum clockjump jump;

	clocks_now(&now);
	jump = clockjump_between(&a->clocks, &now);
	a->clocks = now;
	if (jump == CLOCKJUMP_NONE)
		return false;
	log_info("clock: %s: start-up test and feed at once",
		 jump == CLOCKJUMP_RESUME ? "the machine slept"
					  : "the time was set");
	round_restart(a, now_ms,
		      jump == CLOCKJUMP_RESUME ? STATUS_REASON_RESUME
					       : STATUS_REASON_TIME_SET);
	/* Whoever sets the time may set the real-time clock, too. */
	a->rtc.known = false;
	return true;
}

/*
 * The host's own kernel (egd:) is never cloned; nor is what is not fed.  Both
 * drivers may be modules, loaded later in the boot than the agent starts.
 */
static void find_rtc(struct agent *a)
{
	bool guest = a->source.drv == &source_hwrng ||
		     a->source.drv == &source_tty;

	if (!guest || a->opt->no_feed || !is_service(a))
		return;
	if (a->rtc.fd < 0)
		rtcwatch_open(&a->rtc, RTCWATCH_PATH);
	a->rtc_often = !rtcwatch_has_vmgenid(RTCWATCH_VMGENID);
}

static bool check_rtc(struct agent *a, int64_t now_ms)
{
	a->rtc_ms =
		now_ms + (a->rtc_often ? RTC_OFTEN_MS : STATUS_BEAT_S * 1000);
	if (!rtcwatch_jumped(&a->rtc))
		return false;
	log_info("real-time clock: it jumped: the machine was stopped, "
		 "restored or cloned: start-up test and feed at once");
	round_restart(a, now_ms, STATUS_REASON_RESTORE);
	return true;
}

bool agent_was_moved(struct agent *a, int64_t now_ms)
{
	return check_clocks(a, now_ms) ||
	       (a->rtc.fd >= 0 && check_rtc(a, now_ms));
}

/* How long nothing is due by itself. */
static int wait_ms(const struct agent *a, int64_t now_ms)
{
	int64_t next = a->due_ms < a->beat_ms ? a->due_ms : a->beat_ms;

	if (!a->ready_sent && a->ready_ms < next)
		next = a->ready_ms;
	if (a->rtc.fd >= 0 && a->rtc_ms < next)
		next = a->rtc_ms;
	if (a->opt->require_s && a->require_ms < next)
		next = a->require_ms;
	return next > now_ms ? (int)(next - now_ms) : 0;
}

static void do_due(struct agent *a, int64_t now_ms)
{
	if (!a->ready_sent && now_ms >= a->ready_ms)
		ready_due(a);
	/* Not with the beat alone: frequent rounds put that off for ever. */
	if (now_ms >= a->beat_ms || now_ms >= a->due_ms) {
		check_clocks(a, now_ms);
		find_rtc(a);
	}
	if (now_ms >= a->beat_ms) {
		a->beat_ms = now_ms + STATUS_BEAT_S * 1000;
		agent_publish(a);
	}
	if (a->rtc.fd >= 0 && now_ms >= a->rtc_ms)
		check_rtc(a, now_ms);
	if (now_ms < a->due_ms)
		return;
	switch (a->state) {
	case AGENT_WAITING:
		round_open(a, now_ms);
		break;
	case AGENT_READING:
		round_silent(a, now_ms);
		break;
	case AGENT_IDLE:
		round_start(a, now_ms);
		break;
	}
}

/* One wait, and what it brought. */
static void step(struct agent *a)
{
	struct pollfd p[] = {
		{ .fd = a->signals, .events = POLLIN },
		{ .fd = a->clock_watch, .events = POLLIN },
		{ .fd = a->feeder.from, .events = 0 },
		{ .fd = a->state == AGENT_READING ? a->source.fd : -1,
		  .events = POLLIN },
		{ .fd = require_waits_for_kernel(a) ? a->random : -1,
		  .events = POLLIN },
		{ .fd = a->state == AGENT_WAITING ? a->appear : -1,
		  .events = POLLIN },
	};
	int64_t now_ms = now_monotonic_ms();

	if (poll(p, sizeof(p) / sizeof(p[0]), wait_ms(a, now_ms)) < 0 &&
	    errno != EINTR) {
		log_err("poll: %s", strerror(errno));
		agent_end(a, AGENT_FAILED);
		return;
	}
	now_ms = now_monotonic_ms();
	if (p[0].revents)
		handle_signal(a, now_ms);
	if (p[1].revents) {
		clockjump_watch_rearm(a->clock_watch);
		check_clocks(a, now_ms);
	}
	if (p[2].revents) {
		log_err("feeder: died: the kernel is not fed any more");
		agent_end(a, AGENT_FAILED);
	}
	/* A clock jump may have closed the source meanwhile. */
	if (p[3].revents && !a->ended && a->state == AGENT_READING)
		round_read(a, now_ms);
	if (p[5].revents && a->state == AGENT_WAITING)
		round_appeared(a, now_ms);
	if (!a->ended)
		do_due(a, now_ms);
	if (!a->ended && a->opt->require_s)
		require_step(a, now_ms);
}

enum agent_exit agent_run(struct agent *a)
{
	int64_t now_ms = now_monotonic_ms();

	a->ready_ms = now_ms + (int64_t)a->opt->ready_timeout_s * 1000;
	a->beat_ms = now_ms;
	a->due_ms = now_ms;
	/* Whoever waits for another one waits for its end. */
	a->ready_sent = !is_service(a);
	if (a->opt->require_s)
		require_start(a, now_ms);
	while (!a->ended)
		step(a);
	if (is_service(a))
		notify_send("STOPPING=1");
	leave_status(a);
	return a->exit;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Of a limit of files' sizes write(2) tells, too. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Who is waited for keeps his number until then. */
	signal(SIGCHLD, SIG_DFL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int alloc_memory(struct agent *a)
{
	a->window = secmem_alloc(VERIFY_STARTUP);
	if (a->window)
		a->verify = verify_new();
	return a->verify ? 0 : rights_no_memory(a, -errno);
}

static void init_status(struct agent *a)
{
	snprintf(a->st.version, sizeof(a->st.version), "%s", ONERNG_VERSION);
	log_escape(a->st.source, sizeof(a->st.source), a->opt->source,
		   strlen(a->opt->source));
	a->st.pid = getpid();
	a->st.last_feed_s = -1;
	a->st.started_s = a->clocks.boottime_ms / 1000;
	agent_refresh(a);
}

/* In an order: what is forked has nothing yet that it should not have. */
static int take_rights(struct agent *a)
{
	int r = rights_forbid_dumps(a);

	if (!r && !a->opt->no_feed)
		r = rights_start_feeder(a);
	if (!r)
		r = alloc_memory(a);
	if (!r)
		r = rights_give_up(a);
	return r;
}

int agent_init(struct agent *a, const struct options *opt)
{
	const char *why;
	int r;

	*a = (struct agent){ .opt = opt,
			     .signals = -1,
			     .clock_watch = -1,
			     .random = -1,
			     .appear = -1,
			     .rtc = { .fd = -1 },
			     .reason = STATUS_REASON_START,
			     .exit = AGENT_FAILED,
			     .feeder = { .to = -1, .from = -1 } };
	r = source_init(&a->source, opt->source, &why);
	if (r)
		return r;
	a->signals = open_signals();
	if (a->signals < 0) {
		log_err("signals: %s", strerror(-a->signals));
		return a->signals;
	}
	a->random = open("/dev/random", O_RDONLY | O_CLOEXEC);
	clocks_now(&a->clocks);
	init_status(a);
	r = take_rights(a);
	if (r) {
		/* A file that is there may be another agent's. */
		if (a->exit == AGENT_NO_RIGHTS)
			agent_publish(a);
		return r;
	}
	/* Without it resume is noticed with the next beat. */
	a->clock_watch = clockjump_watch_open();
	find_rtc(a);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void agent_free(struct agent *a)
{
	if (a->source.drv)
		source_close(&a->source);
	feeder_stop(&a->feeder);
	verify_free(a->verify);
	secmem_free(a->window);
	close_fd(&a->signals);
	close_fd(&a->clock_watch);
	close_fd(&a->random);
	close_fd(&a->appear);
	rtcwatch_close(&a->rtc);
}

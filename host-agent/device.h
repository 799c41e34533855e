/*
 * device.h - the core's side of one source: its reader process and its sampler
 *
 *   gone ─arrival▶ opening ▶ checking ▶ starting ▶ running ◀▶ paused
 *
 * While checking, the reader takes the image and the core has its signature
 * verified (device_firmware.h); no sample is asked for, or looked at, before.
 * Every way into starting is a new start-up test: from paused, from recovering
 * (silence was cured), from running (a health test failed: the pool is wiped).
 * From any state: gone at departure; failed after a permanent health failure or
 * too many others, over restarts (verdicts.h), or when the reader ended with a
 * reason (then it is started again, ever later).
 *
 * A source is a OneRNG or the kernel's hwrng.  The latter has no image, and
 * its reader stays when it is gone, waiting for it to come back.
 */
#ifndef HOST_AGENT_DEVICE_H
#define HOST_AGENT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/baselines.h"
#include "host-agent/child.h"
#include "host-agent/device_firmware.h"
#include "host-agent/label.h"
#include "host-agent/rawmsg.h"
#include "host-agent/sampler.h"
#include "host-agent/verdicts.h"

#define DEVICE_BY_MAX	  96	       /* whom it was let go for, terminated */
#define DEVICE_SILENCE_US 120000000ull /* a reader says nothing: killed */
#define DEVICE_WAKE_US	  600000000ull /* a paused one tests itself */
#define DEVICE_ADOPT_US	  2000000ull   /* an adopted reader's answer */

enum device_state {
	DEVICE_OPENING,
	DEVICE_CHECKING,
	DEVICE_STARTING,
	DEVICE_RUNNING,
	DEVICE_PAUSED,
	DEVICE_RECOVERING,
	DEVICE_FAILED,
	DEVICE_GONE,
	DEVICE_STATES,
};

enum device_kind {
	DEVICE_ONERNG,
	DEVICE_HWRNG,
};

/* The last test on demand. */
enum device_selftest {
	DEVICE_SELFTEST_NONE,
	DEVICE_SELFTEST_RUNNING,
	DEVICE_SELFTEST_OK,
	DEVICE_SELFTEST_FAILED,
};

struct hostconf_hwrng;
struct pool;

/* What all devices share. */
struct device_env {
	struct child_env child;
	struct pool *pool;
	unsigned int h_byte_millibits, h_bit_millibits;
	const struct firmware_conf *firmware;
	struct verdicts *verdicts;
	struct baselines *baselines;
	void (*changed)(void *ctx); /* a state, or the pool was filled */
	void *ctx;
};

struct device {
	const struct device_env *env;
	unsigned int number;
	enum device_kind kind;
	char name[LABEL_MAX];
	char port[LABEL_PLACE_MAX];	  /* of a hwrng: the path of its node */
	char driver[RAWMSG_TEXT_MAX + 1]; /* behind a hwrng; empty: none */
	enum device_state state;
	char detail[RAWMSG_TEXT_MAX + 1];
	struct child reader;
	struct sampler *sampler; /* NULL until it arrived */
	unsigned int h_byte_millibits, h_bit_millibits; /* the sampler's */
	unsigned int own_h_byte, own_h_bit; /* a hwrng's; 0: env's */
	bool identified;
	struct rawmsg_ident ident;     /* without the id */
	char unit[BASELINES_UNIT_MAX]; /* empty: no id */
	struct device_firmware firmware;

	char released[DEVICE_BY_MAX]; /* "": it is ours, else not opened */
	bool rearrived;		      /* seen again before its departure was */
	bool stale;   /* samples are from before RAWMSG_RUN was seen */
	bool failing; /* a health test failed; how bad is not settled */
	bool final;   /* its reader is not listened to: refused, or a verdict */
	bool leaving; /* its reader pauses for the next program */
	bool pausing; /* RAWMSG_PAUSE is the last that was sent */
	bool stopping; /* asked to end: does not come back by itself */
	uint64_t next_seq;
	uint64_t raw_bytes, lost_samples, raw_rate;
	uint64_t rate_bytes, rate_us; /* raw_bytes at the last tick */
	uint64_t heard_us, paused_us;
	uint64_t asked_us; /* an adopted reader, who it is; 0: answered */
	uint64_t instance; /* as in sysfs, of this arrival; 0: not known */
	struct verdict verdict;
	enum trend_reason trend; /* as last logged */
	bool renew;		 /* its baseline goes once its unit is known */
	enum device_selftest selftest;
};

/* "opening", "checking", ... */
const char *device_state_name(enum device_state state);

/* A place for a device, gone until it arrives. */
void device_init(struct device *d, const struct device_env *env,
		 unsigned int number, const char *port);

/* Likewise, for a hwrng, which arrives when its reader is to be started. */
void device_init_hwrng(struct device *d, const struct device_env *env,
		       unsigned int number, const struct hostconf_hwrng *conf);

/* What conf says now of the same path counts from device_reload() on. */
void device_use_hwrng(struct device *d, const struct hostconf_hwrng *conf);

/* The operator's label, or NULL for the name that it has by its number. */
void device_set_label(struct device *d, const char *label);

/* It may be used: a hwrng, or its firmware passed. */
bool device_admitted(const struct device *d);

const char *device_kind_name(enum device_kind kind); /* "onerng", "hwrng" */
void device_fini(struct device *d); /* kills the reader, wipes */

void device_arrived(struct device *d);
void device_departed(struct device *d);

/*
 * A device that never arrived, with a reader that the program before this one
 * started, and its socket: from checking on.  0, or -errno, and both are still
 * the caller's.
 */
int device_adopt(struct device *d, pid_t pid, int fd);

/* The reader may go on under the next program: it has its device's image. */
bool device_may_leave_reader(const struct device *d);
/* If it may: it pauses for that. */
bool device_leave_reader(struct device *d);
bool device_has_left_reader(
	const struct device *d); /* it pauses, or is asked */

/*
 * The configuration was read again: a new H means a new start-up test, a device
 * that could not be opened or was refused is tried again, a verdict stays.
 * 0 or -errno (the sampler's; the old one stays).
 */
int device_reload(struct device *d);

/* A device that must not be used any more, or at the end: gives it back. */
void device_stop(struct device *d);

/*
 * Lets it go, for whom is said, until it is claimed: its reader gives it back
 * and nothing it made is served.  device_is_let_go(): it is free now.
 */
void device_release(struct device *d, const char *by);
bool device_is_let_go(const struct device *d);
/* Takes it back, if it is there: it starts like one that arrived. */
void device_claim(struct device *d);

/*
 * The operator claims one that failed too often or for good: it starts like one
 * that arrived.  False: it did not, or is let go.
 */
bool device_forgive(struct device *d);

/*
 * The operator takes the noise of the board that is there, or comes there next,
 * as it is: its baseline is learnt anew.
 */
void device_renew(struct device *d);

void device_pause(struct device *d); /* while running; else nothing */
void device_wake(struct device *d);  /* while paused; else nothing */

/*
 * SP 800-90B 4.3, on demand: fresh tests over a new start-up, whose samples
 * are thrown away; d->selftest tells how it ended.  0, or -EAGAIN for a device
 * that does not run.
 */
int device_selftest(struct device *d);

/*
 * The machine slept, and what the device did meanwhile is not known: the same
 * for one that runs; one that is paused gets its test when it is woken.
 */
void device_slept(struct device *d);

/* "none", "running", "ok", "failed". */
const char *device_selftest_name(enum device_selftest s);

/* Once a second. */
void device_tick(struct device *d, uint64_t now_us);

/* True if pid was its reader, or its gpgv. */
bool device_reaped(struct device *d, pid_t pid, int status);

#endif /* HOST_AGENT_DEVICE_H */

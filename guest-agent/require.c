/*
 * require.c - admission: may what depends on these bytes start?
 *
 * --require goes through rounds as the service does, so a device that comes up
 * late is found, and ends with the first verified bytes in a ready kernel.
 * What is wrong for good (a test failed) ends it at once; what may still
 * change is held in lacking until the time is over.  Everything that is not
 * known to be good counts as bad.
 */
#include "guest-agent/require.h"

#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "guest-agent/agent.h"
#include "guest-agent/krng.h"

static const char *lacking_text(enum agent_exit lacking)
{
	switch (lacking) {
	case AGENT_NO_DEVICE:
		return "no device";
	case AGENT_WRONG_DRIVER:
		return "wrong driver";
	case AGENT_UNVERIFIED:
		return "bytes refused";
	case AGENT_NOT_READY:
		return "kernel RNG not ready";
	case AGENT_LATE:
		return "no bytes in time";
	case AGENT_NO_RIGHTS: /* rights.c says it itself */
	case AGENT_OK:
	case AGENT_FAILED:
	case AGENT_USAGE:
		break;
	}
	return "failed";
}

void require_start(struct agent *a, int64_t now_ms)
{
	a->require_ms = now_ms + (int64_t)a->opt->require_s * 1000;
	a->lacking = AGENT_LATE;
}

void require_note_failure(struct agent *a, int err)
{
	/* Bytes that were verified stay so; the kernel has them. */
	if (a->lacking == AGENT_NOT_READY)
		return;
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ENOTDIR:
	case EACCES:
	case EPERM:
	case ECONNREFUSED:
		a->lacking = AGENT_NO_DEVICE;
		break;
	case EMEDIUMTYPE:
		a->lacking = AGENT_WRONG_DRIVER;
		break;
	default:
		a->lacking = AGENT_LATE;
		break;
	}
}

void require_note_bytes(struct agent *a)
{
	if (a->lacking != AGENT_NOT_READY)
		a->lacking = AGENT_LATE;
}

void require_note_verified(struct agent *a)
{
	a->lacking = AGENT_NOT_READY;
}

bool require_waits_for_kernel(const struct agent *a)
{
	return a->opt->require_s && a->lacking == AGENT_NOT_READY;
}

static void refuse(struct agent *a)
{
	char progress[64];
	const char *detail = a->st.detail;

	snprintf(progress, sizeof(progress), "%zu of %zu bytes came", a->have,
		 a->want);
	if (a->lacking == AGENT_NOT_READY)
		detail = "bytes were verified, credit was too small or none";
	else if (a->lacking == AGENT_LATE && a->state == AGENT_READING)
		detail = progress;
	log_err("not admitted: %s: source %s: %s (after %u s)",
		lacking_text(a->lacking), a->opt->source, detail,
		a->opt->require_s);
	agent_end(a, a->lacking);
}

void require_step(struct agent *a, int64_t now_ms)
{
	if (require_waits_for_kernel(a) && krng_ready(a->random) == 1) {
		log_info("admitted: source %s%s%s: %llu bytes verified, %llu "
			 "fed, kernel RNG ready",
			 a->opt->source, a->st.rng_current[0] ? ", " : "",
			 a->st.rng_current,
			 (unsigned long long)a->st.verified_bytes,
			 (unsigned long long)a->st.fed_bytes);
		agent_end(a, AGENT_OK);
	} else if (now_ms >= a->require_ms) {
		refuse(a);
	}
}

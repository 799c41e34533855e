/*
 * device_adopt.c - a reader that goes on while the program is replaced by exec
 *
 * It pauses before, and keeps the image that it read at arrival.  The program
 * behind the exec asks for that image once more, and everything from then on
 * is as at an arrival: the signature, a new start, the start-up test.
 */
#include <errno.h>

#include "common/log.h"
#include "host-agent/device_priv.h"

int device_adopt(struct device *d, pid_t pid, int fd)
{
	int r;

	device_recall(d);
	if (d->verdict.final)
		return -EPERM;
	r = device_make_sampler(d);
	if (r < 0)
		return r;
	log_info("%s: at port %s: reader %d goes on", d->name, d->port,
		 (int)pid);
	device_begin(d);
	child_adopt(&d->reader, "reader", d->port, pid, fd);
	d->asked_us = d->heard_us;
	device_enter(d, DEVICE_CHECKING, "asking its reader");
	/* one that does not listen does not answer either */
	child_ask(&d->reader, RAWMSG_IDENTIFY, d->asked_us);
	return 0;
}

bool device_may_leave_reader(const struct device *d)
{
	return d->reader.pid && d->reader.fd >= 0 && !d->final && !d->failing &&
	       !d->stopping && d->state != DEVICE_FAILED &&
	       (d->asked_us || d->firmware.state != DEVICE_FIRMWARE_NONE);
}

bool device_leave_reader(struct device *d)
{
	d->leaving = device_may_leave_reader(d);
	if (d->leaving)
		device_tell(d, RAWMSG_PAUSE);
	return d->leaving;
}

/* Of one that is being checked nothing is heard, and nothing comes. */
bool device_has_left_reader(const struct device *d)
{
	return d->leaving &&
	       (d->state == DEVICE_PAUSED || d->state == DEVICE_CHECKING);
}

/*
 * What an adopted reader said before it was asked is from before this program.
 * Last words are no answer, and end the question.
 */
bool device_answered(struct device *d, const struct rawmsg *m)
{
	if (m->type == RAWMSG_IDENT
		    ? m->seq == d->asked_us
		    : m->type == RAWMSG_STATE &&
			      m->u.state.s.state >= READER_FAILED)
		d->asked_us = 0;
	return !d->asked_us;
}

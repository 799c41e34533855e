#include <stdio.h>

#include "common/log.h"
#include "host-agent/device_priv.h"
#include "host-agent/pool.h"

void device_release(struct device *d, const char *by)
{
	snprintf(d->released, sizeof(d->released), "%s", by);
	log_info("%s: port %s: let go for %s", d->name, d->port, d->released);
	d->final = false;
	d->rearrived = false;
	if (!d->reader.pid) {
		device_stop(d);
		if (d->state != DEVICE_GONE)
			device_leave(d, "released");
		return;
	}
	/* what is on its way is not looked at any more */
	d->stale = true;
	sampler_reset(d->sampler);
	pool_wipe_device(d->env->pool, d->number);
	device_stop(d);
}

bool device_is_let_go(const struct device *d)
{
	return d->reader.pid == 0;
}

void device_claim(struct device *d)
{
	log_info("%s: port %s: taken back from %s", d->name, d->port,
		 d->released);
	d->released[0] = '\0';
	d->final = false;
	device_arrived(d);
}

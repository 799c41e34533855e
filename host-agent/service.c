#include "host-agent/service.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "host-agent/drbg.h"

static const char *const class_names[] = {
	[SERVICE_RAW] = "raw",
	[SERVICE_DRBG] = "drbg",
	[SERVICE_SEED] = "seed",
};

static const char *const absent_names[] = {
	[SERVICE_HOLD] = "hold",
	[SERVICE_KERNEL] = "kernel",
	[SERVICE_REFUSE] = "refuse",
};

static const char *const supply_names[] = {
	[SUPPLY_NONE] = "none",
	[SUPPLY_POOL] = "device",
	[SUPPLY_DRBG] = "drbg",
	[SUPPLY_KERNEL] = "kernel",
};

const char *service_class_name(enum service_class class)
{
	return class_names[class];
}

const char *service_absent_name(enum service_absent policy)
{
	return absent_names[policy];
}

const char *service_supply_name(enum service_supply supply)
{
	return supply_names[supply];
}

static int find(const char *const *names, int count, const char *name)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

int service_class_parse(const char *name)
{
	return find(class_names, SERVICE_SEED + 1, name);
}

int service_absent_parse(const char *name)
{
	return find(absent_names, SERVICE_REFUSE + 1, name);
}

static struct drbg *make_drbg(const char *id)
{
	size_t len = strlen(id);

	return drbg_new(id, len < DRBG_PERSONAL_MAX ? len : DRBG_PERSONAL_MAX);
}

int service_open(struct service *s, const char *id)
{
	service_close(s);
	if (s->policy.class != SERVICE_DRBG)
		return 0;
	s->drbg = make_drbg(id);
	return s->drbg ? 0 : -errno;
}

void service_close(struct service *s)
{
	drbg_free(s->drbg);
	s->drbg = NULL;
	s->seeded = false;
	s->stalled = false;
	s->since_seed_bytes = 0;
}

int service_change(struct service *s, const struct service_policy *policy,
		   const char *id)
{
	if (policy->class == SERVICE_DRBG && !s->drbg) {
		s->drbg = make_drbg(id);
		if (!s->drbg)
			return -errno;
	} else if (policy->class != SERVICE_DRBG) {
		service_close(s);
	}
	s->policy = *policy;
	return 0;
}

void service_boot(struct service *s)
{
	s->process_bytes = 0;
}

enum service_supply service_supply(const struct service *s,
				   const struct service_view *v)
{
	bool kernel = s->policy.when_absent == SERVICE_KERNEL;

	if (s->stalled)
		return SUPPLY_NONE;
	switch (s->policy.class) {
	case SERVICE_RAW:
		return v->dry && kernel ? SUPPLY_KERNEL : SUPPLY_POOL;
	case SERVICE_DRBG:
		if (v->absent)
			return kernel ? SUPPLY_KERNEL : SUPPLY_NONE;
		return s->drbg ? SUPPLY_DRBG : SUPPLY_NONE;
	case SERVICE_SEED:
		break;
	}
	return s->process_bytes < SERVICE_SEED_BYTES ? SUPPLY_POOL
						     : SUPPLY_NONE;
}

/*
 * A DRBG that only wishes for a seed leaves a scarce pool to those who are
 * served from it.  One that gave nothing since its seed needs no other.
 */
static bool wants_seed(const struct service *s, const struct service_view *v,
		       bool demand)
{
	enum drbg_want want;

	if (!demand && !s->since_seed_bytes)
		return false;
	want = s->seeded ? drbg_wants_seed(s->drbg, v->now_us) : DRBG_NEEDS;
	return want == DRBG_NEEDS || (want == DRBG_WISHES && v->plenty);
}

bool service_wants_pool(const struct service *s, const struct service_view *v,
			bool demand)
{
	switch (service_supply(s, v)) {
	case SUPPLY_POOL:
		return demand;
	case SUPPLY_DRBG:
		return wants_seed(s, v, demand);
	case SUPPLY_NONE:
	case SUPPLY_KERNEL:
		break;
	}
	return false;
}

bool service_wants_made(const struct service *s, const struct service_view *v,
			bool demand)
{
	enum service_supply supply = service_supply(s, v);

	return demand && (supply == SUPPLY_KERNEL ||
			  (supply == SUPPLY_DRBG && s->seeded));
}

bool service_takes_seed(const struct service *s)
{
	return s->policy.class == SERVICE_DRBG;
}

int service_seed(struct service *s, uint8_t *block, uint64_t now_us)
{
	int r = -EIO;

	if (s->drbg)
		r = drbg_seed(s->drbg, block, now_us);
	else
		explicit_bzero(block, DRBG_SEED);
	if (r == 0 && s->seeded)
		s->reseeds++;
	else if (r == 0)
		s->seeds++;
	s->seeded = r == 0;
	s->stalled = r < 0;
	s->since_seed_bytes = 0;
	return r;
}

static int make_by_drbg(struct service *s, uint8_t *out, size_t len,
			uint64_t now_us)
{
	int r = drbg_generate(s->drbg, out, len, now_us);

	if (r == 0)
		return 0;
	s->seeded = false;
	s->stalled = r != -EAGAIN;
	return r;
}

/* Before the kernel's own generator is ready it has nothing to give either. */
static int make_by_kernel(struct service *s, uint8_t *out, size_t len)
{
	if (getrandom(out, len, GRND_NONBLOCK) == (ssize_t)len)
		return 0;
	explicit_bzero(out, len);
	s->stalled = true;
	return -EAGAIN;
}

int service_make(struct service *s, enum service_supply supply, uint8_t *out,
		 size_t len, uint64_t now_us)
{
	if (supply == SUPPLY_DRBG && s->drbg)
		return make_by_drbg(s, out, len, now_us);
	if (supply == SUPPLY_KERNEL)
		return make_by_kernel(s, out, len);
	return -EAGAIN;
}

size_t service_allows(const struct service *s, uint64_t n)
{
	uint64_t left = SERVICE_SEED_BYTES - s->process_bytes;

	if (s->policy.class != SERVICE_SEED)
		return (size_t)n;
	if (s->process_bytes >= SERVICE_SEED_BYTES)
		return 0;
	return (size_t)(n < left ? n : left);
}

void service_account(struct service *s, enum service_supply supply, size_t n)
{
	s->process_bytes += n;
	if (supply == SUPPLY_DRBG)
		s->since_seed_bytes += n;
	if (supply == SUPPLY_KERNEL)
		s->kernel_bytes += n;
}

void service_tick(struct service *s)
{
	s->stalled = false;
}

bool service_is_absent(struct service_absence *a, const char *state,
		       uint64_t now_us)
{
	if (!strcmp(state, "serving")) {
		a->served = true;
		a->absent = false;
		a->since_us = 0;
		return false;
	}
	if (!a->since_us)
		a->since_us = now_us;
	if ((a->served && strcmp(state, "starting")) ||
	    now_us - a->since_us >= SERVICE_GRACE_US)
		a->absent = true;
	return a->absent;
}

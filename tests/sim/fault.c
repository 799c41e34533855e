#include "tests/sim/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/model_state.h"

#define FAULT_COUNT_MAX 1000000000ul
#define FAULT_ARG_MAX	64
#define AT_COMMAND	"AT\r" /* what ModemManager says first */

/* One injection being carried out. */
struct inject {
	struct model *m;
	struct fault *f;
	uint64_t now_us;
	int argc; /* arguments behind the name */
	char **argv;
	const char **why;
};

/* The i-th argument as a number of min..max, or fallback when absent. */
static int number(const struct inject *x, int i, unsigned long max,
		  unsigned long *out)
{
	char *end;

	if (i >= x->argc)
		return 0; /* *out keeps its default */
	errno = 0;
	*out = strtoul(x->argv[i], &end, 0);
	if (end != x->argv[i] && !*end && !errno && *x->argv[i] != '-' &&
	    *out <= max)
		return 0;
	*x->why = "argument out of range";
	return -EINVAL;
}

/* The i-th argument among words; *out keeps its default when absent. */
static int choice(const struct inject *x, int i, const char *const *words,
		  unsigned int *out)
{
	if (i >= x->argc)
		return 0;
	for (unsigned int w = 0; words[w]; w++) {
		if (strcmp(words[w], x->argv[i]))
			continue;
		*out = w;
		return 0;
	}
	*x->why = "unknown word";
	return -EINVAL;
}

static int set_noise(struct inject *x, const char *kind, const char *preset)
{
	char spec[FAULT_ARG_MAX + 16], before[NOISE_SPEC_MAX];
	const char *value = x->argc ? x->argv[0] : preset;
	int rc;

	*x->why = "argument too long";
	if (strlen(value) > FAULT_ARG_MAX)
		return -EINVAL;
	strcpy(spec, kind);
	strcat(spec, value);
	strcpy(before, noise_spec(x->m->noise));
	rc = noise_set(x->m->noise, spec, x->why);
	if (rc == 0 && !*x->f->saved_noise)
		strcpy(x->f->saved_noise, before);
	return rc;
}

static int inject_stuck(struct inject *x)
{
	unsigned long bit = 0;

	if (number(x, 0, 1, &bit) < 0)
		return -EINVAL;
	x->argc = 0;
	return set_noise(x, "stuck=", bit ? "0xff" : "0");
}

static int inject_unfiltered(struct inject *x)
{
	x->f->unfiltered = true;
	return 0;
}

static int inject_constant(struct inject *x)
{
	return set_noise(x, "stuck=", "0x55");
}

static int inject_bias(struct inject *x)
{
	return set_noise(x, "bias=", "0.6");
}

static int inject_period(struct inject *x)
{
	return set_noise(x, "period=", "64");
}

static int inject_same(struct inject *x)
{
	return set_noise(x, "same=", "0.6");
}

static int inject_drift(struct inject *x)
{
	return set_noise(x, "drift=", "0.7");
}

static int inject_repeat(struct inject *x)
{
	unsigned long size = MODEL_PACKET, times = 1;

	if (number(x, 0, MODEL_POOL, &size) < 0 ||
	    number(x, 1, 10000, &times) < 0 || !size)
		return -EINVAL;
	x->f->repeat_size = (unsigned int)size;
	x->f->repeat_left = (unsigned int)(size * times);
	return 0;
}

static int inject_slow(struct inject *x)
{
	unsigned long rate = 1000;

	if (number(x, 0, 1000000, &rate) < 0)
		return -EINVAL;
	if (!x->f->saved_rate)
		x->f->saved_rate = x->m->conf.rate + 1;
	x->m->conf.rate = (unsigned int)rate;
	return 0;
}

static const char *const cures[] = {
	"never", "command", "dtr", "interface", "reset", "replug", NULL,
};

static int inject_silence(struct inject *x)
{
	unsigned int cure = FAULT_CURE_NEVER;
	unsigned long after = 0;

	if (number(x, 1, FAULT_COUNT_MAX, &after) < 0 ||
	    choice(x, 0, cures, &cure) < 0)
		return -EINVAL;
	x->f->cure = cure;
	x->f->silence = true;
	x->f->dtr_fell = false;
	x->f->silence_from = x->m->in_bytes + after;
	return 0;
}

static const char *const moments[] = {
	"none", "read", "write", "control", "dump", NULL,
};

static int inject_unplug_at(struct inject *x)
{
	unsigned int moment = FAULT_MOMENT_READ;
	unsigned long n = 1;

	if (choice(x, 0, moments, &moment) < 0 ||
	    number(x, 1, FAULT_COUNT_MAX, &n) < 0)
		return -EINVAL;
	x->f->moment = moment;
	x->f->moment_left = n ? n : 1;
	return 0;
}

static int inject_bus_reset(struct inject *x)
{
	model_bus_reset(x->m, x->now_us);
	x->m->usb.configuration = 1;
	return 0;
}

static int inject_short(struct inject *x)
{
	unsigned long len = 0, every = 100;

	if (number(x, 0, MODEL_PACKET - 1, &len) < 0 ||
	    number(x, 1, FAULT_COUNT_MAX, &every) < 0 || !every)
		return -EINVAL;
	x->f->short_len = (unsigned int)len;
	x->f->short_every = (unsigned int)every;
	x->f->short_n = 0;
	return 0;
}

/* For faults whose only argument is how often, once when not said. */
static int counted(struct inject *x, unsigned int *left)
{
	unsigned long times = 1;

	if (number(x, 0, FAULT_COUNT_MAX, &times) < 0)
		return -EINVAL;
	*left = (unsigned int)times;
	return 0;
}

static int inject_overflow(struct inject *x)
{
	return counted(x, &x->f->oversize_left);
}

static int inject_error_in(struct inject *x)
{
	return counted(x, &x->f->error_in);
}

static int inject_error_out(struct inject *x)
{
	return counted(x, &x->f->error_out);
}

static int inject_error_control(struct inject *x)
{
	return counted(x, &x->f->error_control);
}

/* Left running by somebody: everything that can hold bytes is full. */
static int inject_stale(struct inject *x)
{
	struct model_app *a = &x->m->app;

	a->paused = false;
	a->dtr = true;
	for (int round = 0; round < 2; round++) {
		for (; a->count < MODEL_POOL; a->count++) {
			a->pool[a->p_in] = noise_next(x->m->noise);
			a->p_in = (a->p_in + 1) % MODEL_POOL;
		}
		model_wake_sender(x->m);
	}
	return 0;
}

static int inject_mid_dump(struct inject *x)
{
	struct model_app *a = &x->m->app;
	unsigned long at = 100000;

	if (number(x, 0, MODEL_DUMP - 1, &at) < 0)
		return -EINVAL;
	a->paused = false;
	a->pending |= PENDING_DUMP;
	a->alt = true;
	a->dump_pos = (uint32_t)at;
	return 0;
}

static int inject_burst(struct inject *x)
{
	unsigned long stale = 0;

	if (number(x, 0, MODEL_POOL, &stale) < 0)
		return -EINVAL;
	x->f->burst = true;
	x->f->burst_stale = (unsigned int)stale;
	return 0;
}

static int inject_out_drop(struct inject *x)
{
	unsigned long every = 1;

	if (number(x, 0, FAULT_COUNT_MAX, &every) < 0 || !every)
		return -EINVAL;
	x->f->out_drop = (unsigned int)every;
	x->f->out_drop_n = 0;
	return 0;
}

static int inject_out_nak(struct inject *x)
{
	x->f->out_nak = true;
	return 0;
}

static int inject_out_slow(struct inject *x)
{
	unsigned long us = 1000;

	if (number(x, 0, 10000000, &us) < 0)
		return -EINVAL;
	x->f->out_us = (unsigned int)us;
	return 0;
}

static int inject_parser(struct inject *x)
{
	const char *text = x->argc ? x->argv[0] : "cmd";

	model_parse(x->m, (const uint8_t *)text, strlen(text));
	return 0;
}

static int inject_slow_start(struct inject *x)
{
	unsigned long ms = 1000;

	if (number(x, 0, 3600000, &ms) < 0)
		return -EINVAL;
	x->f->slow_start_us = ms * 1000;
	x->f->start_at_us = x->now_us + x->f->slow_start_us;
	return 0;
}

static int inject_toggle(struct inject *x)
{
	x->m->usb.in.toggle = !x->m->usb.in.toggle;
	return 0;
}

static int inject_halt(struct inject *x)
{
	static const char *const ends[] = { "in", "out", NULL };
	unsigned int end = 0;

	if (choice(x, 0, ends, &end) < 0)
		return -EINVAL;
	if (end)
		x->m->usb.out.halted = true;
	else
		x->m->usb.in.halted = true;
	return 0;
}

static int inject_second_opener(struct inject *x)
{
	model_parse(x->m, (const uint8_t *)AT_COMMAND, strlen(AT_COMMAND));
	x->m->app.dtr = false;
	return 0;
}

static int inject_suspend(struct inject *x)
{
	static const char *const powers[] = { "keep", "lose", NULL };
	unsigned int power = 0;
	unsigned long ms = 1000;

	if (choice(x, 0, powers, &power) < 0 || number(x, 1, 3600000, &ms) < 0)
		return -EINVAL;
	x->f->suspended = true;
	x->f->suspend_lose = power == 1;
	x->f->resume_at_us = x->now_us + ms * 1000;
	return 0;
}

static int inject_zlp_hang(struct inject *x)
{
	x->f->zlp_hang = true;
	return 0;
}

/* cmdT is accepted in silence by any healthy device. */
static int inject_nothing(struct inject *x)
{
	(void)x;
	return 0;
}

static int inject_front(struct inject *x)
{
	*x->why = "only a plugged device can do that";
	return -ENOTSUP;
}

static const struct entry {
	const char *name, *alias, *args;
	bool lasts; /* shown as active until spent or cleared */
	int max;    /* arguments */
	int (*inject)(struct inject *x);
} table[] = {
	{ "stuck-source", "F01", "[0|1]", true, 1, inject_stuck },
	{ "unfiltered", "", "", true, 0, inject_unfiltered },
	{ "constant", "F02", "[BYTE]", true, 1, inject_constant },
	{ "bias", "F03", "[P]", true, 1, inject_bias },
	{ "periodic", "F04", "[BITS]", true, 1, inject_period },
	{ "correlated", "", "[P]", true, 1, inject_same },
	{ "drift", "", "[P]", true, 1, inject_drift },
	{ "repeat", "F05", "[SIZE [TIMES]]", true, 2, inject_repeat },
	{ "slow", "F06", "[RATE]", true, 1, inject_slow },
	{ "silence", "F07", "[CURE [AFTER]]", true, 2, inject_silence },
	{ "silence", "F08", "[CURE [AFTER]]", true, 2, inject_silence },
	{ "unplug-at", "F09", "[MOMENT [N]]", true, 2, inject_unplug_at },
	{ "replug", "F10", "[MS]", false, 1, inject_front },
	{ "bus-reset", "F11", "", false, 0, inject_bus_reset },
	{ "short", "F12", "[LEN [EVERY]]", true, 2, inject_short },
	{ "overflow", "F13", "[TIMES]", true, 1, inject_overflow },
	{ "stale", "F14", "", false, 0, inject_stale },
	{ "mid-dump", "F15", "[AT]", false, 1, inject_mid_dump },
	{ "burst", "F16", "[STALE]", true, 1, inject_burst },
	{ "out-drop", "F25", "[EVERY]", true, 1, inject_out_drop },
	{ "out-nak", "", "", true, 0, inject_out_nak },
	{ "out-slow", "", "[US]", true, 1, inject_out_slow },
	{ "parser", "F26", "[TEXT]", false, 1, inject_parser },
	{ "slow-start", "F27", "[MS]", true, 1, inject_slow_start },
	{ "toggle", "F28", "", false, 0, inject_toggle },
	{ "halt", "F29", "[in|out]", false, 1, inject_halt },
	{ "second-opener", "F30", "", false, 0, inject_second_opener },
	{ "unplug", "F31", "", false, 0, inject_front },
	{ "suspend", "F32", "[keep|lose [MS]]", true, 2, inject_suspend },
	{ "none", "F33", "", false, 0, inject_nothing },
	{ "error-in", "", "[TIMES]", true, 1, inject_error_in },
	{ "error-out", "", "[TIMES]", true, 1, inject_error_out },
	{ "error-control", "", "[TIMES]", true, 1, inject_error_control },
	{ "zlp-hang", "", "", true, 0, inject_zlp_hang },
};

#define ENTRIES (sizeof(table) / sizeof(*table))
_Static_assert(ENTRIES <= 64, "a bit each in struct fault");

int fault_inject(struct model *m, uint64_t now_us, int argc, char *argv[],
		 const char **why)
{
	struct inject x = { m, &m->fault, now_us, argc - 1, argv + 1, why };
	const char *name = argc > 0 ? argv[0] : "";
	unsigned int i;
	int rc;

	for (i = 0; i < ENTRIES; i++)
		if (*name && (!strcmp(table[i].name, name) ||
			      !strcmp(table[i].alias, name)))
			break;
	*why = "no such fault";
	if (i == ENTRIES)
		return -ENOENT;
	*why = "too many arguments";
	if (x.argc > table[i].max)
		return -EINVAL;
	*why = "argument out of range";
	model_advance(m, now_us);
	rc = table[i].inject(&x);
	if (rc == 0 && table[i].lasts)
		m->fault.on |= (uint64_t)1 << i;
	return rc;
}

void fault_clear(struct model *m)
{
	struct fault *f = &m->fault;
	const char *why;

	if (*f->saved_noise)
		(void)noise_set(m->noise, f->saved_noise, &why);
	if (f->saved_rate)
		m->conf.rate = f->saved_rate - 1;
	memset(f, 0, sizeof(*f));
	m->hung = false;
	m->usb.in.halted = m->usb.out.halted = false;
}

void fault_spent(struct fault *f, const char *name)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (!strcmp(table[i].name, name))
			f->on &= ~((uint64_t)1 << i);
}

void fault_event(struct fault *f, enum fault_cure event)
{
	if (!f->silence || f->cure == FAULT_CURE_NEVER)
		return;
	if (event != f->cure && event != FAULT_CURE_REPLUG)
		return;
	f->silence = false;
	fault_spent(f, "silence");
}

bool fault_moment_came(struct fault *f, enum fault_moment moment, uint64_t n)
{
	if (f->moment != moment || moment == FAULT_MOMENT_NONE)
		return false;
	if (n < f->moment_left) {
		f->moment_left -= n;
		return false;
	}
	f->moment = FAULT_MOMENT_NONE;
	fault_spent(f, "unplug-at");
	return true;
}

const char *fault_next_active(const struct fault *f, unsigned int *at)
{
	while (*at < ENTRIES) {
		unsigned int i = (*at)++;

		if (f->on >> i & 1)
			return table[i].name;
	}
	return NULL;
}

const char *fault_entry(unsigned int i, const char **alias, const char **args)
{
	if (i >= ENTRIES)
		return NULL;
	*alias = table[i].alias;
	*args = table[i].args;
	return table[i].name;
}

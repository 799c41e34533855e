/*
 * Control words of the simulated OneRNG: what they do and what is refused.
 */
#include "tests/unit/sim_host.h"

#include <errno.h>

#include "tests/sim/simctl.h"

static struct host h;

static void start(void)
{
	host_plug(&h, 3, 57600, "ideal");
}

static void unplug(void)
{
	model_free(h.m);
}

TestSuite(sim_ctl, .init = start, .fini = unplug, .timeout = 60);

static struct model *ctl_model(void *ctx, unsigned int device)
{
	(void)ctx;
	(void)device;
	return h.m;
}

static bool plugged = true, quit;
static unsigned int later_ms;

static bool ctl_plugged(void *ctx, unsigned int device)
{
	(void)ctx;
	(void)device;
	return plugged;
}

static int ctl_plug(void *ctx, unsigned int device)
{
	(void)ctx;
	(void)device;
	if (plugged)
		return -EALREADY;
	plugged = true;
	return 0;
}

static int ctl_unplug(void *ctx, unsigned int device)
{
	(void)ctx;
	(void)device;
	if (!plugged)
		return -EALREADY;
	plugged = false;
	return 0;
}

static void ctl_later(void *ctx, unsigned int device, unsigned int ms)
{
	(void)ctx;
	(void)device;
	later_ms = ms;
}

static void ctl_quit(void *ctx)
{
	(void)ctx;
	quit = true;
}

static const char *ask(const char *words)
{
	static const struct simctl_ops ops = {
		.model = ctl_model,
		.plugged = ctl_plugged,
		.plug = ctl_plug,
		.unplug = ctl_unplug,
		.plug_later = ctl_later,
		.quit = ctl_quit,
		.devices = 2,
	};
	static char answer[SIMCTL_ANSWER_MAX];
	char line[SIMCTL_LINE_MAX];

	snprintf(line, sizeof(line), "%s", words);
	simctl_handle(&ops, NULL, h.now_us, line, answer);
	cr_assert_eq(answer[strlen(answer) - 1], '\n', "%s", words);
	return answer;
}

Test(sim_ctl, control_words_do_what_they_say)
{
	cr_assert_str_eq(ask("plug"), "error it is plugged in\n");
	cr_assert_str_eq(ask("@2 unplug"), "ok\n");
	cr_assert_str_eq(ask("unplug"), "error it is not plugged in\n");
	cr_assert_str_eq(ask("power-cycle"), "ok\n");
	cr_assert_str_eq(ask("fault F10 250"), "ok\n");
	cr_assert_eq(later_ms, 250);
	cr_assert_str_eq(ask("fault F10"), "ok\n");
	cr_assert_str_eq(ask("rate 1000"), "ok\n");
	cr_assert_str_eq(ask("noise bias=0.6"), "ok\n");
	cr_assert_str_eq(ask("fault silence dtr 100"), "ok\n");
	cr_assert(
		strstr(ask("status"), "\"rate\":1000,\"noise\":\"bias=0.6\""));
	cr_assert(strstr(ask("status"), "\"faults\":[\"silence\"]"));
	cr_assert_str_eq(ask("clear"), "ok\n");
	cr_assert(strstr(ask("status"), "\"faults\":[]"));
	cr_assert_str_eq(ask("quit"), "ok\n");
	cr_assert(quit);
}

Test(sim_ctl, control_words_out_of_range_are_errors)
{
	static const char *const bad[] = {
		"",
		" ",
		"@0 status",
		"@3 status",
		"@x status",
		"@1",
		"reboot",
		"rate",
		"rate x",
		"rate 1000001",
		"rate 1 2",
		"noise",
		"noise loud",
		"fault",
		"fault x",
		"fault F10 x",
		"status now",
		"fault a b c d",
		"1 2 3 4 5 6 7 8 9",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert(!strncmp(ask(bad[i]), "error ", 6), "%s", bad[i]);
}

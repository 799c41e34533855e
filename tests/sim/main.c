/*
 * onerng-sim - a simulated OneRNG for tests and rehearsals
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/opt.h"
#include "tests/sim/image.h"
#include "tests/sim/sim.h"
#include "tests/sim/simctl.h"

#define PROGRAM	   "onerng-sim"
#define RATE_MAX   1000000
#define REPLY_RATE 400000 /* bytes a second; the dossier's estimate */

static const char usage[] = PROGRAM " run [OPTIONS] -- COMMAND [ARG...]\n"
				    "       " PROGRAM
				    " usbredir --socket PATH [OPTIONS]\n"
				    "       " PROGRAM " ctl SOCKET WORD...";

struct request {
	struct sim sim;
	bool help, version;
};

static int set_number(const char *value, unsigned long long min,
		      unsigned long long max, unsigned int *out,
		      const char **why)
{
	unsigned long long n;
	int rc = opt_u64(value, min, max, &n);

	*why = "not a number in range";
	if (rc == 0)
		*out = (unsigned int)n;
	return rc;
}

static int set_devices(void *ctx, const char *value, const char **why)
{
	return set_number(value, 1, SIM_DEVICES_MAX,
			  &((struct request *)ctx)->sim.devices, why);
}

static OPT_TEXT(set_control, struct request, sim.control);
static OPT_TEXT(set_socket, struct request, sim.socket);

static int set_firmware(void *ctx, const char *value, const char **why)
{
	return set_number(value, 1, 3,
			  &((struct request *)ctx)->sim.conf.firmware, why);
}

static int set_image(void *ctx, const char *value, const char **why)
{
	static uint8_t image[IMAGE_SIZE];
	int rc = image_read(image, value);

	*why = rc == -EMSGSIZE ? "not a file of 262144 bytes"
			       : "cannot read the file";
	if (rc == 0)
		((struct request *)ctx)->sim.conf.image = image;
	return rc;
}

static int set_rate(void *ctx, const char *value, const char **why)
{
	return set_number(value, 0, RATE_MAX,
			  &((struct request *)ctx)->sim.conf.rate, why);
}

static int set_seed(void *ctx, const char *value, const char **why)
{
	unsigned long long n;
	int rc = opt_u64(value, 0, UINT64_MAX, &n);

	*why = "not a number in range";
	if (rc == 0)
		((struct request *)ctx)->sim.conf.seed = n;
	return rc;
}

static OPT_TEXT(set_noise, struct request, sim.noise);
static OPT_FLAG(set_absent, struct request, sim.absent);

static int set_no_bugs(void *ctx, const char *value, const char **why)
{
	(void)value;
	(void)why;
	((struct request *)ctx)->sim.conf.bugs = false;
	return 0;
}

static OPT_FLAG(set_no_stir, struct request, sim.conf.no_stir);
static OPT_FLAG(set_help, struct request, help);
static OPT_FLAG(set_version, struct request, version);

static const struct opt options[] = {
	{ "devices", 0, "N", "simulate N devices, at ports 1-1, 1-2, ... (run)",
	  set_devices },
	{ "control", 0, "SOCKET", "listen there for onerng-sim ctl",
	  set_control },
	{ "socket", 0, "PATH", "listen there for QEMU (usbredir)", set_socket },
	{ "firmware", 0, "1|2|3", "firmware version (3)", set_firmware },
	{ "image", 0, "FILE", "flash of 262144 bytes (made from the seed)",
	  set_image },
	{ "rate", 0, "BYTES", "raw bytes a second (57600)", set_rate },
	{ "seed", 0, "N", "seed of the first device's noise (1)", set_seed },
	{ "noise", 0, "SPEC",
	  "ideal, bias=P, same=P, drift=P, period=N, stuck=BYTE, file=PATH, "
	  "once=PATH",
	  set_noise },
	{ "absent", 0, NULL, "start unplugged", set_absent },
	{ "no-bugs", 0, NULL, "leave out what is odd in the firmware",
	  set_no_bugs },
	{ "no-stir", 0, NULL, "noise waits while the pool is full",
	  set_no_stir },
	{ "version", 'V', NULL, "print the version", set_version },
	{ "help", 'h', NULL, "print this help", set_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static int complain(const char *what)
{
	fprintf(stderr, PROGRAM ": %s (see " PROGRAM " --help)\n", what);
	return 2;
}

static int do_run(struct request *r, int argc, char *argv[])
{
	if (!argc)
		return complain("run: no command");
	r->sim.command = argv;
	return front_umockdev(&r->sim);
}

static int do_usbredir(struct request *r, int argc)
{
	if (argc)
		return complain("usbredir: takes no operand");
	if (!r->sim.socket)
		return complain("usbredir: --socket is missing");
	if (r->sim.devices > 1)
		return complain("usbredir: one device a socket");
	return front_usbredir(&r->sim);
}

static int do_ctl(int argc, char *argv[])
{
	if (argc < 2)
		return complain("ctl: SOCKET and a command are missing");
	return simctl_call(argv[0], argc - 1, argv + 1);
}

/* Options may stand before or behind the first word. */
static int parse(struct request *r, int *argc, char ***argv)
{
	int at = opt_parse(options, r, PROGRAM, *argc, *argv);

	if (at < 0)
		return at;
	*argc -= at;
	*argv += at;
	return 0;
}

int main(int argc, char *argv[])
{
	struct request r = {
		.sim = {
			.conf = { .firmware = 3,
				  .rate = 57600,
				  .reply_rate = REPLY_RATE,
				  .seed = 1,
				  .bugs = true },
			.noise = "ideal",
			.devices = 1,
		},
	};
	const char *word;

	log_init(PROGRAM, LOG_LEVEL_INFO);
	if (parse(&r, &argc, &argv) < 0)
		return 2;
	word = argc ? argv[0] : "";
	/* What follows ctl SOCKET belongs to the simulator. */
	if (!strcmp(word, "ctl"))
		return do_ctl(argc - 1, argv + 1);
	if (argc && parse(&r, &argc, &argv) < 0)
		return 2;
	if (r.help) {
		opt_help(options, usage, stdout);
		return 0;
	}
	if (r.version) {
		puts(PROGRAM " " ONERNG_VERSION);
		return 0;
	}
	if (!strcmp(word, "run"))
		return do_run(&r, argc, argv);
	if (!strcmp(word, "usbredir"))
		return do_usbredir(&r, argc);
	if (*word)
		fprintf(stderr, PROGRAM ": %s: no such command\n", word);
	return complain("a command is one of run, usbredir and ctl");
}

/*
 * main.c - onerng-hostd, the host agent: table of contents
 *
 * The same program runs in four roles: the core, which options and signals
 * speak to; a reader for each device; the watcher for arrivals; and what may be
 * made to wait by whoever has a container's terminal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common/health.h"
#include "common/log.h"
#include "common/opt.h"
#include "common/secmem.h"
#include "common/standard.h"
#include "host-agent/condition.h"
#include "host-agent/core.h"
#include "host-agent/drbg.h"
#include "host-agent/hostconf_files.h"
#include "host-agent/hwrng_reader.h"
#include "host-agent/lockdown.h"
#include "host-agent/reader.h"
#include "host-agent/restart.h"
#include "host-agent/terminal.h"

#define PROGRAM	    "onerng-hostd"
#define USAGE	    PROGRAM " [-htV] [-c FILE] [-l LEVEL]"
#define EXIT_USAGE  2
#define EXIT_CONFIG 3

struct options {
	const char *conf, *role, *port;
	int log_level;		   /* -1: the configuration's */
	enum sandbox_mode sandbox; /* of a role; the core's is configured */
	bool check, help, version;
};

static OPT_TEXT(set_conf, struct options, conf);
static OPT_FLAG(set_check, struct options, check);

static int set_level(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	o->log_level = log_level_parse(value);
	*why = "not err, warn, info or debug";
	return o->log_level < 0 ? -EINVAL : 0;
}

static OPT_FLAG(set_help, struct options, help);
static OPT_FLAG(set_version, struct options, version);

static int set_role(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	o->role = value;
	*why = "not reader, hwrng-reader, watcher or terminal";
	return strcmp(value, "reader") && strcmp(value, "hwrng-reader") &&
			       strcmp(value, "watcher") &&
			       strcmp(value, "terminal")
		       ? -EINVAL
		       : 0;
}

static int set_port(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	o->port = value;
	*why = "not BUS-PORT[.PORT...] or a path";
	return rawmsg_port_valid(value) || value[0] == '/' ? 0 : -EINVAL;
}

static int set_sandbox(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;
	int mode = sandbox_mode_parse(value);

	*why = "not errno, kill or off";
	if (mode < 0)
		return mode;
	o->sandbox = (enum sandbox_mode)mode;
	return 0;
}

static const struct opt options[] = {
	{ "config", 'c', "FILE",
	  "read FILE and FILE.d/*.conf (" HOSTCONF_FILE ")", set_conf },
	{ "test", 't', NULL, "check the configuration and exit", set_check },
	{ "log-level", 'l', "LEVEL", "log err, warn, info or debug",
	  set_level },
	{ "version", 'V', NULL, "print the version and exit", set_version },
	{ "help", 'h', NULL, "print this help and exit", set_help },
	{ "role", 0, "ROLE", NULL, set_role },
	{ "port", 0, "PORT", NULL, set_port },
	{ "sandbox", 0, "MODE", NULL, set_sandbox },
	{ NULL, 0, NULL, NULL, NULL },
};

/* For every role: no core dump, no group or world access, no new rights. */
static int isolate(void)
{
	standard_hold();
	umask(0077);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return secmem_no_dump();
}

static int run_role(const struct options *o)
{
	if (!strcmp(o->role, "watcher"))
		return watcher_main(o->sandbox);
	if (!strcmp(o->role, "terminal"))
		return terminal_main(o->sandbox);
	if (o->port && !strcmp(o->role, "hwrng-reader"))
		return hwrng_reader_main(o->port, o->sandbox);
	if (o->port)
		return reader_main(o->port, o->sandbox);
	fprintf(stderr, PROGRAM ": --role %s: needs --port\n", o->role);
	return EXIT_USAGE;
}

/* SP 800-90B 4.3: known answers before anything is served. */
static int self_test(void)
{
	static const uint8_t stuck[64];
	struct health_cutoffs cut;
	struct health h;

	if (condition_selftest() < 0 || drbg_selftest() < 0 ||
	    health_cutoffs(&cut, HEALTH_H_BYTE_DEFAULT, HEALTH_H_BIT_DEFAULT) <
		    0)
		return -EIO;
	health_init(&h, &cut);
	return health_feed(&h, stuck, sizeof(stuck)) < 0 ? 0 : -EIO;
}

static int run_core(const struct options *o, struct hostconf *conf,
		    char *argv[])
{
	struct restart restart;
	struct core *core;
	int r = self_test();

	if (r < 0) {
		log_err("self test failed: nothing is served");
		hostconf_free(conf);
		return EXIT_FAILURE;
	}
	core = core_new(conf, o->conf, o->log_level);
	if (!core)
		return EXIT_FAILURE;
	if (restart_init(&restart, argv) == 0)
		core_set_restart(core, &restart);
	r = core_lock_down(core);
	if (r == 0)
		r = core_run(core);
	core_free(core);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int load(const struct options *o, struct hostconf **conf)
{
	char err[INI_WHY_MAX];

	int r = o->check ? hostconf_load(o->conf, conf, err, sizeof(err))
			 : hostconf_load_for_start(o->conf, conf, err,
						   sizeof(err));

	if (r < 0) {
		log_err("%s", err);
		return EXIT_CONFIG;
	}
	for (size_t i = 0; i < (*conf)->faults_count; i++)
		log_err("%s: left out, all else is served",
			(*conf)->faults[i].why);
	if (o->log_level >= 0)
		(*conf)->log_level = (enum log_level)o->log_level;
	log_set_level((*conf)->log_level);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct options o = { .conf = HOSTCONF_FILE,
			     .log_level = -1,
			     .sandbox = SANDBOX_ERRNO };
	struct hostconf *conf;
	int r = isolate();

	log_init(PROGRAM, LOG_LEVEL_INFO);
	if (r < 0) {
		log_err("cannot give up rights: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	r = opt_parse(options, &o, PROGRAM, argc, argv);
	if (r < 0)
		return EXIT_USAGE;
	if (o.help) {
		opt_help(options, USAGE, stdout);
		return EXIT_SUCCESS;
	}
	if (o.version) {
		puts(PROGRAM " " ONERNG_VERSION);
		return EXIT_SUCCESS;
	}
	if (r < argc) {
		fprintf(stderr, PROGRAM ": %s: takes no operand; try --help\n",
			argv[r]);
		return EXIT_USAGE;
	}
	if (o.log_level >= 0)
		log_set_level((enum log_level)o.log_level);
	if (o.role)
		return run_role(&o);
	r = load(&o, &conf);
	if (r)
		return r;
	if (o.check) {
		hostconf_free(conf);
		return lockdown_rehearse() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	return run_core(&o, conf, argv);
}

#include "guest-agent/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/opt.h"
#include "guest-agent/feeder.h"
#include "guest-agent/source.h"

#define PROGRAM	     "onerng-guestd"
#define BYTES_MIN    32
#define INTERVAL_MAX 86400
#define READY_MAX    300
#define DEADLINE_MAX 600
#define REQUIRE_S    30
#define REQUIRE_MAX  300

/* Half of the bits that are there: the host has accounted them once already. */
#define CREDIT_PER_BYTE 4

static int set_number(unsigned int *out, const char *value, unsigned int min,
		      unsigned int max)
{
	unsigned long long n;
	int r = opt_u64(value, min, max, &n);

	if (!r)
		*out = (unsigned int)n;
	return r;
}

static int set_source(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;
	struct source s;

	o->source = value;
	return source_init(&s, value, why);
}

static OPT_FLAG(set_once, struct options, once);

static int set_verify(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	o->verify = true;
	o->once = true;
	o->no_feed = true;
	return set_source(ctx, value, why);
}

static int set_require(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	*why = "must be 1 to 300 seconds";
	o->require_s = REQUIRE_S;
	return value ? set_number(&o->require_s, value, 1, REQUIRE_MAX) : 0;
}

static int set_interval(void *ctx, const char *value, const char **why)
{
	*why = "must be 1 to 86400 seconds";
	return set_number(&((struct options *)ctx)->interval_s, value, 1,
			  INTERVAL_MAX);
}

static int set_bytes(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	*why = "must be 32 to 512 bytes";
	o->bytes_given = true;
	return set_number(&o->bytes, value, BYTES_MIN, FEEDER_PAYLOAD_MAX);
}

static int set_credit(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	*why = "must be 0 to 4096 bits";
	o->credit_given = true;
	return set_number(&o->credit_bits, value, 0, 8 * FEEDER_PAYLOAD_MAX);
}

static int set_expect_rng(void *ctx, const char *value, const char **why)
{
	*why = "must be a name as in rng_available";
	((struct options *)ctx)->expect_rng = value;
	return value[0] ? 0 : -EINVAL;
}

static int set_ready_timeout(void *ctx, const char *value, const char **why)
{
	*why = "must be 0 to 300 seconds";
	return set_number(&((struct options *)ctx)->ready_timeout_s, value, 0,
			  READY_MAX);
}

static int set_deadline(void *ctx, const char *value, const char **why)
{
	*why = "must be 1 to 600 seconds";
	return set_number(&((struct options *)ctx)->deadline_s, value, 1,
			  DEADLINE_MAX);
}

static int set_status_file(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	*why = "must be an absolute path";
	o->status_file = value;
	o->status_file_given = true;
	return value[0] == '/' ? 0 : -EINVAL;
}

static OPT_FLAG(set_no_feed, struct options, no_feed);
static OPT_FLAG(set_feed_host, struct options, feed_host);

static int set_sandbox(void *ctx, const char *value, const char **why)
{
	struct options *o = ctx;

	*why = "must be kill or off";
	o->sandbox = strcmp(value, "off") != 0;
	return o->sandbox && strcmp(value, "kill") ? -EINVAL : 0;
}

static OPT_FLAG(set_status, struct options, status);
static OPT_FLAG(set_json, struct options, json);

static int set_level(void *ctx, const char *value, const char **why)
{
	int level = log_level_parse(value);

	*why = "must be err, warn, info or debug";
	if (level < 0)
		return level;
	((struct options *)ctx)->level = (enum log_level)level;
	return 0;
}

static int show_version(void *ctx, const char *value, const char **why)
{
	(void)value;
	(void)why;
	((struct options *)ctx)->ended = true;
	puts(PROGRAM " " ONERNG_VERSION);
	return 0;
}

static int show_help(void *ctx, const char *value, const char **why);

static const struct opt table[] = {
	{ "source", 's', "SOURCE",
	  "hwrng:PATH (default hwrng:/dev/hwrng), egd:PATH, tty:PATH, file:PATH",
	  set_source },
	{ "once", 0, NULL, "verify and feed once, then end", set_once },
	{ "verify", 0, "SOURCE",
	  "verify this source, feed nothing, report and end", set_verify },
	{ "require", 0, "[SECONDS]",
	  "end with 0 only if device, driver, bytes and kernel RNG are as they "
	  "should be in time (default 30)",
	  set_require },
	{ "interval", 0, "SECONDS", "time between feeds (default 300)",
	  set_interval },
	{ "bytes", 0, "BYTES", "bytes of one feed, 32 to 512 (default 64)",
	  set_bytes },
	{ "credit", 0, "BITS", "credit of one feed (default 4 bits a byte)",
	  set_credit },
	{ "expect-rng", 0, "NAME", "refuse another driver behind /dev/hwrng",
	  set_expect_rng },
	{ "ready-timeout", 0, "SECONDS",
	  "report ready after this even unfed (default 5)", set_ready_timeout },
	{ "deadline", 0, "SECONDS",
	  "a source silent for this long has failed (default 10)",
	  set_deadline },
	{ "status-file", 0, "PATH",
	  "state of the running agent (default " OPTIONS_STATUS_FILE ")",
	  set_status_file },
	{ "no-feed", 0, NULL, "verify only", set_no_feed },
	{ "feed-host", 0, NULL,
	  "feed also from a container, whose kernel is the host's",
	  set_feed_host },
	{ "sandbox", 0, "MODE",
	  "what a wrong system call does to the feeder: kill (default), or off",
	  set_sandbox },
	{ "status", 0, NULL, "show the state of the running agent",
	  set_status },
	{ "json", 0, NULL, "with --status or --verify: as JSON", set_json },
	{ "log-level", 'l', "LEVEL", "err, warn, info (default) or debug",
	  set_level },
	{ "version", 'V', NULL, "print the version", show_version },
	{ "help", 'h', NULL, "print this help", show_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static int show_help(void *ctx, const char *value, const char **why)
{
	(void)value;
	(void)why;
	((struct options *)ctx)->ended = true;
	opt_help(table, PROGRAM " [OPTION...]", stdout);
	return 0;
}

/* What is wrong with the options together, or NULL. */
static const char *find_conflict(const struct options *o)
{
	if (o->credit_bits > 8 * o->bytes)
		return "--credit: more than 8 bits for each of --bytes";
	if (o->expect_rng && strncmp(o->source, "hwrng:", 6) != 0)
		return "--expect-rng: only with a hwrng: source";
	if (o->verify && (o->require_s || o->status || o->feed_host))
		return "--verify: alone, but for --json and what tells how";
	if (o->feed_host && o->no_feed)
		return "--feed-host: not with --no-feed";
	if (o->status && (o->once || o->no_feed))
		return "--status: neither with --once nor with --no-feed";
	if (o->require_s && (o->once || o->status))
		return "--require: neither with --once nor with --status";
	if (o->json && !o->status && !o->verify)
		return "--json: only with --status or --verify";
	return NULL;
}

int options_parse(struct options *o, int argc, char *argv[])
{
	const char *conflict;
	int first;

	*o = (struct options){
		.source = "hwrng:/dev/hwrng",
		.status_file = OPTIONS_STATUS_FILE,
		.interval_s = 300,
		.bytes = 64,
		.ready_timeout_s = 5,
		.deadline_s = 10,
		.sandbox = true,
		.level = LOG_LEVEL_INFO,
	};
	first = opt_parse(table, o, PROGRAM, argc, argv);
	if (first < 0 || o->ended)
		return first < 0 ? -EINVAL : 0;
	if (first < argc) {
		char text[64];

		fprintf(stderr, PROGRAM ": %s: not expected (see --help)\n",
			log_escape(text, sizeof(text), argv[first],
				   strlen(argv[first])));
		return -EINVAL;
	}
	/* The longest windows: it is not about feeds. */
	if (o->verify && !o->bytes_given)
		o->bytes = FEEDER_PAYLOAD_MAX;
	if (!o->credit_given)
		o->credit_bits = CREDIT_PER_BYTE * o->bytes;
	conflict = find_conflict(o);
	if (!conflict)
		return 0;
	fprintf(stderr, PROGRAM ": %s (see --help)\n", conflict);
	return -EINVAL;
}

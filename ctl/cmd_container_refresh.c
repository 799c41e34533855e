/*
 * Brings registered containers up to what is there: after a OneRNG was plugged
 * in or out, and after the agent made new ptys.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/change.h"
#include "ctl/refresh.h"

#define FOLDER_END ".d"
#define ROUNDS_MAX 5
#define NODES_DIR  "/dev"

struct refresh_call {
	struct container_call of;
};

static const struct opt options[] = {
	CONTAINER_OPT_INCLUDES,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* What one run is about. */
struct round {
	const struct container_host *host;
	json_t *containers; /* one object each; of the last round */
	struct timespec changed;
	bool failed;
};

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void note_folder(struct round *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && is_later(&st.st_mtim, &r->changed))
		r->changed = st.st_mtim;
}

/*
 * When the agent last published anything, and when a node last came or went: a
 * node's number is for its life.
 */
static void note_change(struct round *r)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lxc", r->host->run_dir);
	note_folder(r, path);
	note_folder(r, NODES_DIR);
}

static const char *state_of(const struct refresh *one)
{
	return one->asked ? live_word(one->result) : "unknown";
}

/* Without IDs given, nobody asked for the ones that nothing happened to. */
static void print_one(const char *id, const struct refresh *one, bool all)
{
	bool done = one->rewritten || one->failed ||
		    (one->asked && one->result == LIVE_CHANGED);

	if (!all && !done)
		return;
	printf("%s: %s%s%s%s\n", id, one->failed ? "failed" : state_of(one),
	       one->rewritten ? ", rules written again" : "",
	       *one->why ? ": " : "", one->why);
}

static void refresh_one(struct round *r, const char *id, bool all)
{
	struct refresh one;

	refresh_container(r->host, id, &one);
	r->failed |= one.failed;
	json_array_append_new(r->containers,
			      json_pack("{s:s, s:s, s:b, s:b, s:s}", "id", id,
					"device", state_of(&one), "rewritten",
					one.rewritten, "failed", one.failed,
					"why", one.why));
	if (!r->host->call->json)
		print_one(id, &one, all);
	fflush(stdout);
}

static int is_folder(const struct dirent *d)
{
	size_t len = strlen(d->d_name), end = strlen(FOLDER_END);

	return d->d_name[0] != '.' && len > end &&
	       !strcmp(d->d_name + len - end, FOLDER_END);
}

/* A folder without what is generated is a container that was detached. */
static void refresh_all(struct round *r)
{
	char path[PATH_MAX], *name;
	struct dirent **list;
	int i, n = scandir(r->host->dir, &list, is_folder, alphasort);

	for (i = 0; i < n; i++) {
		name = list[i]->d_name;
		name[strlen(name) - strlen(FOLDER_END)] = '\0';
		if (container_id_valid(name) &&
		    container_generated_path(r->host, name, path) &&
		    access(path, F_OK) == 0)
			refresh_one(r, name, false);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void begin_round(struct round *r)
{
	if (r->containers)
		json_array_clear(r->containers);
	r->failed = false;
	r->changed = (struct timespec){ 0 };
	note_change(r);
}

/*
 * What the agent publishes, or the kernel makes, while a round is made starts
 * no other one, since the unit runs already; so that is looked for here.
 */
static void refresh_until_quiet(struct round *r)
{
	struct timespec before;
	int i;

	for (i = 0; i < ROUNDS_MAX; i++) {
		begin_round(r);
		before = r->changed;
		refresh_all(r);
		note_change(r);
		if (!is_later(&r->changed, &before))
			return;
	}
}

static int run(void *ctx)
{
	struct refresh_call *call = ctx;
	const struct command_call *base = &call->of.call;
	struct container_host *h = &call->of.host;
	struct round r = { .host = h, .containers = json_array() };
	int i;

	h->call = base;
	if (!h->dir)
		h->dir = CONTAINER_DIR;
	if (geteuid() != 0)
		return command_complain(base, NULL, "needs root");
	if (!r.containers)
		return command_complain(base, NULL, strerror(ENOMEM));
	if (change_run_dir(base, h->run_dir) < 0)
		return EXIT_FAILURE;
	h->api = lxcapi_open(h->why_no_api);
	for (i = 0; i < base->operand_count; i++)
		refresh_one(&r, base->operands[i], true);
	if (!base->operand_count)
		refresh_until_quiet(&r);
	if (base->json)
		command_print_json(r.containers);
	json_decref(r.containers);
	lxcapi_close(h->api);
	if (command_flush(base) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return r.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_container_refresh = {
	.words = { "container", "refresh" },
	.options = options,
	.usage = PROGRAM " container refresh [ID...] [OPTIONS]",
	.help = "bring running containers up to date",
	.call_size = sizeof(struct refresh_call),
	.run = run,
	.operand = "[ID...]",
};

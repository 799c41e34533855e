/* What is wrong with containers' random numbers, and how to mend it. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/replace.h"
#include "ctl/acm.h"
#include "ctl/container.h"
#include "ctl/hold.h"
#include "ctl/libdir.h"
#include "ctl/report.h"
#include "lxc/container_check.h"

#define FOLDER_END ".d"
#define CHANGES	   "onerngctl container "
#define REFRESHES  CHANGES "refresh "
#define PLAIN                                                            \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"/._-+:"

struct checking {
	struct container_host *host;
	struct report report;
	json_t *status; /* the agent's; NULL: it does not answer */
};

static const struct finding_rule left_over = {
	"left-over", FINDING_WARNING,
	"the host agent keeps a device for a container that is not there",
	"onerngctl container detach %s"
};

static const struct finding_rule unanswered = {
	"unanswered", FINDING_WARNING,
	"a process that looked into its /dev cannot be ended, and until it is "
	"this container's device stays as it is",
	"lxc-stop -k %s, and ask who made its /dev so"
};

static const struct opt options[] = {
	CONTAINER_OPT_PATH, CONTAINER_OPT_INCLUDES, CONTAINER_OPT_DROP_INS,
	COMMAND_OPT_JSON,   COMMAND_OPT_HELP,	    COMMAND_OPT_END,
};

static void know_onerngs(struct container_known *k)
{
	struct acm acm[ACM_MAX];

	k->acms = acm_list(ACM_DIR, acm);
	for (size_t i = 0; i < k->acms; i++)
		k->acm[i] = acm[i].minor;
}

static enum container_node look_at(const struct lxc_facts *f)
{
	struct stat st;

	if (!*f->node)
		return CONTAINER_NODE_UNKNOWN;
	if (stat(f->node, &st) < 0)
		return errno == ENOENT ? CONTAINER_NODE_MISSING
				       : CONTAINER_NODE_UNKNOWN;
	return S_ISCHR(st.st_mode) && major(st.st_rdev) == f->major &&
			       minor(st.st_rdev) == f->minor
		       ? CONTAINER_NODE_THERE
		       : CONTAINER_NODE_OTHER;
}

static const char *members_of(unsigned int gid)
{
	const struct group *g = getgrgid(gid);

	return g && g->gr_mem && *g->gr_mem ? g->gr_name : NULL;
}

static void ask_agent(const struct checking *c, const char *id,
		      struct container_known *k)
{
	const json_t *agent = register_find_container(c->status, id);

	k->agent = agent	? CONTAINER_AGENT_KNOWS
		   : !c->status ? CONTAINER_AGENT_DOWN
				: CONTAINER_AGENT_LACKS;
	k->held = json_is_true(json_object_get(agent, "stalled"));
}

/* As written: what is generated may be older than this program. */
static void check_found(struct checking *c, const struct container *found,
			struct findings *findings)
{
	struct container_known k = { .name = found->name,
				     .config = found->config,
				     .text = found->text,
				     .dir = c->host->dir,
				     .include = &found->include,
				     .sum = &found->sum,
				     .copy = found->foreign };
	struct container_snippet s;
	struct lxc_facts facts;

	if (found->generated &&
	    container_snippet_parse(found->generated, &s) == 0) {
		k.snippet = &s;
		k.hook_there = libdir_has_hook(s.hook_dir);
		k.group = members_of(s.group);
		ask_agent(c, found->id, &k);
	}
	if (k.snippet && container_read_facts(c->host, found->id, &facts)) {
		k.facts = &facts;
		k.node = look_at(&facts);
	}
	know_onerngs(&k);
	container_check(&k, findings);
	if (k.snippet && hold_is_taken(c->host, found->id))
		finding_add(findings, &unanswered, found->name, 0,
			    "its /dev does not answer");
}

/* What is not where LXC and the agent have it: " --path PLACE"; NULL: it is. */
static void add_place(char **command, const char *option, const char *place)
{
	char *longer;

	/* what a shell takes for more than a word is left to the operator */
	if (!place || place[strspn(place, PLAIN)])
		return;
	if (asprintf(&longer, "%s --%s %s", *command, option, place) < 0)
		return;
	free(*command);
	*command = longer;
}

/* A command of ours has to look where this one did. */
static void say_where(const struct container_host *h, struct findings *f)
{
	const char *dir = strcmp(h->dir, CONTAINER_DIR) ? h->dir : NULL;
	const char *drop_ins = h->registry.dir;

	if (!strcmp(drop_ins, REGISTER_DIR))
		drop_ins = NULL;
	for (size_t i = 0; i < f->count; i++) {
		char **command = &f->finding[i].command;

		if (strncmp(*command, CHANGES, strlen(CHANGES)) != 0 ||
		    strpbrk(*command, ";&|"))
			continue;
		add_place(command, "includes", dir);
		if (!strncmp(*command, REFRESHES, strlen(REFRESHES)))
			continue;
		add_place(command, "path", h->path);
		add_place(command, "drop-ins", drop_ins);
	}
}

static void check_named(struct checking *c, const char *name)
{
	struct findings findings = { 0 };
	struct container found;
	char why[LXCAPI_WHY_MAX];

	if (container_find(c->host, name, &found, why) < 0) {
		report_fail(&c->report, NULL, why);
		container_release(&found);
		return;
	}
	check_found(c, &found, &findings);
	say_where(c->host, &findings);
	if (findings.err)
		report_fail(&c->report, name, strerror(-findings.err));
	else
		report_add(&c->report, name,
			   json_pack("{s:s, s:s, s:s, s:s}", "name", name, "id",
				     found.id, "config", found.config, "state",
				     container_state(&found)),
			   &findings);
	findings_clear(&findings);
	container_release(&found);
}

/* "ID.d", whose container's configuration is gone. */
static void check_folder(struct checking *c, const char *folder)
{
	struct findings findings = { 0 };
	struct container_snippet s;
	char id[CONTAINER_ID_MAX + 2], path[PATH_MAX], *text;
	size_t len = strlen(folder);

	if (len < 3 || len >= sizeof(id) ||
	    strcmp(folder + len - 2, FOLDER_END) != 0)
		return;
	snprintf(id, sizeof(id), "%.*s", (int)len - 2, folder);
	if (!container_generated_path(c->host, id, path))
		return;
	text = replace_read(path);
	if (text && container_snippet_parse(text, &s) == 0 &&
	    access(s.config, F_OK) < 0 && errno == ENOENT) {
		finding_add(&findings, &left_over, id, 0, "%s is not there",
			    s.config);
		say_where(c->host, &findings);
		report_add(&c->report, id,
			   json_pack("{s:s, s:s, s:s, s:s}", "name", id, "id",
				     id, "config", s.config, "state", "gone"),
			   &findings);
	}
	findings_clear(&findings);
	free(text);
}

static void check_left_overs(struct checking *c)
{
	DIR *d = opendir(c->host->dir);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		check_folder(c, e->d_name);
	if (d)
		closedir(d);
}

static void check_all(struct checking *c)
{
	char **names;
	int n = container_names(c->host, &names);

	if (n < 0)
		report_fail(&c->report, c->host->path,
			    "which container? a configuration has no name");
	for (int i = 0; i < n; i++)
		check_named(c, names[i]);
	container_free_names(names, n);
	check_left_overs(c);
}

static int run(void *ctx)
{
	struct container_call *call = ctx;
	struct checking c = { .host = &call->host };
	char why[CLIENT_WHY_MAX];

	if (container_begin(c.host, &call->call) < 0)
		return EXIT_FAILURE;
	report_begin(&c.report, &call->call, "container");
	client_ask(call->call.socket, "status", &c.status, why);
	for (int i = 0; i < call->call.operand_count; i++)
		check_named(&c, call->call.operands[i]);
	if (!call->call.operand_count)
		check_all(&c);
	json_decref(c.status);
	container_end(c.host);
	return report_end(&c.report);
}

const struct command command_container_check = {
	.words = { "container", "check" },
	.options = options,
	.usage = PROGRAM " container check [OPTIONS] [NAME...]",
	.help = "what is wrong with containers' random numbers",
	.call_size = sizeof(struct container_call),
	.run = run,
	.operand = "[NAME...]",
};

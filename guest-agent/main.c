/*
 * onerng-guestd - verifies what a OneRNG's host sends and feeds the kernel
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "guest-agent/agent.h"
#include "guest-agent/container.h"
#include "common/notify.h"

/* True when there is no kernel of our own to feed, which has been said. */
static bool is_container(const struct options *opt)
{
	const char *sign = opt->no_feed ? NULL : container_detect("");

	if (!sign)
		return false;
	if (opt->feed_host) {
		log_warn("this is a container (%s): what is fed is the host's "
			 "kernel, as --feed-host says",
			 sign);
		return false;
	}
	if (opt->require_s) {
		log_err("not admitted: this is a container (%s): there is "
			"nothing to feed here; --no-feed requires the rest",
			sign);
		return true;
	}
	log_info("this is a container (%s): its kernel is the host's, there is "
		 "nothing to feed here; --verify SOURCE and --no-feed verify "
		 "only",
		 sign);
	if (!opt->once)
		notify_send("READY=1\nSTATUS=a container: nothing to feed");
	return true;
}

/* What --verify found; its exit status, unless it cannot be told. */
static enum agent_exit report(struct agent *a, enum agent_exit status)
{
	char text[STATUS_FILE_MAX];

	if (status != AGENT_OK && !a->st.detail[0])
		snprintf(a->st.detail, sizeof(a->st.detail), "not finished");
	if (!a->opt->json)
		status_print_verified(&a->st, stdout);
	else if (status_format(&a->st, text, sizeof(text)) > 0)
		fputs(text, stdout);
	if (fflush(stdout) != EOF && !ferror(stdout))
		return status;
	log_err("standard output: cannot be written to");
	return AGENT_FAILED;
}

int main(int argc, char *argv[])
{
	enum agent_exit status;
	struct options opt;
	struct agent agent;

	log_init("onerng-guestd", LOG_LEVEL_INFO);
	if (options_parse(&opt, argc, argv))
		return AGENT_USAGE;
	log_set_level(opt.level);
	if (opt.ended)
		return AGENT_OK;
	if (opt.status)
		return status_show(opt.status_file, opt.json);
	/* What has no kernel of its own cannot be admitted on account of it. */
	if (is_container(&opt))
		return opt.require_s ? AGENT_FAILED : AGENT_OK;
	status = agent_init(&agent, &opt) ? agent.exit : agent_run(&agent);
	if (opt.verify)
		status = report(&agent, status);
	agent_free(&agent);
	return status;
}

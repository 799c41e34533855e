#include "ctl/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/register.h"

#define POLL_NS		100000000L
#define POLLS_IN_SECOND 10

/*
 * The agent says its process id itself.  It has no rights, and must not get
 * any by being believed: only a process of the socket's owner is signalled.
 */
int reload(const char *socket, const json_t *status,
	   char why[static CLIENT_WHY_MAX])
{
	json_int_t pid = json_integer_value(json_object_get(status, "pid"));
	struct stat sock, proc;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	if (pid > 1 && stat(socket, &sock) == 0 && stat(path, &proc) == 0 &&
	    sock.st_uid == proc.st_uid && kill((pid_t)pid, SIGHUP) == 0)
		return 0;
	snprintf(why, CLIENT_WHY_MAX,
		 "the host agent cannot be told: systemctl reload "
		 "onerng-hostd");
	return -EPERM;
}

/* Of reloads; -1: an agent that does not count them. */
static long long count(const json_t *status)
{
	const json_t *n =
		json_object_get(json_object_get(status, "reload"), "count");

	return json_is_integer(n) ? (long long)json_integer_value(n) : -1;
}

static const char *refusal(const json_t *status)
{
	return json_string_value(
		json_object_get(json_object_get(status, "reload"), "refused"));
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static const json_t *faults_of(const json_t *status)
{
	return json_object_get(json_object_get(status, "reload"), "faults");
}

/* By their last parts: the agent may know its folder by another path. */
static bool is_same_file(const char *a, const char *b)
{
	const char *last_a = strrchr(a, '/'), *last_b = strrchr(b, '/');

	return last_a && last_b && !strcmp(last_a, last_b);
}

/* What the agent finds wrong in that drop-in; NULL: nothing. */
static const char *fault_in(const json_t *status, const char *file)
{
	const json_t *all = faults_of(status), *one;
	size_t i;

	for (i = 0; file && i < json_array_size(all); i++) {
		one = json_array_get(all, i);
		if (is_same_file(text_of(one, "file"), file))
			return text_of(one, "why");
	}
	return NULL;
}

/* 0: done and seen; -EINVAL: refused; -EAGAIN: not yet. */
static int look(const json_t *status, long long before,
		const struct reload_goal *goal, char why[static CLIENT_WHY_MAX])
{
	const char *text = refusal(status);

	if (!status || (before >= 0 && count(status) == before))
		return -EAGAIN;
	if (text) {
		snprintf(why, CLIENT_WHY_MAX,
			 "the host agent refuses its configuration: %s", text);
		return -EINVAL;
	}
	text = fault_in(status, goal->file);
	if (text) {
		snprintf(why, CLIENT_WHY_MAX, "the host agent refuses it: %s",
			 text);
		return -EINVAL;
	}
	return !goal->seen || goal->seen(status, goal->arg) ? 0 : -EAGAIN;
}

int reload_and_see(const char *socket, const json_t *status,
		   const struct reload_goal *goal,
		   char why[static CLIENT_WHY_MAX])
{
	const struct timespec gap = { .tv_nsec = POLL_NS };
	int left = REGISTER_WAIT_S * POLLS_IN_SECOND;
	long long before = count(status);
	char ignored[CLIENT_WHY_MAX];
	int r = reload(socket, status, why);

	if (r)
		return r;
	do {
		json_t *now = NULL;

		nanosleep(&gap, NULL);
		client_ask(socket, "status", &now, ignored);
		r = look(now, before, goal, why);
		json_decref(now);
	} while (r == -EAGAIN && left-- > 0);
	if (r != -EAGAIN)
		return r;
	snprintf(why, CLIENT_WHY_MAX,
		 "the host agent was reloaded and %s: journalctl -u "
		 "onerng-hostd says why",
		 goal->seen ? "still does not know it" : "does not say so");
	return -ETIMEDOUT;
}

void reload_warn(const struct command_call *call)
{
	char why[CLIENT_WHY_MAX];
	const json_t *all, *one;
	json_t *status = NULL;
	size_t i;

	client_ask(call->socket, "status", &status, why);
	all = faults_of(status);
	for (i = 0; i < json_array_size(all); i++) {
		one = json_array_get(all, i);
		snprintf(why, sizeof(why), "%s: %s", text_of(one, "why"),
			 text_of(one, "effect"));
		command_warn(call, "the host agent's configuration", why);
	}
	json_decref(status);
}

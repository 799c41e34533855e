#include "ctl/register.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/policy.h"

#define PATH_ROOM	400
#define NAME_MAX_LEN	63 /* of a section */
#define FILE_LEN_MAX	4096
#define POLL_NS		100000000L
#define POLLS_IN_SECOND 10

/* The result of "status"; NULL with why. */
static json_t *agent_status(const struct registry *r,
			    char why[static CLIENT_WHY_MAX])
{
	json_t *status = NULL;

	client_ask(r->socket, "status", &status, why);
	return status;
}

/* A consumer whose KEY is value; borrowed. */
static json_t *find(const json_t *status, const char *key, const char *value)
{
	const json_t *all = json_object_get(status, "consumers");
	const char *s;
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		json_t *c = json_array_get(all, i);

		s = json_string_value(json_object_get(c, key));
		if (s && !strcmp(s, value))
			return c;
	}
	return NULL;
}

json_t *register_consumer(const struct registry *r, const char *uuid)
{
	char why[CLIENT_WHY_MAX];
	json_t *status = agent_status(r, why);
	json_t *c = json_incref(find(status, "uuid", uuid));

	json_decref(status);
	return c;
}

/*
 * The agent says its process id itself.  It has no rights, and must not get
 * any by being believed: only a process of the socket's owner is signalled.
 */
static int reload(const struct registry *r, const json_t *status,
		  char why[static CLIENT_WHY_MAX])
{
	json_int_t pid = json_integer_value(json_object_get(status, "pid"));
	struct stat sock, proc;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	if (pid > 1 && stat(r->socket, &sock) == 0 && stat(path, &proc) == 0 &&
	    sock.st_uid == proc.st_uid && kill((pid_t)pid, SIGHUP) == 0)
		return 0;
	snprintf(why, CLIENT_WHY_MAX,
		 "the host agent cannot be told: systemctl reload "
		 "onerng-hostd");
	return -EPERM;
}

/* Until the agent has it. */
static int await(const struct registry *r, const char *uuid,
		 char why[static CLIENT_WHY_MAX])
{
	const struct timespec gap = { .tv_nsec = POLL_NS };
	int left = REGISTER_WAIT_S * POLLS_IN_SECOND;
	json_t *c;

	while (left-- > 0) {
		nanosleep(&gap, NULL);
		c = register_consumer(r, uuid);
		if (c) {
			json_decref(c);
			return 0;
		}
	}
	snprintf(why, CLIENT_WHY_MAX,
		 "the host agent was reloaded and still does not know the "
		 "domain: journalctl -u onerng-hostd says why");
	return -ETIMEDOUT;
}

static void drop_in_path(char out[static PATH_ROOM], const struct registry *r,
			 const char *uuid)
{
	snprintf(out, PATH_ROOM, "%s/domain-%s.conf", r->dir, uuid);
}

/* What a section may be called, and another domain's is not: else the UUID. */
static const char *section_name(const json_t *status, const char *name,
				const char *uuid)
{
	const json_t *c = find(status, "name", name);
	const char *s, *owner;

	owner = json_string_value(json_object_get(c, "uuid"));
	if (strlen(name) > NAME_MAX_LEN ||
	    (c && (!owner || strcmp(owner, uuid))))
		return uuid;
	for (s = name; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("[];#", *s))
			return uuid;
	return name;
}

/* To be freed. */
static char *drop_in_text(const char *section, const char *uuid,
			  const struct domain_policy *policy)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f,
		"# By onerngctl domain attach, which writes it anew; domain "
		"detach removes it.\n[domain %s]\nuuid=%s\n",
		section, uuid);
	policy_print_keys(policy, f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static bool is_so_already(const char *path, const char *text)
{
	FILE *f = fopen(path, "re");
	char now[FILE_LEN_MAX];
	size_t n;

	if (!f)
		return false;
	n = fread(now, 1, sizeof(now), f);
	fclose(f);
	return n == strlen(text) && !memcmp(now, text, n);
}

/* Whole or not at all; a name that does not end in .conf is not read. */
static int write_drop_in(const char *path, const char *text)
{
	char new[PATH_ROOM + 8];
	FILE *f;
	int err;

	snprintf(new, sizeof(new), "%s.new", path);
	unlink(new);
	f = fopen(new, "wxe");
	if (!f)
		return -errno;
	fputs(text, f);
	/* the agent reads it as another user, whatever our umask is */
	err = fchmod(fileno(f), 0644) == 0 && fflush(f) == 0 &&
			      fsync(fileno(f)) == 0
		      ? 0
		      : -errno;
	if (fclose(f) != 0 && !err)
		err = -errno;
	if (!err && rename(new, path) < 0)
		err = -errno;
	if (err)
		unlink(new);
	return err;
}

static int put_drop_in(const struct registry *r, const char *path,
		       const char *text, char why[static CLIENT_WHY_MAX])
{
	int err = 0;

	if (mkdir(r->dir, 0755) == 0)
		err = chmod(r->dir, 0755) < 0 ? -errno : 0;
	else if (errno != EEXIST)
		err = -errno;
	if (!err)
		err = write_drop_in(path, text);
	if (err)
		snprintf(why, CLIENT_WHY_MAX, "%s: %s", path, strerror(-err));
	return err;
}

/* Known, and not by us: the operator's section, which is not repeated. */
static bool is_elsewhere(const json_t *consumer, const char *path)
{
	const json_t *domain = json_object_get(consumer, "domain");

	return consumer && access(path, F_OK) < 0 &&
	       !json_is_true(json_object_get(domain, "dynamic"));
}

static int tell(const struct registry *r, const json_t *status,
		const char *path, const char *text,
		char why[static CLIENT_WHY_MAX])
{
	int err;

	if (is_so_already(path, text))
		return REGISTER_KNOWN;
	err = put_drop_in(r, path, text, why);
	if (!err)
		err = reload(r, status, why);
	return err ? err : REGISTER_TOLD;
}

int register_domain(const struct registry *r, const char *name,
		    const char *uuid, const struct domain_policy *policy,
		    char why[static CLIENT_WHY_MAX])
{
	json_t *status = agent_status(r, why), *known;
	char path[PATH_ROOM], *text = NULL;
	int told = -ENOTCONN;

	if (!status)
		return told;
	drop_in_path(path, r, uuid);
	known = find(status, "uuid", uuid);
	text = drop_in_text(section_name(status, name, uuid), uuid, policy);
	if (is_elsewhere(known, path))
		told = REGISTER_ELSEWHERE;
	else if (text)
		told = tell(r, status, path, text, why);
	else
		snprintf(why, CLIENT_WHY_MAX, "%s", strerror(ENOMEM));
	if (told == REGISTER_KNOWN && !known)
		told = reload(r, status, why) < 0 ? -EPERM : REGISTER_TOLD;
	if (told == REGISTER_TOLD && !known && await(r, uuid, why) < 0)
		told = -ETIMEDOUT;
	free(text);
	json_decref(status);
	return told;
}

int register_forget(const struct registry *r, const char *uuid,
		    char why[static CLIENT_WHY_MAX])
{
	char path[PATH_ROOM];
	json_t *status;
	int err;

	drop_in_path(path, r, uuid);
	if (unlink(path) < 0) {
		if (errno == ENOENT)
			return REGISTER_KNOWN;
		err = -errno;
		snprintf(why, CLIENT_WHY_MAX, "%s: %s", path, strerror(-err));
		return err;
	}
	status = agent_status(r, why);
	if (!status)
		return REGISTER_TOLD; /* it reads its configuration when it starts */
	err = reload(r, status, why);
	json_decref(status);
	return err ? err : REGISTER_TOLD;
}

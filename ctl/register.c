#include "ctl/register.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/replace.h"
#include "common/resolve.h"
#include "ctl/reload.h"

#define NAME_MAX_LEN 63 /* of a section */

/* One consumer, and its drop-in. */
struct entry {
	const char *kind, *key, *value; /* as the agent's status has them */
	char path[REGISTER_PATH_MAX];
};

static void entry_domain(struct entry *e, const struct registry *r,
			 const char *uuid)
{
	*e = (struct entry){ .kind = "domain", .key = "uuid", .value = uuid };
	snprintf(e->path, sizeof(e->path), "%s/domain-%s.conf", r->dir, uuid);
}

static void entry_container(struct entry *e, const struct registry *r,
			    const char *id)
{
	*e = (struct entry){ .kind = "container", .key = "name", .value = id };
	snprintf(e->path, sizeof(e->path), "%s/container-%s.conf", r->dir, id);
}

/* The result of "status"; NULL with why. */
static json_t *agent_status(const struct registry *r,
			    char why[static CLIENT_WHY_MAX])
{
	json_t *status = NULL;

	client_ask(r->socket, "status", &status, why);
	return status;
}

static bool is_text(const json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && !strcmp(s, value);
}

/* A consumer whose KEY is value; borrowed. */
static json_t *find(const json_t *status, const char *kind, const char *key,
		    const char *value)
{
	const json_t *all = json_object_get(status, "consumers");
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		json_t *c = json_array_get(all, i);

		if (is_text(c, "kind", kind) && is_text(c, key, value))
			return c;
	}
	return NULL;
}

json_t *register_find_container(const json_t *status, const char *id)
{
	return find(status, "container", "name", id);
}

static json_t *consumer(const struct registry *r, const char *kind,
			const char *key, const char *value,
			char why[static CLIENT_WHY_MAX])
{
	json_t *status = agent_status(r, why);
	json_t *c = json_incref(find(status, kind, key, value));

	if (status)
		why[0] = '\0';
	json_decref(status);
	return c;
}

json_t *register_consumer(const struct registry *r, const char *uuid,
			  char why[static CLIENT_WHY_MAX])
{
	return consumer(r, "domain", "uuid", uuid, why);
}

json_t *register_container_consumer(const struct registry *r, const char *id)
{
	char ignored[CLIENT_WHY_MAX];

	return consumer(r, "container", "name", id, ignored);
}

static bool is_there(const json_t *status, const void *arg)
{
	const struct entry *e = arg;

	return find(status, e->kind, e->key, e->value) != NULL;
}

/* What a section may be called, and another domain's is not: else the UUID. */
static const char *section_name(const json_t *status, const char *name,
				const char *uuid)
{
	const json_t *c = find(status, "domain", "name", name);
	const char *s;

	if (strlen(name) > NAME_MAX_LEN || (c && !is_text(c, "uuid", uuid)))
		return uuid;
	for (s = name; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("[];#", *s))
			return uuid;
	return name;
}

/* To be freed. */
static char *drop_in_text(const char *section, const char *uuid)
{
	char *text;

	if (asprintf(&text,
		     "# By onerngctl domain attach, which writes it anew; "
		     "domain detach removes it.\n# The policy is in the "
		     "domain's metadata: a key here would go before it.\n"
		     "[domain %s]\nuuid=%s\n",
		     section, uuid) < 0)
		return NULL;
	return text;
}

char *register_container_text(const char *id, const char *keys)
{
	char *text;

	if (asprintf(&text,
		     "# By onerngctl container attach, which writes it anew; "
		     "container detach\n# removes it.\n[container %s]\n%s",
		     id, keys) < 0)
		return NULL;
	return text;
}

void register_domain_path(char out[static REGISTER_PATH_MAX],
			  const struct registry *r, const char *uuid)
{
	struct entry e;

	entry_domain(&e, r, uuid);
	memcpy(out, e.path, sizeof(e.path));
}

void register_container_path(char out[static REGISTER_PATH_MAX],
			     const struct registry *r, const char *id)
{
	struct entry e;

	entry_container(&e, r, id);
	memcpy(out, e.path, sizeof(e.path));
}

static int put_drop_in(const struct registry *r, const char *path,
		       const char *text, char why[static CLIENT_WHY_MAX])
{
	/* the agent reads it as another user */
	int err = resolve_make_folder(r->dir, 0755);

	if (!err)
		err = replace_file(path, NULL, text, 0644);
	if (err)
		snprintf(why, CLIENT_WHY_MAX, "%s: %s", path,
			 resolve_strerror(err));
	return err;
}

/* Known, and not by us: the operator's section, which is not repeated. */
static bool is_elsewhere(const json_t *consumer_known, const char *path)
{
	const json_t *domain = json_object_get(consumer_known, "domain");

	return consumer_known && access(path, F_OK) < 0 &&
	       !json_is_true(json_object_get(domain, "dynamic"));
}

/* As before; the agent's own configuration is as before already. */
static void take_back(const struct registry *r, const json_t *status,
		      const struct entry *e, const char *old)
{
	char ignored[CLIENT_WHY_MAX];

	if (old)
		replace_file(e->path, NULL, old, 0644);
	else
		resolve_unlink(e->path, 0);
	reload(r->socket, status, ignored);
}

/* A file that we cannot write is one that nobody can take back. */
static int tell(const struct registry *r, const json_t *status,
		const struct entry *e, const char *text,
		char why[static CLIENT_WHY_MAX])
{
	const struct reload_goal goal = { e->path, is_there, e };
	char *old = replace_read(e->path);
	int err = 0, told = REGISTER_TOLD;
	bool changed = !old || strcmp(old, text) != 0;

	if (!changed && (!status || is_there(status, e)))
		told = REGISTER_KNOWN;
	if (changed)
		err = put_drop_in(r, e->path, text, why);
	if (!err && told == REGISTER_TOLD && status)
		err = reload_and_see(r->socket, status, &goal, why);
	if (err && changed && err != -EPERM)
		take_back(r, status, e, old);
	free(old);
	return err ? err : told;
}

int register_domain(const struct registry *r, const char *name,
		    const char *uuid, char why[static CLIENT_WHY_MAX])
{
	json_t *status = agent_status(r, why);
	int told = REGISTER_ELSEWHERE;
	struct entry e;
	char *text;

	if (!status)
		return -ENOTCONN;
	entry_domain(&e, r, uuid);
	text = drop_in_text(section_name(status, name, uuid), uuid);
	snprintf(why, CLIENT_WHY_MAX, "%s", strerror(ENOMEM));
	if (!text)
		told = -ENOMEM;
	else if (!is_elsewhere(find(status, "domain", "uuid", uuid), e.path))
		told = tell(r, status, &e, text, why);
	free(text);
	json_decref(status);
	return told;
}

int register_container(const struct registry *r, const char *id,
		       const char *keys, char why[static CLIENT_WHY_MAX])
{
	json_t *status = agent_status(r, why);
	char *text = register_container_text(id, keys);
	int told = REGISTER_ELSEWHERE;
	struct entry e;

	entry_container(&e, r, id);
	if (!text)
		snprintf(why, CLIENT_WHY_MAX, "%s", strerror(ENOMEM));
	if (!text)
		told = -ENOMEM;
	else if (!is_elsewhere(register_find_container(status, id), e.path))
		told = tell(r, status, &e, text, why);
	if (told == REGISTER_TOLD && !status)
		told = REGISTER_LATER;
	free(text);
	json_decref(status);
	return told;
}

int register_restore_container(const struct registry *r, const char *id,
			       const char *text,
			       char why[static CLIENT_WHY_MAX])
{
	json_t *status = agent_status(r, why);
	struct entry e;
	int told;

	entry_container(&e, r, id);
	told = tell(r, status, &e, text, why);
	json_decref(status);
	return told;
}

static int forget(const struct registry *r, const struct entry *e,
		  char why[static CLIENT_WHY_MAX])
{
	const struct reload_goal goal = { .file = NULL };
	int err = resolve_unlink(e->path, 0);
	json_t *status;

	if (err == -ENOENT || err == -ENOTDIR)
		return REGISTER_KNOWN;
	if (err) {
		snprintf(why, CLIENT_WHY_MAX, "%s: %s", e->path,
			 resolve_strerror(err));
		return err;
	}
	status = agent_status(r, why);
	if (!status)
		return REGISTER_LATER;
	err = reload_and_see(r->socket, status, &goal, why);
	json_decref(status);
	return err ? err : REGISTER_TOLD;
}

int register_forget(const struct registry *r, const char *uuid,
		    char why[static CLIENT_WHY_MAX])
{
	struct entry e;

	entry_domain(&e, r, uuid);
	return forget(r, &e, why);
}

int register_forget_container(const struct registry *r, const char *id,
			      char why[static CLIENT_WHY_MAX])
{
	struct entry e;

	entry_container(&e, r, id);
	return forget(r, &e, why);
}

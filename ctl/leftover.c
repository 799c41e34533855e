#include "ctl/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/replace.h"
#include "libvirt-xml/domain_xml.h"

#define SECTION "[domain "

/* What is put together while gathering. */
struct gathering {
	struct leftovers *l;
	int err;
};

/* The entry of a UUID, made if there is none; NULL: out of memory. */
static struct leftover *entry_of(struct gathering *g, const char *uuid)
{
	struct leftovers *l = g->l;
	struct leftover *grown;
	size_t i;

	for (i = 0; i < l->count; i++)
		if (!strcmp(l->list[i].uuid, uuid))
			return &l->list[i];
	grown = reallocarray(l->list, l->count + 1, sizeof(*grown));
	if (!grown) {
		g->err = -ENOMEM;
		return NULL;
	}
	l->list = grown;
	grown = &l->list[l->count++];
	memset(grown, 0, sizeof(*grown));
	snprintf(grown->uuid, sizeof(grown->uuid), "%s", uuid);
	snprintf(grown->name, sizeof(grown->name), "%s", uuid);
	return grown;
}

static void add_consumer(struct gathering *g, const json_t *c)
{
	const char *kind = json_string_value(json_object_get(c, "kind"));
	const char *name = json_string_value(json_object_get(c, "name"));
	const char *text = json_string_value(json_object_get(c, "uuid"));
	const json_t *domain = json_object_get(c, "domain");
	char uuid[DOMAIN_UUID_MAX];
	struct leftover *e;

	if (!kind || strcmp(kind, "domain") != 0 || !text || !name ||
	    domain_xml_read_uuid(text, uuid) < 0)
		return;
	e = entry_of(g, uuid);
	if (!e)
		return;
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->consumer = true;
	e->dynamic = json_is_true(json_object_get(domain, "dynamic"));
	e->connected = json_is_true(json_object_get(c, "connected"));
}

/* PREFIX UUID SUFFIX. */
static bool is_of(const char *file, const char *prefix, const char *suffix,
		  char uuid[static DOMAIN_UUID_MAX])
{
	size_t before = strlen(prefix), len = strlen(file);
	char text[DOMAIN_UUID_MAX];

	if (len != before + DOMAIN_UUID_MAX - 1 + strlen(suffix) ||
	    strncmp(file, prefix, before) != 0 ||
	    strcmp(file + before + DOMAIN_UUID_MAX - 1, suffix) != 0)
		return false;
	snprintf(text, sizeof(text), "%s", file + before);
	return domain_xml_read_uuid(text, uuid) == 0 && !strcmp(text, uuid);
}

/* The name of its section, where the agent does not say one. */
static void name_by_section(struct leftover *e)
{
	char *text = e->consumer ? NULL : replace_read(e->drop_in);
	char *name = text ? strstr(text, SECTION) : NULL;
	size_t len;

	if (name) {
		name += strlen(SECTION);
		len = strcspn(name, "]\n");
		if (len && len < sizeof(e->name))
			snprintf(e->name, sizeof(e->name), "%.*s", (int)len,
				 name);
	}
	free(text);
}

static void add_drop_in(struct gathering *g, const char *dir, const char *file)
{
	char uuid[DOMAIN_UUID_MAX];
	struct leftover *e;

	if (!is_of(file, "domain-", ".conf", uuid))
		return;
	e = entry_of(g, uuid);
	if (!e)
		return;
	snprintf(e->drop_in, sizeof(e->drop_in), "%s/%s", dir, file);
	name_by_section(e);
}

static void add_socket(struct gathering *g, const char *dir, const char *file)
{
	char uuid[DOMAIN_UUID_MAX], path[PATH_MAX];
	struct leftover *e;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!is_of(file, "", ".sock", uuid) || lstat(path, &st) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return;
	e = entry_of(g, uuid);
	if (e && !e->consumer)
		memcpy(e->socket, path, sizeof(path));
}

static void read_folder(struct gathering *g, const char *dir,
			void (*add)(struct gathering *g, const char *dir,
				    const char *file))
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		add(g, dir, e->d_name);
	if (d)
		closedir(d);
}

int leftovers_gather(struct leftovers *l, const struct registry *r,
		     const char *run_dir, const json_t *status)
{
	const json_t *all = json_object_get(status, "consumers");
	struct gathering g = { .l = l };
	char kvm[DOMAIN_RUN_DIR_MAX + 8];
	size_t i;

	*l = (struct leftovers){ 0 };
	for (i = 0; i < json_array_size(all); i++)
		add_consumer(&g, json_array_get(all, i));
	read_folder(&g, r->dir, add_drop_in);
	snprintf(kvm, sizeof(kvm), "%s/kvm", run_dir);
	if (status)
		read_folder(&g, kvm, add_socket);
	if (g.err)
		leftovers_free(l);
	return g.err;
}

void leftovers_free(struct leftovers *l)
{
	free(l->list);
	*l = (struct leftovers){ 0 };
}

const struct leftover *leftovers_find(const struct leftovers *l,
				      const char *name)
{
	char uuid[DOMAIN_UUID_MAX] = "";
	size_t i;

	domain_xml_read_uuid(name, uuid);
	for (i = 0; i < l->count; i++)
		if (!strcmp(l->list[i].uuid, uuid) ||
		    !strcmp(l->list[i].name, name))
			return &l->list[i];
	return NULL;
}

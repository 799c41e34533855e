#include "ctl/lxcapi.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "ctl/library.h"

#define DEFAULT_PATH "/var/lib/lxc"
#define ITEM_MAX     65536 /* of a value */
#define ABSTRACT_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define HASH_START   0xcbf29ce484222325ULL /* FNV-1a, 64 bits */
#define HASH_PRIME   0x100000001b3ULL

#define CALLS(X)             \
	X(lxc_container_new) \
	X(lxc_container_put) \
	X(lxc_get_global_config_item)

struct lxcapi {
#define MEMBER(name) __typeof__(name) *(name);
	CALLS(MEMBER)
};

static const struct library_call calls[] = {
#define ENTRY(name) { #name, offsetof(struct lxcapi, name) },
	CALLS(ENTRY)
};

static const struct library library = {
	.file = "liblxc.so.1",
	.name = "liblxc",
	.package = "liblxc1",
	.calls = calls,
	.count = sizeof(calls) / sizeof(calls[0]),
};

struct lxcapi *lxcapi_open(char why[static LXCAPI_WHY_MAX])
{
	struct lxcapi *api = calloc(1, sizeof(*api));

	if (!api)
		snprintf(why, LXCAPI_WHY_MAX, "%s", strerror(ENOMEM));
	if (api && library_load(&library, api, why, LXCAPI_WHY_MAX) == 0)
		return api;
	free(api);
	return NULL;
}

/* The library stays loaded. */
void lxcapi_close(struct lxcapi *api)
{
	free(api);
}

const char *lxcapi_default_path(struct lxcapi *api)
{
	const char *path = api->lxc_get_global_config_item("lxc.lxcpath");

	return path && *path == '/' ? path : DEFAULT_PATH;
}

static struct lxc_container *handle(const struct lxcapi_container *c)
{
	return c->handle;
}

int lxcapi_find(struct lxcapi *api, const char *path, const char *name,
		struct lxcapi_container *c, char why[static LXCAPI_WHY_MAX])
{
	if (!path)
		path = lxcapi_default_path(api);
	*c = (struct lxcapi_container){ .api = api };
	if (strchr(name, '/') || !*name || *name == '.') {
		snprintf(why, LXCAPI_WHY_MAX, "no name of a container");
		return -ENOENT;
	}
	c->handle = api->lxc_container_new(name, path);
	if (!c->handle) {
		snprintf(why, LXCAPI_WHY_MAX,
			 "its configuration cannot be loaded; lxc-info says "
			 "why");
		return -EINVAL;
	}
	c->name = handle(c)->name;
	c->path = handle(c)->get_config_path(handle(c));
	if (handle(c)->is_defined(handle(c)))
		return 0;
	lxcapi_release(c);
	snprintf(why, LXCAPI_WHY_MAX, "no such container in %.300s", path);
	return -ENOENT;
}

void lxcapi_release(struct lxcapi_container *c)
{
	if (c->handle)
		c->api->lxc_container_put(c->handle);
	c->handle = NULL;
}

static unsigned long long hash(const char *s)
{
	unsigned long long h = HASH_START;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * HASH_PRIME;
	return h;
}

/*
 * The monitor's address as liblxc makes it: path and name, or a hash of both
 * where they are too long.
 */
static socklen_t monitor_address(const struct lxcapi_container *c,
				 struct sockaddr_un *sa)
{
	char whole[4096];
	int n = snprintf(whole, sizeof(whole), "%s/%s/command", c->path,
			 c->name);

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= (int)ABSTRACT_MAX) {
		snprintf(whole, sizeof(whole), "%s/%s", c->path, c->name);
		n = snprintf(sa->sun_path + 1, ABSTRACT_MAX,
			     "lxc/%016llx/command", hash(whole));
	} else {
		memcpy(sa->sun_path + 1, whole, (size_t)n);
	}
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)n);
}

/*
 * A number that tells one listener from the next: the process that started it,
 * which may be gone.  -ESRCH: nobody listens; -EPERM: another user does.
 */
static pid_t monitor(const struct lxcapi_container *c)
{
	struct sockaddr_un sa;
	socklen_t len = monitor_address(c, &sa), cred_len;
	struct ucred cred;
	pid_t r = -ESRCH;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	cred_len = sizeof(cred);
	if (connect(fd, (const struct sockaddr *)&sa, len) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) == 0)
		r = cred.uid == geteuid() && cred.pid > 0 ? cred.pid : -EPERM;
	close(fd);
	return r;
}

enum lxcapi_state lxcapi_state(struct lxcapi_container *c)
{
	const char *state;

	if (monitor(c) < 0)
		return LXCAPI_STOPPED;
	state = handle(c)->state(handle(c));
	if (!state || !strcmp(state, "STOPPED"))
		return LXCAPI_STOPPED;
	if (!strcmp(state, "RUNNING") || !strcmp(state, "FROZEN"))
		return LXCAPI_RUNNING;
	return LXCAPI_STARTING;
}

static int fail_init(int err, const char *text, char why[static LXCAPI_WHY_MAX])
{
	snprintf(why, LXCAPI_WHY_MAX, "%s", text);
	return err;
}

/*
 * The same listener before and after: nobody else answered in between.  The
 * monitor reaps its init only when it answers no more, so that the number it
 * tells twice was not another process's in between.
 */
int lxcapi_init(struct lxcapi_container *c, pid_t *pid,
		char why[static LXCAPI_WHY_MAX])
{
	struct pollfd ended = { .events = POLLIN };
	pid_t listener = monitor(c);

	if (listener == -EPERM)
		return fail_init(-EPERM,
				 "another user answers in its monitor's place",
				 why);
	*pid = listener < 0 ? -1 : handle(c)->init_pid(handle(c));
	if (*pid <= 0)
		return fail_init(-ESRCH, "it does not run", why);
	ended.fd = (int)syscall(SYS_pidfd_open, *pid, 0);
	if (ended.fd < 0)
		return fail_init(-ESRCH, "its init is gone", why);
	if (handle(c)->init_pid(handle(c)) == *pid && monitor(c) == listener &&
	    poll(&ended, 1, 0) == 0)
		return ended.fd;
	close(ended.fd);
	return fail_init(-ESRCH, "its init ends", why);
}

static char *configured_item(struct lxc_container *c, const char *key)
{
	int len = c->get_config_item(c, key, NULL, 0);
	char *value;

	if (len <= 0 || len > ITEM_MAX)
		return NULL;
	value = calloc(1, (size_t)len + 1);
	if (value && c->get_config_item(c, key, value, len + 1) == len)
		return value;
	free(value);
	return NULL;
}

char *lxcapi_item(struct lxcapi_container *c, const char *key, bool running)
{
	if (running)
		return handle(c)->get_running_config_item(handle(c), key);
	return configured_item(handle(c), key);
}

int lxcapi_set_cgroup(struct lxcapi_container *c, const char *item,
		      const char *value, char why[static LXCAPI_WHY_MAX])
{
	if (handle(c)->set_cgroup_item(handle(c), item, value))
		return 0;
	snprintf(why, LXCAPI_WHY_MAX, "its control group takes no \"%s\" %s",
		 value, item);
	return -EIO;
}

char *lxcapi_cgroup(struct lxcapi_container *c, const char *item)
{
	int len = handle(c)->get_cgroup_item(handle(c), item, NULL, 0);
	char *value;

	if (len <= 0 || len > ITEM_MAX)
		return NULL;
	value = calloc(1, (size_t)len + 1);
	if (value &&
	    handle(c)->get_cgroup_item(handle(c), item, value, len + 1) >= 0)
		return value;
	free(value);
	return NULL;
}

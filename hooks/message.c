#include "hooks/message.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETRY_STEP_MS 10

struct text {
	char *out;
	size_t used; /* MESSAGE_MAX: it did not fit */
};

static void add(struct text *t, const char *s)
{
	size_t len = strlen(s);

	if (len >= MESSAGE_MAX - t->used) {
		t->used = MESSAGE_MAX;
		return;
	}
	memcpy(t->out + t->used, s, len);
	t->used += len;
}

/* What is no printable ASCII becomes "?": a name is for people, no key. */
static void add_quoted(struct text *t, const char *key, const char *value)
{
	char one[3] = "";
	size_t i;

	add(t, ",\"");
	add(t, key);
	add(t, "\":\"");
	for (i = 0; i < MESSAGE_NAME_MAX - 1 && value[i]; i++) {
		one[0] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
		one[1] = '\0';
		if (one[0] == '"' || one[0] == '\\') {
			one[1] = one[0];
			one[0] = '\\';
			one[2] = '\0';
		}
		add(t, one);
	}
	add(t, "\"");
}

static void add_usb(struct text *t, const struct domxml *facts)
{
	const struct domxml_usb *u;
	char one[64];
	size_t i;

	for (i = 0; i < facts->usb_count; i++) {
		u = &facts->usb[i];
		snprintf(one, sizeof(one), "%s[%u,%u,%u,%u]",
			 i ? "," : ",\"usb\":[", u->vendor, u->product, u->bus,
			 u->device);
		add(t, one);
	}
	if (facts->usb_count)
		add(t, "]");
}

/* A member of the policy; text has its quotes, if it needs any. */
static void add_member(struct text *t, bool *first, const char *key,
		       const char *text)
{
	add(t, *first ? ",\"policy\":{\"" : ",\"");
	add(t, key);
	add(t, "\":");
	add(t, text);
	*first = false;
}

static void add_word(struct text *t, bool *first, const char *key,
		     const char *word)
{
	char quoted[POLICY_WORD_MAX + 2];

	snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	if (*word)
		add_member(t, first, key, quoted);
}

static void add_number(struct text *t, bool *first, const char *key,
		       const unsigned long *n)
{
	char text[24];

	if (!n)
		return;
	snprintf(text, sizeof(text), "%lu", *n);
	add_member(t, first, key, text);
}

static void add_policy(struct text *t, const struct policy *p)
{
	bool first = true;

	add_word(t, &first, "class", p->class);
	add_word(t, &first, "when_absent", p->when_absent);
	add_number(t, &first, "rate", p->has_rate ? &p->rate : NULL);
	add_number(t, &first, "burst", p->has_burst ? &p->burst : NULL);
	add_number(t, &first, "weight", p->has_weight ? &p->weight : NULL);
	if (!first)
		add(t, "}");
}

int message_write(char out[static MESSAGE_MAX], const char *op,
		  const char *name, const struct domxml *facts)
{
	struct text t = { .out = out };

	if (!facts->uuid[0] || !*op || strlen(op) > 16)
		return -EINVAL;
	add(&t, "{\"cmd\":\"domain-event\"");
	add_quoted(&t, "op", op);
	add_quoted(&t, "uuid", facts->uuid);
	add_quoted(&t, "name", name);
	if (facts->sockets)
		add_quoted(&t, "socket", facts->path);
	add_usb(&t, facts);
	add_policy(&t, &facts->policy);
	add(&t, "}\n");
	return t.used < MESSAGE_MAX ? (int)t.used : -EINVAL;
}

int message_write_container(char out[static MESSAGE_MAX], const char *op,
			    const char *id, long pid)
{
	struct text t = { .out = out };
	char number[32];

	snprintf(number, sizeof(number), ",\"pid\":%ld}\n", pid);
	add(&t, "{\"cmd\":\"container-event\"");
	add_quoted(&t, "op", op);
	add_quoted(&t, "id", id);
	add(&t, number);
	return t.used < MESSAGE_MAX ? (int)t.used : -EINVAL;
}

/*
 * ECONNREFUSED, or ENOENT in a run directory that is there: a restart, which
 * may take a while.
 */
static bool may_come(const char *path, int err)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	if (err != ENOENT)
		return err == ECONNREFUSED;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return access(dir, F_OK) == 0;
}

/* false: it has been long enough. */
static bool wait_step(int *waited_ms)
{
	const struct timespec step = { .tv_nsec = RETRY_STEP_MS * 1000000 };

	if (*waited_ms >= MESSAGE_RETRY_MS)
		return false;
	nanosleep(&step, NULL);
	*waited_ms += RETRY_STEP_MS;
	return true;
}

static int reach(const struct sockaddr_un *sa, int *waited_ms)
{
	int fd, err;

	for (;;) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
			return fd;
		err = errno;
		close(fd);
		if (!may_come(sa->sun_path, err) || !wait_step(waited_ms))
			return -err;
	}
}

/*
 * 0: done.  -EBUSY: the agent has all the peers it may have, which end soon.
 * -EPROTO: it refuses.
 */
static int take_answer(int fd)
{
	static const char ok[] = "{\"ok\":true";
	char reply[256];
	ssize_t n = recv(fd, reply, sizeof(reply) - 1, 0);

	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	reply[n] = '\0';
	if (!strncmp(reply, ok, sizeof(ok) - 1))
		return 0;
	return strstr(reply, "too many connections") ? -EBUSY : -EPROTO;
}

static int say(int fd, const char *text, size_t len, bool answer)
{
	/* into an empty buffer: whole or not at all */
	ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

	/* one that is full answers before it is asked, and is gone */
	if (n != (ssize_t)len && !(n < 0 && errno == EPIPE && answer))
		return n < 0 ? -errno : -EIO;
	return answer ? take_answer(fd) : 0;
}

int message_send(const char *socket_path, const char *text, size_t len,
		 bool answer)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, r, waited_ms = 0;

	if (strlen(socket_path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, socket_path, strlen(socket_path) + 1);
	do {
		fd = reach(&sa, &waited_ms);
		if (fd < 0)
			return fd;
		r = say(fd, text, len, answer);
		close(fd);
	} while (r == -EBUSY && wait_step(&waited_ms));
	return r;
}

#include "guest-agent/status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/textfile.h"
#include "guest-agent/agent.h"
#include "guest-agent/json.h"

enum field_type {
	TEXT,
	NUMBER,
};

struct field {
	const char *group; /* "" is the outer object; groups are contiguous */
	const char *key;
	enum field_type type;
	size_t offset;
	size_t size; /* TEXT: of the array */
};

#define MEMBER_SIZE(m) sizeof(((struct status *)0)->m)
#define FIELD_NAMED(group, key, m)                                           \
	{                                                                    \
		group, key, TEXT, offsetof(struct status, m), MEMBER_SIZE(m) \
	}
#define FIELD_TEXT(group, m) FIELD_NAMED(group, #m, m)
#define FIELD_NUMBER(group, key, m)                               \
	{                                                         \
		group, key, NUMBER, offsetof(struct status, m), 0 \
	}
#define COUNT(m) FIELD_NUMBER("", #m, m)

static const struct field fields[] = {
	FIELD_TEXT("", version),
	COUNT(pid),
	FIELD_TEXT("", state),
	FIELD_TEXT("", detail),
	FIELD_TEXT("", source),
	FIELD_TEXT("", rng_current),
	COUNT(updated_s),
	COUNT(started_s),
	COUNT(received_bytes),
	COUNT(source_failures),
	COUNT(source_bytes_s),
	COUNT(starvations),
	COUNT(starved_us),
	COUNT(verified_bytes),
	COUNT(windows),
	COUNT(feeds),
	COUNT(fed_bytes),
	COUNT(credited_bits),
	COUNT(reseeds),
	COUNT(feed_errors),
	COUNT(last_feed_s),
	FIELD_TEXT("", feed_reason),
	COUNT(restarts),
	FIELD_NUMBER("failures", "rct-byte", failures[HEALTH_RCT_BYTE]),
	FIELD_NUMBER("failures", "apt-byte", failures[HEALTH_APT_BYTE]),
	FIELD_NUMBER("failures", "rct-bit", failures[HEALTH_RCT_BIT]),
	FIELD_NUMBER("failures", "apt-bit", failures[HEALTH_APT_BIT]),
	FIELD_NUMBER("failures", "duplicate", failures[VERIFY_DUPLICATE]),
	FIELD_NUMBER("fips", "blocks", fips_blocks),
	FIELD_NUMBER("fips", "failures", fips_failures),
	FIELD_NUMBER("fips", "monobit", fips_failed[FIPS_MONOBIT]),
	FIELD_NUMBER("fips", "poker", fips_failed[FIPS_POKER]),
	FIELD_NUMBER("fips", "runs", fips_failed[FIPS_RUNS]),
	FIELD_NUMBER("fips", "long-run", fips_failed[FIPS_LONG_RUN]),
	FIELD_NUMBER("fips", "continuous", fips_failed[FIPS_CONTINUOUS]),
	FIELD_NAMED("rights", "feed", right_feed),
	FIELD_NAMED("rights", "sandbox", right_sandbox),
	FIELD_NAMED("rights", "others", right_rest),
	FIELD_TEXT("kernel", design),
	FIELD_NUMBER("kernel", "poolsize", poolsize),
	FIELD_NUMBER("kernel", "entropy_avail", entropy_avail),
	FIELD_NUMBER("kernel", "ready", ready),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static void put_text(char *out, size_t size, size_t *at, const char *text)
{
	size_t len = strlen(text);

	if (*at + len < size)
		memcpy(out + *at, text, len);
	*at += len;
}

static void put_field(const struct field *f, const struct status *st, char *out,
		      size_t size, size_t *at)
{
	const char *from = (const char *)st + f->offset;
	char number[24];
	int64_t n;

	json_quote(out, size, at, f->key);
	put_text(out, size, at, ":");
	if (f->type == TEXT) {
		json_quote(out, size, at, from);
		return;
	}
	memcpy(&n, from, sizeof(n));
	snprintf(number, sizeof(number), "%" PRId64, n);
	put_text(out, size, at, number);
}

int status_format(const struct status *st, char *out, size_t size)
{
	const char *group = "", *between = "{";
	size_t at = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		put_text(out, size, &at, between);
		between = ",";
		if (strcmp(fields[i].group, group) != 0) {
			/* The comma belongs behind the group that ends. */
			if (group[0]) {
				at--;
				put_text(out, size, &at, "},");
			}
			group = fields[i].group;
			json_quote(out, size, &at, group);
			put_text(out, size, &at, ":{");
		}
		put_field(&fields[i], st, out, size, &at);
	}
	put_text(out, size, &at, group[0] ? "}}\n" : "}\n");
	if (at >= size)
		return -ENOSPC;
	out[at] = '\0';
	return (int)at + 1;
}

int status_write(const char *path, const struct status *st)
{
	char text[STATUS_FILE_MAX], temp[PATH_MAX];
	int len = status_format(st, text, sizeof(text));
	int fd, r;

	if (len < 0)
		return len;
	if (snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	/* Left by an agent that was killed, or put there by somebody else. */
	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	/* No fsync: after a crash of the machine it is worth nothing. */
	r = textfile_put(fd, text, (size_t)len - 1);
	close(fd);
	if (!r && rename(temp, path) < 0)
		r = -errno;
	if (r)
		unlink(temp);
	return r;
}

struct filling {
	struct status *st;
	int wrong_type;
	int has_time;
};

static void fill(void *ctx, const char *group, const char *key,
		 const struct json_value *value)
{
	struct filling *in = ctx;
	const struct field *f = NULL;
	char *to;

	for (size_t i = 0; i < FIELDS; i++) {
		if (!strcmp(fields[i].group, group) &&
		    !strcmp(fields[i].key, key))
			f = &fields[i];
	}
	if (!f)
		return;
	if ((f->type == TEXT) != (value->text != NULL)) {
		in->wrong_type = 1;
		return;
	}
	if (f->offset == offsetof(struct status, updated_s))
		in->has_time = 1;
	to = (char *)in->st + f->offset;
	if (f->type == TEXT)
		snprintf(to, f->size, "%s", value->text);
	else
		memcpy(to, &value->number, sizeof(value->number));
}

int status_parse(struct status *st, const char *text, const char **why)
{
	struct filling in = { .st = st };

	*st = (struct status){ .last_feed_s = -1 };
	*why = "not the JSON of a status file";
	if (json_read(text, fill, &in))
		return -EBADMSG;
	*why = "a value has the wrong type";
	if (in.wrong_type)
		return -EBADMSG;
	*why = "updated_s is missing";
	return in.has_time ? 0 : -EBADMSG;
}

static bool has_ended(const struct status *st)
{
	return !strcmp(st->state, STATUS_STATE_END) ||
	       !strcmp(st->state, STATUS_STATE_UNFIT);
}

const char *status_stale(const struct status *st, int64_t now_s)
{
	if (has_ended(st))
		return NULL;
	if (st->pid < 1 || st->pid > INT_MAX)
		return "no process has that id";
	if (kill((pid_t)st->pid, 0) < 0 && errno == ESRCH)
		return "the agent that wrote it is gone";
	if (st->updated_s > now_s)
		return "it is from before the machine started";
	if (now_s - st->updated_s > STATUS_STALE_S)
		return "it has not been renewed for minutes";
	return NULL;
}

int64_t status_writer(const char *path)
{
	char text[STATUS_FILE_MAX];
	struct timespec now = { 0 };
	struct status st;
	const char *why;

	if (textfile_read(path, text, sizeof(text)) < 0 ||
	    status_parse(&st, text, &why) || has_ended(&st))
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return status_stale(&st, now.tv_sec) ? 0 : st.pid;
}

int status_show(const char *path, int json)
{
	char text[STATUS_FILE_MAX];
	struct timespec now = { 0 };
	struct status st;
	const char *why;
	int r = textfile_read(path, text, sizeof(text));

	if (r < 0) {
		fprintf(stderr, "onerng-guestd: %s: %s%s\n", path, strerror(-r),
			r == -ENOENT ? ": is the agent running?" : "");
		return 1;
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	why = NULL;
	if (!status_parse(&st, text, &why))
		why = status_stale(&st, now.tv_sec);
	if (why) {
		fprintf(stderr, "onerng-guestd: %s: %s\n", path, why);
		return 1;
	}
	if (json)
		fputs(text, stdout);
	else
		status_print(&st, now.tv_sec, stdout);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fprintf(stderr, "onerng-guestd: standard output: %s\n",
			strerror(errno));
		return 1;
	}
	return strcmp(st.state, STATUS_STATE_UNFIT) ? AGENT_OK
						    : AGENT_NO_RIGHTS;
}

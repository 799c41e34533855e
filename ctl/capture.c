#include "ctl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/hex.h"
#include "common/textfile.h"
#include "ctl/client.h"

#define SILENCE_S  60 /* the agent gives up before */
#define STREAM_BUF 65536
#define REPLY_LEN  16384
#define TIME_MAX   32

struct stream {
	int fd;
	size_t from, to;
	uint8_t buf[STREAM_BUF];
};

struct work {
	const struct capture *conf;
	struct stream in;
	char sidecar[PATH_MAX];
	char started[TIME_MAX];
	int out, side; /* -1: not made by us */
	EVP_MD_CTX *hash;
	unsigned long long have;
	json_t *before, *after;
	char why[CLIENT_WHY_MAX];
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* They interrupt what waits. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static int explain(struct work *w, const char *what, int err)
{
	snprintf(w->why, sizeof(w->why), "%.300s: %s", what, strerror(err));
	return -err;
}

/* At least one more byte.  0 or -errno, explained. */
static int stream_fill(struct work *w)
{
	struct stream *in = &w->in;
	ssize_t n = 0;

	in->from = in->to = 0;
	if (!interrupted)
		n = recv(in->fd, in->buf, sizeof(in->buf), 0);
	if (interrupted)
		return explain(w, "interrupted", EINTR);
	if (n < 0)
		return explain(w, "no sample from the agent",
			       errno == EAGAIN ? ETIMEDOUT : errno);
	if (n == 0)
		return explain(w, "the agent ended or started again",
			       ECONNRESET);
	in->to = (size_t)n;
	return 0;
}

static int stream_byte(struct work *w, uint8_t *out)
{
	int r = w->in.from == w->in.to ? stream_fill(w) : 0;

	if (r == 0)
		*out = w->in.buf[w->in.from++];
	return r;
}

/* A reply of the agent.  0 or -errno, explained. */
static int stream_reply(struct work *w, json_t **result)
{
	char line[REPLY_LEN];
	size_t len = 0;
	uint8_t byte = 0;
	int r;

	do {
		r = stream_byte(w, &byte);
		if (r < 0)
			return r;
		line[len++] = (char)byte;
	} while (byte != '\n' && len < sizeof(line));
	return client_parse(line, len, result, w->why);
}

static void show_progress(const struct work *w)
{
	static time_t shown;
	time_t now = time(NULL);

	if (!isatty(STDERR_FILENO) ||
	    (now == shown && w->have < w->conf->bytes))
		return;
	shown = now;
	fprintf(stderr, "\r%llu of %llu bytes (%llu %%)%s", w->have,
		w->conf->bytes, w->have * 100 / w->conf->bytes,
		w->have < w->conf->bytes ? "" : "\n");
}

/* One frame's samples into the file.  0 or -errno, explained. */
static int take_samples(struct work *w, size_t len)
{
	struct stream *in = &w->in;
	int r = 0;

	if (len > w->conf->bytes - w->have)
		return explain(w, "more samples than asked for", EPROTO);
	while (len > 0 && r == 0) {
		size_t n = in->to - in->from;

		if (n == 0) {
			r = stream_fill(w);
			continue;
		}
		if (n > len)
			n = len;
		r = textfile_put(w->out, in->buf + in->from, n);
		if (r < 0)
			return explain(w, w->conf->file, -r);
		if (!EVP_DigestUpdate(w->hash, in->buf + in->from, n))
			return explain(w, "SHA-256", EIO);
		in->from += n;
		w->have += n;
		len -= n;
	}
	show_progress(w);
	return r;
}

static int take_all(struct work *w)
{
	uint8_t high = 0, low = 0;
	size_t len;
	int r;

	do {
		r = stream_byte(w, &high);
		if (r == 0)
			r = stream_byte(w, &low);
		if (r < 0)
			return r;
		len = (size_t)high << 8 | low;
		r = take_samples(w, len);
	} while (r == 0 && len > 0);
	if (r == 0)
		r = stream_reply(w, &w->after);
	if (r == 0 && w->have != w->conf->bytes)
		r = explain(w, "fewer samples than asked for", EPROTO);
	return r;
}

static void say_time(char out[static TIME_MAX])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Only new files: what is there may be an earlier capture. */
static int make_files(struct work *w)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	const char *file = w->conf->file;

	if (snprintf(w->sidecar, sizeof(w->sidecar), "%s.json", file) >=
	    (int)sizeof(w->sidecar))
		return explain(w, file, ENAMETOOLONG);
	w->out = open(file, flags, 0600);
	if (w->out < 0)
		return explain(w, file, errno);
	w->side = open(w->sidecar, flags, 0600);
	return w->side < 0 ? explain(w, w->sidecar, errno) : 0;
}

static int start(struct work *w)
{
	struct timeval tv = { .tv_sec = SILENCE_S };
	json_t *request = json_pack("{s:s, s:I, s:s*}", "cmd", "capture",
				    "bytes", (json_int_t)w->conf->bytes,
				    "device", w->conf->device);
	int r;

	if (!request)
		return explain(w, "the device's name", EINVAL);
	r = client_start(w->conf->socket, request, w->why);
	json_decref(request);
	if (r < 0)
		return r;
	w->in.fd = r;
	setsockopt(w->in.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	say_time(w->started);
	return stream_reply(w, &w->before);
}

/* "" if libcrypto cannot say. */
static void finish_hash(struct work *w, char out[static 65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	out[0] = '\0';
	if (!EVP_DigestFinal_ex(w->hash, digest, &len) || len != 32)
		return;
	hex_encode(out, digest, len);
}

/* A new reference to a member of the device in a reply; null if there is none.
 */
static json_t *of_device(const json_t *reply, const char *key)
{
	json_t *v = json_object_get(json_object_get(reply, "device"), key);

	return v ? json_incref(v) : json_null();
}

static json_t *describe(struct work *w)
{
	char digest[65], finished[TIME_MAX], assess[PATH_MAX];
	char path[PATH_MAX];
	const char *name;
	json_t *o;

	snprintf(path, sizeof(path), "%s", w->conf->file);
	name = basename(path);
	finish_hash(w, digest);
	say_time(finished);
	snprintf(assess, sizeof(assess), "ea_non_iid -i -a -v %s 8", name);
	o = json_pack("{s:s, s:I, s:i, s:s, s:s, s:s, s:s, s:s, s:O*}", "file",
		      name, "bytes", (json_int_t)w->have, "bits_per_sample", 8,
		      "sha256", digest, "samples",
		      "raw, consecutive, as the health tests see them",
		      "started", w->started, "finished", finished, "assess",
		      assess, "agent_version",
		      json_object_get(w->before, "version"));
	if (!o)
		return NULL;
	static const char *const keys[] = { "name", "port", "firmware", "unit",
					    "image_sha256" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(o, keys[i], of_device(w->before, keys[i]));
	json_object_set_new(o, "health_before", of_device(w->before, "health"));
	json_object_set_new(o, "health_after", of_device(w->after, "health"));
	return o;
}

/* Files that are whole and on disk, or an error. */
static int finish(struct work *w)
{
	json_t *o = describe(w);
	char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
	int r = text ? textfile_put(w->side, text, strlen(text)) : -ENOMEM;

	if (r == 0)
		r = textfile_put(w->side, "\n", 1);
	if (r == 0 && fsync(w->side) < 0)
		r = -errno;
	if (r < 0)
		explain(w, w->sidecar, -r);
	else if (fsync(w->out) < 0)
		r = explain(w, w->conf->file, errno);
	if (r == 0 && w->conf->json)
		puts(text);
	free(text);
	json_decref(o);
	return r;
}

static void clean_up(struct work *w, bool keep)
{
	if (w->out >= 0) {
		close(w->out);
		if (!keep)
			unlink(w->conf->file);
	}
	if (w->side >= 0) {
		close(w->side);
		if (!keep)
			unlink(w->sidecar);
	}
	if (w->in.fd >= 0)
		close(w->in.fd);
	explicit_bzero(w->in.buf, sizeof(w->in.buf));
	EVP_MD_CTX_free(w->hash);
	json_decref(w->before);
	json_decref(w->after);
}

int capture_run(const struct capture *c)
{
	static struct work w;
	int r;

	memset(&w, 0, sizeof(w));
	w.conf = c;
	w.in.fd = w.out = w.side = -1;
	w.hash = EVP_MD_CTX_new();
	catch_signals();
	r = w.hash && EVP_DigestInit_ex(w.hash, EVP_sha256(), NULL)
		    ? make_files(&w)
		    : explain(&w, "SHA-256", ENOMEM);
	if (r == 0)
		r = start(&w);
	if (r == 0)
		r = take_all(&w);
	if (r == 0)
		r = finish(&w);
	if (r < 0)
		fprintf(stderr, "%s: %s%s\n", c->program, w.why,
			w.have ? "; what was written is removed" : "");
	else if (!c->json)
		printf("%s: %llu raw samples; %s says where they come from\n",
		       c->file, w.have, w.sidecar);
	clean_up(&w, r == 0);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

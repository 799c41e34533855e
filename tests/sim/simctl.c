#include "tests/sim/simctl.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/sim/model_state.h"

#define WORDS_MAX     8
#define LINE_WAIT_MS  1000
#define ANSWER_WAIT_S 10
#define REPLUG_MS     500
#define REPLUG_MS_MAX 3600000
#define RATE_MAX      1000000

struct request {
	const struct simctl_ops *ops;
	void *ctx;
	uint64_t now_us;
	unsigned int device;
	struct model *m;
	int argc;
	char **argv;
	char *answer;
};

static void say(struct request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct request *r, const char *fmt, ...)
{
	size_t have = strlen(r->answer);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->answer + have, SIMCTL_ANSWER_MAX - have, fmt, ap);
	va_end(ap);
}

static void result(struct request *r, int rc, const char *why)
{
	if (rc < 0)
		say(r, "error %s\n", why ? why : strerror(-rc));
	else
		say(r, "ok\n");
}

static int number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	if (end == text || *end || errno || *text == '-' || *out > max)
		return -EINVAL;
	return 0;
}

/* Quotes, backslashes and what is not printable become '?': only paths. */
static void say_text(struct request *r, const char *text)
{
	say(r, "\"");
	for (; *text; text++)
		say(r, "%c",
		    *text < ' ' || *text == '"' || *text == '\\' ||
				    *text == 0x7f
			    ? '?'
			    : *text);
	say(r, "\"");
}

static void say_faults(struct request *r)
{
	const char *name, *comma = "";
	unsigned int at = 0;

	say(r, "\"faults\":[");
	while ((name = fault_next_active(&r->m->fault, &at))) {
		say(r, "%s\"%s\"", comma, name);
		comma = ",";
	}
	say(r, "]");
}

static void do_status(struct request *r)
{
	const struct model *m = r->m;
	const struct model_app *a = &m->app;
	const struct model_counts *c = &m->counts;

	say(r, "{\"device\":%u,\"plugged\":%s,\"firmware\":%u,\"rate\":%u,",
	    r->device + 1,
	    r->ops->plugged(r->ctx, r->device) ? "true" : "false",
	    m->conf.firmware, m->conf.rate);
	say(r, "\"noise\":");
	say_text(r, noise_spec(m->noise));
	say(r, ",\"paused\":%s,\"dtr\":%s,\"mode\":%d,",
	    a->paused ? "true" : "false", a->dtr ? "true" : "false",
	    a->no_crc | a->rf_on << 1 | a->av_off << 2);
	say(r, "\"pool\":%u,\"fifo\":%u,\"pending\":%u,\"dump_pos\":%u,",
	    a->count, m->usb.fifo_used, a->pending, a->dump_pos);
	say(r,
	    "\"noise_bytes\":%llu,\"pool_bytes\":%llu,\"stirred_bytes\":%llu,",
	    (unsigned long long)c->noise_bytes,
	    (unsigned long long)c->pool_bytes,
	    (unsigned long long)c->stirred_bytes);
	say(r, "\"reply_bytes\":%llu,\"burst_bytes\":%llu,",
	    (unsigned long long)c->reply_bytes,
	    (unsigned long long)c->burst_bytes);
	say(r, "\"in_bytes\":%llu,\"out_packets\":%llu,",
	    (unsigned long long)m->in_bytes,
	    (unsigned long long)c->out_packets);
	say_faults(r);
	say(r, "}\n");
}

static void do_plug(struct request *r)
{
	int rc = r->ops->plug(r->ctx, r->device);

	result(r, rc, rc == -EALREADY ? "it is plugged in" : NULL);
}

static void do_unplug(struct request *r)
{
	int rc = r->ops->unplug(r->ctx, r->device);

	result(r, rc, rc == -EALREADY ? "it is not plugged in" : NULL);
}

static void do_power_cycle(struct request *r)
{
	(void)r->ops->unplug(r->ctx, r->device);
	result(r, r->ops->plug(r->ctx, r->device), NULL);
}

static void do_rate(struct request *r)
{
	unsigned long rate = 0;
	int rc = number(r->argv[1], RATE_MAX, &rate);

	if (rc == 0)
		model_set_rate(r->m, (unsigned int)rate);
	result(r, rc, "not a rate from 0 to 1000000 bytes a second");
}

static void do_image(struct request *r)
{
	int rc = image_read(r->m->image, r->argv[1]);

	result(r, rc, rc == -EMSGSIZE ? "not a file of 262144 bytes" : NULL);
}

static void do_noise(struct request *r)
{
	const char *why;
	int rc = noise_set(r->m->noise, r->argv[1], &why);

	result(r, rc, why);
}

/* Faults that are events on the cable belong to the front end. */
static void do_fault_front(struct request *r)
{
	unsigned long ms = REPLUG_MS;
	bool later = r->argv[1][0] == 'r' || !strcmp(r->argv[1], "F10");

	if (r->argc > 2 && number(r->argv[2], REPLUG_MS_MAX, &ms) < 0) {
		result(r, -EINVAL, "not a number of milliseconds");
		return;
	}
	if (!later) {
		do_unplug(r);
		return;
	}
	/* Also for a device that a fault has unplugged. */
	(void)r->ops->unplug(r->ctx, r->device);
	r->ops->plug_later(r->ctx, r->device, (unsigned int)ms);
	result(r, 0, NULL);
}

static void do_fault(struct request *r)
{
	const char *why = NULL;
	int rc = fault_inject(r->m, r->now_us, r->argc - 1, r->argv + 1, &why);

	if (rc == -ENOTSUP)
		do_fault_front(r);
	else
		result(r, rc, why);
}

static void do_clear(struct request *r)
{
	fault_clear(r->m);
	result(r, 0, NULL);
}

static void do_quit(struct request *r)
{
	result(r, 0, NULL);
	r->ops->quit(r->ctx);
}

static const struct command {
	const char *word, *usage;
	int min, max; /* words, this one included */
	void (*run)(struct request *r);
} commands[] = {
	{ "status", "status", 1, 1, do_status },
	{ "plug", "plug", 1, 1, do_plug },
	{ "unplug", "unplug", 1, 1, do_unplug },
	{ "power-cycle", "power-cycle", 1, 1, do_power_cycle },
	{ "rate", "rate BYTES", 2, 2, do_rate },
	{ "noise", "noise SPEC", 2, 2, do_noise },
	{ "image", "image FILE", 2, 2, do_image },
	{ "fault", "fault NAME [ARG...]", 2, 4, do_fault },
	{ "clear", "clear", 1, 1, do_clear },
	{ "quit", "quit", 1, 1, do_quit },
};

static void run_command(struct request *r)
{
	const struct command *c = NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (r->argc && !strcmp(commands[i].word, r->argv[0]))
			c = &commands[i];
	if (!c)
		say(r,
		    "error no such command: status, plug, unplug, "
		    "power-cycle, rate, noise, image, fault, clear or quit\n");
	else if (r->argc < c->min || r->argc > c->max)
		say(r, "error usage: %s\n", c->usage);
	else
		c->run(r);
}

static int pick_device(struct request *r)
{
	unsigned long n = 1;

	if (r->argc && r->argv[0][0] == '@') {
		if (number(r->argv[0] + 1, r->ops->devices, &n) < 0 || !n) {
			say(r, "error no such device: @1 to @%u\n",
			    r->ops->devices);
			return -ENODEV;
		}
		r->argv++;
		r->argc--;
	}
	r->device = (unsigned int)n - 1;
	r->m = r->ops->model(r->ctx, r->device);
	return 0;
}

void simctl_handle(const struct simctl_ops *ops, void *ctx, uint64_t now_us,
		   char *line, char answer[static SIMCTL_ANSWER_MAX])
{
	char *words[WORDS_MAX], *rest = NULL;
	struct request r = {
		.ops = ops,
		.ctx = ctx,
		.now_us = now_us,
		.argv = words,
		.answer = answer,
	};

	answer[0] = '\0';
	for (char *w = strtok_r(line, " \t\r", &rest); w;
	     w = strtok_r(NULL, " \t\r", &rest)) {
		if (r.argc == WORDS_MAX) {
			say(&r, "error too many words\n");
			return;
		}
		words[r.argc++] = w;
	}
	if (pick_device(&r) == 0)
		run_command(&r);
}

static int socket_at(const char *path, struct sockaddr_un *addr)
{
	int fd;

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int simctl_listen(const char *path)
{
	struct sockaddr_un addr;
	int fd = socket_at(path, &addr), rc;

	if (fd < 0)
		return fd;
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    listen(fd, 8) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int simctl_accept(int listener, char line[static SIMCTL_LINE_MAX])
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	if (fd < 0)
		return -errno;
	while (have < SIMCTL_LINE_MAX - 1 && poll(&p, 1, LINE_WAIT_MS) == 1) {
		ssize_t n = read(fd, line + have, SIMCTL_LINE_MAX - 1 - have);
		char *end;

		if (n <= 0)
			break;
		have += (size_t)n;
		line[have] = '\0';
		end = strchr(line, '\n');
		if (!end)
			continue;
		*end = '\0';
		return fd;
	}
	close(fd);
	return -EPROTO;
}

void simctl_answer(int connection, const char *answer)
{
	/* The asker may be gone; that is its affair. */
	(void)send(connection, answer, strlen(answer),
		   MSG_NOSIGNAL | MSG_DONTWAIT);
	close(connection);
}

static int print_answer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char answer[SIMCTL_ANSWER_MAX];
	size_t have = 0;

	while (have < sizeof(answer) - 1 &&
	       poll(&p, 1, ANSWER_WAIT_S * 1000) == 1) {
		ssize_t n = read(fd, answer + have, sizeof(answer) - 1 - have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	answer[have] = '\0';
	if (!have)
		fprintf(stderr, "onerng-sim: the simulator did not answer\n");
	fputs(answer, stdout);
	return !have || !strncmp(answer, "error", 5);
}

int simctl_call(const char *path, int argc, char *argv[])
{
	char line[SIMCTL_LINE_MAX] = "";
	struct sockaddr_un addr;
	int fd = socket_at(path, &addr), status = 1;

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr,
			"onerng-sim: %s: %s: is a simulator running "
			"with --control?\n",
			path, strerror(fd < 0 ? -fd : errno));
		goto out;
	}
	for (int i = 0; i < argc; i++) {
		if (strlen(line) + strlen(argv[i]) + 2 >= sizeof(line)) {
			fprintf(stderr, "onerng-sim: command too long\n");
			goto out;
		}
		strcat(line, i ? " " : "");
		strcat(line, argv[i]);
	}
	strcat(line, "\n");
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) > 0)
		status = print_answer(fd);
	else
		fprintf(stderr, "onerng-sim: %s: %s: the command is lost\n",
			path, strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	return status;
}

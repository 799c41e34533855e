#include "host-agent/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/log.h"
#include "host-agent/listener.h"

struct control_peer {
	LIST_ENTRY(control_peer) entry;
	struct control *control;
	struct bufferevent *bev;
	pid_t pid;
	uid_t uid;
	bool last; /* closed once its reply is written */
};

struct control_command {
	const char *name;
	control_command_fn fn;
	control_stream_fn stream; /* instead of fn */
	void *ctx;
};

struct asker {
	uid_t uid;
	int fd;	      /* -1: there is no connection */
	bool streams; /* a command went on with it */
};

struct control {
	struct event_base *base;
	char path[CONSUMER_PATH_MAX];
	struct listener listener;
	LIST_HEAD(, control_peer) peers;
	size_t count;
	time_t logged_s; /* last line about a peer, 0: none */
	uid_t allowed;	 /* like root */
	control_answer_fn answer;
	void *ctx;
	struct control_command commands[CONTROL_COMMANDS_MAX];
	size_t commands_count;
};

static json_t *error_reply(const char *text)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}

static json_t *result_reply(json_t *result)
{
	return json_pack("{s:b, s:o}", "ok", 1, "result", result);
}

/* NULL: the command has the connection now. */
static json_t *run_stream(const struct control_command *command,
			  struct asker *asker, const json_t *request)
{
	char why[CONTROL_WHY_MAX] = "no descriptor left";
	/* EBADF where there is no connection */
	int fd = fcntl(asker->fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0 && !command->stream(command->ctx, fd, request, why)) {
		asker->streams = true;
		return NULL;
	}
	if (fd >= 0)
		close(fd);
	return error_reply(why);
}

/* NULL: it is no command of this table, or streams. */
static json_t *run_command(const struct control *c, struct asker *asker,
			   const char *cmd, const json_t *request)
{
	char why[CONTROL_WHY_MAX] = "out of memory";
	const struct control_command *command;
	json_t *result;
	size_t i;

	for (i = 0; i < c->commands_count; i++) {
		command = &c->commands[i];
		if (strcmp(command->name, cmd))
			continue;
		if (asker->uid != 0 && asker->uid != c->allowed)
			return error_reply("only root may change something");
		if (command->stream)
			return run_stream(command, asker, request);
		result = command->fn(command->ctx, request, why);
		return result ? result_reply(result) : error_reply(why);
	}
	return NULL;
}

static json_t *make_reply(const struct control *c, struct asker *asker,
			  const char *request, size_t len)
{
	json_t *root, *result, *reply;
	const char *cmd = NULL;
	json_error_t err;
	char text[128];

	root = json_loadb(request, len, JSON_REJECT_DUPLICATES, &err);
	if (!root) {
		snprintf(text, sizeof(text), "not JSON, column %d", err.column);
		return error_reply(text);
	}
	if (json_unpack(root, "{s:s}", "cmd", &cmd) < 0) {
		json_decref(root);
		return error_reply("no string \"cmd\" in the request");
	}
	reply = run_command(c, asker, cmd, root);
	result = reply || asker->streams || !c->answer ? NULL
						       : c->answer(c->ctx, cmd);
	json_decref(root);
	if (reply || asker->streams)
		return reply;
	if (!result)
		return error_reply("unknown command: status, domain-list, "
				   "consumers, consumer-set, firmware-dump, "
				   "device-release, device-claim, selftest "
				   "or capture");
	return result_reply(result);
}

static char *reply_text(const struct control *c, struct asker *asker,
			const char *request, size_t len)
{
	json_t *reply = make_reply(c, asker, request, len);
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	return text;
}

char *control_execute(const struct control *c, uid_t uid, const char *request,
		      size_t len)
{
	struct asker asker = { .uid = uid, .fd = -1 };

	return reply_text(c, &asker, request, len);
}

char *control_reply(const char *request, size_t len, control_answer_fn fn,
		    void *ctx)
{
	const struct control c = { .answer = fn, .ctx = ctx };

	return control_execute(&c, (uid_t)-1, request, len);
}

static void peer_free(struct control_peer *p)
{
	LIST_REMOVE(p, entry);
	p->control->count--;
	bufferevent_free(p->bev);
	free(p);
}

static bool may_log(struct control *c)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (c->logged_s && now.tv_sec - c->logged_s < CONTROL_IDLE_S)
		return false;
	c->logged_s = now.tv_sec;
	return true;
}

static void peer_refuse(struct control_peer *p, const char *why)
{
	json_t *reply = error_reply(why);
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	if (may_log(p->control))
		log_warn("control: peer pid %d refused: %s", (int)p->pid, why);
	json_decref(reply);
	p->last = true;
	bufferevent_disable(p->bev, EV_READ);
	if (text)
		evbuffer_add_printf(bufferevent_get_output(p->bev), "%s\n",
				    text);
	free(text);
}

static void free_text(const void *data, size_t len, void *text)
{
	(void)data;
	(void)len;
	free(text);
}

/*
 * The reply goes out without another copy: it is long with many consumers.
 * False: this peer is to be freed.
 */
static bool peer_answer(struct control_peer *p, const char *line, size_t len)
{
	struct control *c = p->control;
	struct evbuffer *out = bufferevent_get_output(p->bev);
	struct asker asker = { .uid = p->uid, .fd = bufferevent_getfd(p->bev) };
	char *text = reply_text(c, &asker, line, len);

	if (!text)
		return false;
	if (evbuffer_add_reference(out, text, strlen(text), free_text, text)) {
		free(text);
		return false;
	}
	return evbuffer_add(out, "\n", 1) == 0;
}

/* One request at a time: the next is read when this reply is written. */
static void peer_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct control_peer *p = arg;
	size_t len;
	char *line;
	bool ok;

	if (p->last || evbuffer_get_length(bufferevent_get_output(bev)))
		return;
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (!line) {
		if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX)
			peer_refuse(p, "request longer than 4096 bytes");
		return;
	}
	ok = peer_answer(p, line, len);
	free(line);
	if (!ok)
		peer_free(p);
}

static void peer_written(struct bufferevent *bev, void *arg)
{
	struct control_peer *p = arg;

	if (p->last)
		peer_free(p);
	else
		peer_read(bev, p);
}

static void peer_event(struct bufferevent *bev, short what, void *arg)
{
	struct control_peer *p = arg;

	/* a peer that only stopped asking still gets its reply */
	if ((what & BEV_EVENT_EOF) &&
	    evbuffer_get_length(bufferevent_get_output(bev))) {
		p->last = true;
		return;
	}
	peer_free(p);
}

static void peer_add(struct control *c, int fd, const struct consumer_peer *who)
{
	struct timeval idle = { .tv_sec = CONTROL_IDLE_S };
	struct control_peer *p = calloc(1, sizeof(*p));

	if (!p)
		goto fail;
	p->bev = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!p->bev)
		goto fail;
	p->pid = who->pid;
	p->uid = who->uid;
	p->control = c;
	LIST_INSERT_HEAD(&c->peers, p, entry);
	c->count++;
	bufferevent_setcb(p->bev, peer_read, peer_written, peer_event, p);
	bufferevent_setwatermark(p->bev, EV_READ, 0, CONTROL_REQUEST_MAX);
	bufferevent_set_timeouts(p->bev, &idle, &idle);
	bufferevent_enable(p->bev, EV_READ | EV_WRITE);
	return;
fail:
	free(p);
	close(fd);
}

static void control_accepted(void *ctx, int fd, const struct consumer_peer *who)
{
	struct control *c = ctx;

	if (c->count == CONTROL_PEERS_MAX) {
		static const char busy[] =
			"{\"ok\":false,\"error\":\"too many connections\"}\n";

		(void)!send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	peer_add(c, fd, who);
}

struct control *control_new(struct event_base *base,
			    const struct listener_at *at)
{
	struct control *c = calloc(1, sizeof(*c));
	struct listener_at own = *at;

	if (!c)
		return NULL;
	c->base = base;
	LIST_INIT(&c->peers);
	snprintf(c->path, sizeof(c->path), "%s", at->path);
	own.path = c->path;
	listener_init(&c->listener, base, &own, control_accepted, c);
	if (listener_open(&c->listener) < 0)
		log_err("%s socket: %s", at->key, c->listener.why);
	return c;
}

const char *control_lacks(const struct control *c)
{
	return c ? c->listener.why : NULL;
}

void control_tick(struct control *c)
{
	if (listener_tick(&c->listener))
		log_info("%s socket: listens at last", c->listener.at.key);
}

void control_set_answer(struct control *c, control_answer_fn fn, void *ctx)
{
	c->answer = fn;
	c->ctx = ctx;
}

void control_allow(struct control *c, uid_t uid)
{
	c->allowed = uid;
}

void control_add_command(struct control *c, const char *name,
			 control_command_fn fn, void *ctx)
{
	assert(c->commands_count < CONTROL_COMMANDS_MAX);
	c->commands[c->commands_count++] = (struct control_command){
		.name = name,
		.fn = fn,
		.ctx = ctx,
	};
}

void control_add_stream(struct control *c, const char *name,
			control_stream_fn fn, void *ctx)
{
	control_add_command(c, name, NULL, ctx);
	c->commands[c->commands_count - 1].stream = fn;
}

void control_free(struct control *c)
{
	struct control_peer *p;

	if (!c)
		return;
	while ((p = LIST_FIRST(&c->peers)))
		peer_free(p);
	listener_close(&c->listener);
	free(c);
}

#include "host-agent/domwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/domains.h"
#include "host-agent/domwatch_line.h"
#include "host-agent/egd_conn.h"
#include "host-agent/rundir.h"
#include "host-agent/usock.h"

struct domwatch {
	struct event_base *base;
	struct domains *domains;
	const char *run_dir;
	struct bufferevent *bev; /* NULL: nobody is connected */
	char uri[DOMWATCH_URI_MAX];
	pid_t pid;
	time_t since, looked; /* looked 0: not yet */
	bool libvirt;
	bool looking;
	struct reconcile_set set;
};

struct domwatch *domwatch_new(struct event_base *base, struct domains *domains,
			      const char *run_dir)
{
	struct domwatch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->base = base;
	w->domains = domains;
	w->run_dir = run_dir;
	return w;
}

static void end(struct domwatch *w)
{
	if (w->bev)
		bufferevent_free(w->bev);
	w->bev = NULL;
	w->looking = false;
	reconcile_end(&w->set);
}

void domwatch_free(struct domwatch *w)
{
	if (w)
		end(w);
	free(w);
}

static void drop(struct domwatch *w, const char *why)
{
	log_warn("libvirt's watcher, pid %d: closed: %s", (int)w->pid, why);
	end(w);
}

static void answer(struct domwatch *w, size_t later)
{
	evbuffer_add_printf(bufferevent_get_output(w->bev),
			    "{\"ok\":true,\"result\":{\"later\":%zu}}\n",
			    later);
}

static bool is_own_socket(const struct domwatch *w,
			  const struct domwatch_line *line)
{
	char path[CONSUMER_PATH_MAX];

	rundir_domain_socket(path, w->run_dir, line->seen.uuid);
	return !strcmp(path, line->socket);
}

static int add(struct domwatch *w, struct domwatch_line *line)
{
	if (!w->looking)
		return -EPROTO;
	line->seen.ours = is_own_socket(w, line);
	return reconcile_add(&w->set, &line->seen);
}

static int finish(struct domwatch *w)
{
	if (!w->looking)
		return -EPROTO;
	reconcile_sort(&w->set);
	answer(w, domains_reconcile(w->domains, &w->set));
	if (w->set.whole)
		w->looked = time(NULL);
	w->looking = false;
	reconcile_end(&w->set);
	return 0;
}

/* 0 or -errno. */
static int act(struct domwatch *w, struct domwatch_line *line)
{
	switch (line->op) {
	case DOMWATCH_LOOK:
		reconcile_begin(&w->set, line->flag, egd_conn_now_us());
		w->looking = true;
		answer(w, 0);
		break;
	case DOMWATCH_DOMAIN:
		return add(w, line);
	case DOMWATCH_END:
		return finish(w);
	case DOMWATCH_ALIVE:
		w->libvirt = line->flag;
		break;
	case DOMWATCH_OTHER:
		break;
	}
	return 0;
}

/* False: it was closed. */
static bool take(struct domwatch *w, const char *text, size_t len)
{
	char why[DOMWATCH_WHY_MAX];
	struct domwatch_line line;
	int r = domwatch_line_parse(&line, text, len, why);

	if (r == 0) {
		r = act(w, &line);
		snprintf(why, sizeof(why), "%s",
			 r == -ENOSPC	? "more than 8192 domains"
			 : r == -EPROTO ? "nothing was begun"
					: strerror(-r));
	}
	if (r < 0)
		drop(w, why);
	return r == 0;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct domwatch *w = arg;
	bool open = true;
	size_t len;
	char *text;

	while (open && (text = evbuffer_readln(in, &len, EVBUFFER_EOL_LF))) {
		open = take(w, text, len);
		free(text);
	}
	if (open && evbuffer_get_length(in) >= DOMWATCH_LINE_MAX)
		drop(w, "a line longer than 4096 bytes");
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct domwatch *w = arg;

	(void)bev;
	if (what & BEV_EVENT_TIMEOUT) {
		drop(w, "said nothing for long");
		return;
	}
	log_info("libvirt's watcher, pid %d: gone", (int)w->pid);
	end(w);
}

static int begin(struct domwatch *w, int fd)
{
	const struct timeval silent = { .tv_sec = DOMWATCH_SILENT_S };

	w->bev = bufferevent_socket_new(w->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!w->bev)
		return -ENOMEM;
	bufferevent_setcb(w->bev, on_read, NULL, on_event, w);
	bufferevent_setwatermark(w->bev, EV_READ, 0, DOMWATCH_LINE_MAX);
	bufferevent_set_timeouts(w->bev, &silent, &silent);
	bufferevent_enable(w->bev, EV_READ | EV_WRITE);
	w->since = time(NULL);
	w->looked = 0;
	w->libvirt = false;
	return 0;
}

int domwatch_start(void *domwatch, int fd, const json_t *request, char *why)
{
	const char *uri = json_string_value(json_object_get(request, "uri"));
	struct consumer_peer peer = { .pid = 0 };
	struct domwatch *w = domwatch;

	if (!uri || strlen(uri) >= sizeof(w->uri) / 4) {
		snprintf(why, CONTROL_WHY_MAX, "no uri, or a long one");
		return -EINVAL;
	}
	if (w->bev) {
		snprintf(why, CONTROL_WHY_MAX,
			 "another watcher, pid %d, is "
			 "connected",
			 (int)w->pid);
		return -EBUSY;
	}
	usock_peer(fd, &peer);
	if (begin(w, fd) < 0) {
		snprintf(why, CONTROL_WHY_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	w->pid = peer.pid;
	log_escape(w->uri, sizeof(w->uri), uri, strlen(uri));
	log_info("libvirt's watcher, pid %d: connected, for %s", (int)w->pid,
		 w->uri);
	answer(w, 0);
	return 0;
}

json_t *domwatch_status(const struct domwatch *w)
{
	if (!w || !w->bev)
		return json_pack("{s:b}", "connected", 0);
	return json_pack("{s:b, s:I, s:s, s:I, s:b, s:o}", "connected", 1,
			 "pid", (json_int_t)w->pid, "uri", w->uri, "since",
			 (json_int_t)w->since, "libvirt", w->libvirt, "looked",
			 w->looked ? json_integer((json_int_t)w->looked)
				   : json_null());
}

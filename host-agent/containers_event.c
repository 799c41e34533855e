/*
 * containers_event.c - what LXC's hook tells of containers, and what is known
 * of them over a restart
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/containers_priv.h"
#include "host-agent/control.h"
#include "host-agent/egd_pub.h"
#include "host-agent/letgo.h"
#include "host-agent/rundir.h"
#include "host-agent/statefile.h"

static bool is_alive(pid_t pid)
{
	return kill(pid, 0) == 0 || errno != ESRCH;
}

void container_note_init(struct container *t)
{
	if (t->sock)
		egd_pub_domain(t->sock)->init =
			t->phase == CONSUMER_RUNNING ? t->pid : 0;
}

static bool is_running(const struct container *t)
{
	return t->phase == CONSUMER_RUNNING && t->pid > 0 && is_alive(t->pid);
}

/* By its configuration, and by its phase. */
static bool is_to_have_usb(const struct container *t)
{
	return t->conf.device == CONSUMER_DEVICE_PASSTHROUGH &&
	       (t->phase == CONSUMER_PREPARING || t->phase == CONSUMER_RUNNING);
}

void container_hold(struct containers *c, struct container *t)
{
	const char *has = letgo_port_of(c->letgo, t->key);
	bool wanted = is_to_have_usb(t);

	/* of one that was named it is that one */
	if (has &&
	    (!wanted || (t->conf.port[0] && strcmp(has, t->conf.port) != 0)))
		letgo_end_domain(c->letgo, t->key);
	if (wanted)
		letgo_for_container(c->letgo, t->key, t->conf.consumer.name,
				    t->conf.port);
}

/*
 * A terminal of its own for each start: what the last one did to it (its
 * owner, TIOCEXCL, another line discipline) ends with it.
 */
static void on_prepare(struct containers *c, struct container *t, pid_t pid)
{
	int r = 0;

	(void)pid;
	if (is_running(t))
		return; /* a second start, which LXC refuses */
	t->phase = CONSUMER_PREPARING;
	t->prepared = 0;
	t->pid = 0;
	if (t->tty)
		r = tty_pub_renew(t->tty);
	if (r < 0) {
		tty_pub_power_up(t->tty);
		log_err("container %s: its terminal is the old one: %s",
			t->conf.consumer.name, strerror(-r));
	}
	container_hold(c, t);
}

/*
 * Its terminal was made for this start: since then, its first process may have
 * told the device more.
 */
static bool is_powered_up(const struct container *t, pid_t pid)
{
	return t->phase == CONSUMER_PREPARING ||
	       (t->phase == CONSUMER_RUNNING && pid > 0 && t->pid == pid);
}

static void on_started(struct containers *c, struct container *t, pid_t pid)
{
	bool powered_up = is_powered_up(t, pid);

	t->phase = CONSUMER_RUNNING;
	t->pid = pid;
	if (t->tty && !powered_up)
		tty_pub_power_up(t->tty);
	if (t->sock)
		egd_pub_domain(t->sock)->boot_due = true;
	container_hold(c, t);
}

/*
 * It runs, whatever the hook told: this process may not have been there, nor
 * the container registered.  What it has goes on.
 */
static void on_running(struct containers *c, struct container *t, pid_t pid)
{
	if (pid > 0 && !is_alive(pid))
		return; /* said too late */
	t->phase = CONSUMER_RUNNING;
	t->pid = pid;
	container_hold(c, t);
}

static void on_stopped(struct containers *c, struct container *t, pid_t pid)
{
	(void)pid;
	t->phase = CONSUMER_STOPPED;
	t->pid = 0;
	if (t->tty)
		tty_pub_power_up(t->tty);
	container_hold(c, t);
}

void container_look(struct containers *c, struct container *t)
{
	if (t->phase == CONSUMER_RUNNING && t->pid > 0 && !is_alive(t->pid)) {
		log_info("container %s: is down, which LXC's hook did not tell",
			 t->conf.consumer.name);
		on_stopped(c, t, 0);
		container_note_init(t);
		containers_save(c);
	}
	container_hold(c, t);
	container_tell(c, t);
}

/* A later "started" or "running" is believed all the same. */
void container_tick(struct containers *c, struct container *t)
{
	if (t->phase != CONSUMER_PREPARING ||
	    ++t->prepared < CONTAINERS_PREPARE_S)
		return;
	log_info("container %s: was prepared, and nothing came of it: taken "
		 "for down",
		 t->conf.consumer.name);
	on_stopped(c, t, 0);
	container_tell(c, t);
	containers_save(c);
}

static const struct container *of_key(struct containers *c, const char *key)
{
	const struct container *t;

	TAILQ_FOREACH (t, &c->list, entry)
		if (!strcmp(t->key, key))
			break;
	return t;
}

void containers_end_orphans(struct containers *c)
{
	const struct letgo_entry *e;
	size_t i;

	for (i = letgo_count(c->letgo); i-- > 0;) {
		e = letgo_entry(c->letgo, i);
		if (!e->of_domain && e->uuid[0] && !of_key(c, e->uuid))
			letgo_end(c->letgo, i);
	}
}

static const struct {
	const char *name;
	void (*fn)(struct containers *c, struct container *t, pid_t pid);
} operations[] = {
	{ "prepare", on_prepare },
	{ "started", on_started },
	{ "running", on_running },
	{ "stopped", on_stopped },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* An unknown container or operation is none of ours, and no error. */
static void act(struct containers *c, const char *op, const char *id, pid_t pid)
{
	struct container *t = containers_find(c, id);
	size_t i;

	for (i = 0; t && i < OPERATIONS; i++) {
		if (strcmp(operations[i].name, op))
			continue;
		operations[i].fn(c, t, pid);
		container_note_init(t);
		log_debug("container %s: %s", id, op);
		container_tell(c, t);
		containers_save(c);
	}
}

int containers_event(void *containers, int fd, const json_t *request, char *why)
{
	struct containers *c = containers;
	const char *op = NULL, *id = NULL;
	json_int_t pid = 0;

	if (json_unpack((json_t *)(uintptr_t)request, "{s:s, s:s, s?I}", "op",
			&op, "id", &id, "pid", &pid) < 0 ||
	    pid < 0 || pid > CONTAINERS_PID_MAX) {
		snprintf(why, CONTROL_WHY_MAX,
			 "a container event has op and id, and may have pid");
		return -EINVAL;
	}
	act(c, op, id, (pid_t)pid);
	letgo_answer(c->letgo, fd);
	return 0;
}

void containers_save(struct containers *c)
{
	char path[CONSUMER_PATH_MAX], new[CONSUMER_PATH_MAX];
	json_t *list = json_array();
	struct container *t;
	int r = list ? 0 : -ENOMEM;

	rundir_file(path, c->run_dir, RUNDIR_CONTAINERS);
	rundir_file(new, c->run_dir, RUNDIR_CONTAINERS_NEW);

	TAILQ_FOREACH (t, &c->list, entry)
		if (t->phase != CONSUMER_UNKNOWN)
			json_array_append_new(list,
					      json_pack("{s:s, s:i, s:i}", "id",
							t->conf.consumer.name,
							"phase", (int)t->phase,
							"pid", (int)t->pid));
	if (r == 0)
		r = statefile_write(path, new, list);
	json_decref(list);
	if (r < 0 && !c->unsaved)
		log_err("%s/containers.json: %s: a restart forgets which "
			"containers run",
			c->run_dir, strerror(-r));
	c->unsaved = r < 0;
}

static void load_one(struct containers *c, const json_t *o)
{
	struct container *t = NULL;
	int phase = 0, pid = 0;
	const char *id = "";

	if (json_unpack((json_t *)(uintptr_t)o, "{s:s, s:i, s:i}", "id", &id,
			"phase", &phase, "pid", &pid) == 0 &&
	    phase >= 0 && phase <= CONSUMER_STOPPED && pid >= 0)
		t = containers_find(c, id);
	if (!t)
		return;
	t->phase = (enum consumer_phase)phase;
	t->pid = pid;
	container_note_init(t);
}

void containers_load(struct containers *c)
{
	char path[CONSUMER_PATH_MAX];
	json_t *list;
	size_t i;

	tty_pub_close_left(c->ttys);
	rundir_file(path, c->run_dir, RUNDIR_CONTAINERS);
	list = statefile_read(path, CONTAINERS_FILE_MAX);

	for (i = 0; i < json_array_size(list); i++)
		load_one(c, json_array_get(list, i));
	json_decref(list);
}

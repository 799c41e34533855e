#include "host-agent/containers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/log.h"
#include "host-agent/containers_priv.h"
#include "host-agent/egd_pub.h"
#include "host-agent/letgo.h"
#include "host-agent/rundir.h"

/*
 * What is kept by keys of a fixed size has an ID's hash, in a UUID's form.
 * libcrypto cannot fail here: its known answers were asked for at the start.
 */
static uint32_t make_key(char out[static CONSUMER_UUID_MAX], const char *kind,
			 const char *id)
{
	char text[CONSUMER_NAME_MAX + 16];
	uint8_t h[EVP_MAX_MD_SIZE] = { 0 };
	int len = snprintf(text, sizeof(text), "%s/%s", kind, id);

	EVP_Digest(text, (size_t)len, h, NULL, EVP_sha256(), NULL);
	snprintf(out, CONSUMER_UUID_MAX,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9],
		 h[10], h[11], h[12], h[13], h[14], h[15]);
	return (uint32_t)(h[16] << 16 | h[17] << 8 | h[18]);
}

struct containers *containers_new(struct event_base *base, struct egd_pub *pub,
				  struct letgo *letgo,
				  struct tty_keeper *keeper, struct handover *h,
				  const char *run_dir)
{
	struct containers *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	TAILQ_INIT(&c->list);
	c->pub = pub;
	c->letgo = letgo;
	c->run_dir = run_dir;
	c->state = "starting";
	c->ttys = tty_pub_new(base, pub, keeper, h);
	if (c->ttys)
		return c;
	free(c);
	return NULL;
}

struct container *containers_find(struct containers *c, const char *id)
{
	struct container *t;

	TAILQ_FOREACH (t, &c->list, entry)
		if (!strcmp(t->conf.consumer.name, id))
			return t;
	return NULL;
}

static bool has_terminal(enum consumer_device device)
{
	return device == CONSUMER_DEVICE_VIRTUAL ||
	       device == CONSUMER_DEVICE_PLAIN;
}

static int say_failed(struct container *t, const char *what, const char *why)
{
	bool news = !t->lacks[0];

	snprintf(t->lacks, sizeof(t->lacks), "no %s: %s", what, why);
	if (news)
		log_err("container %s: %s", t->conf.consumer.name, t->lacks);
	return -EIO;
}

static int add_tty(struct containers *c, struct container *t)
{
	const struct hostconf_consumer *want = &t->conf.consumer;
	struct consumer id = { .limits = want->limits };

	memcpy(id.name, want->name, sizeof(id.name));
	id.service.policy = want->policy;
	t->tty = tty_pub_add(c->ttys, &id, t->tty_key, t->number);
	if (!t->tty)
		return say_failed(t, "terminal", strerror(errno));
	tty_pub_set_plain(t->tty, t->conf.device == CONSUMER_DEVICE_PLAIN);
	return 0;
}

static int add_sock(struct containers *c, struct container *t)
{
	const struct hostconf_consumer *want = &t->conf.consumer;
	struct consumer id = { .kind = CONSUMER_CONTAINER,
			       .limits = want->limits };

	memcpy(id.name, want->name, sizeof(id.name));
	memcpy(id.uuid, t->socket_key, sizeof(id.uuid));
	id.service.policy = want->policy;
	rundir_container_socket(id.path, c->run_dir, want->name);
	t->sock = egd_pub_add(c->pub, &id, HOSTCONF_GID_NONE);
	if (!t->sock)
		return say_failed(t, "socket", strerror(errno));
	container_note_init(t); /* who comes is looked at */
	return 0;
}

static void remove_sock(struct containers *c, struct container *t)
{
	if (t->sock)
		egd_pub_remove(c->pub, t->sock);
	t->sock = NULL;
}

/* A socket beside it is charged to its bucket, so it goes, too. */
static void remove_tty(struct containers *c, struct container *t)
{
	if (!t->tty)
		return;
	remove_sock(c, t);
	tty_pub_remove(c->ttys, t->tty);
	t->tty = NULL;
}

/* A container has one rate, whichever way it takes bytes. */
static void share_rate(struct container *t)
{
	const struct consumer *tty, *sock;

	if (!t->tty || !t->sock)
		return;
	tty = tty_pub_consumer(t->tty);
	sock = egd_pub_consumer(t->sock);
	sched_share_bucket(sock->entry, tty->entry);
	sched_share_bucket(sock->light, tty->entry);
}

int container_equip(struct containers *c, struct container *t)
{
	bool tty = has_terminal(t->conf.device);
	int r = rundir_make_container(c->run_dir, t->conf.consumer.name);

	if (r < 0)
		r = say_failed(t, "directory", strerror(-r));
	if (!t->conf.socket)
		remove_sock(c, t);
	if (!tty)
		remove_tty(c, t);
	if (t->tty)
		tty_pub_set_plain(t->tty,
				  t->conf.device == CONSUMER_DEVICE_PLAIN);
	else if (tty && add_tty(c, t) < 0)
		r = -EIO;
	if (!t->sock && t->conf.socket && add_sock(c, t) < 0)
		r = -EIO;
	share_rate(t);
	if (r == 0)
		t->lacks[0] = '\0';
	return r;
}

static void drop(struct containers *c, struct container *t)
{
	remove_sock(c, t);
	remove_tty(c, t);
	TAILQ_REMOVE(&c->list, t, entry);
	free(t);
}

static void forget(struct containers *c, struct container *t)
{
	char dir[RUNDIR_LXC_MAX];

	log_info("container %s: removed", t->conf.consumer.name);
	/* the agent's state may change with that: facts are written */
	letgo_end_domain(c->letgo, t->key);
	device_facts_remove(c->run_dir, t->conf.consumer.name);
	rundir_container_dir(dir, c->run_dir, t->conf.consumer.name);
	drop(c, t);
	rmdir(dir); /* unless somebody else left something there */
}

static const struct hostconf_container *wanted(const struct hostconf *conf,
					       const struct container *t)
{
	size_t i;

	for (i = 0; i < conf->containers_count; i++)
		if (!strcmp(conf->containers[i].consumer.name,
			    t->conf.consumer.name))
			return &conf->containers[i];
	return NULL;
}

static int add(struct containers *c, const struct hostconf_container *want)
{
	const char *id = want->consumer.name;
	struct container *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->conf = *want;
	make_key(t->key, "container", id);
	make_key(t->socket_key, "socket", id);
	t->number = make_key(t->tty_key, "terminal", id);
	t->idle.kind = CONSUMER_CONTAINER;
	memcpy(t->idle.name, id, sizeof(t->idle.name));
	TAILQ_INSERT_TAIL(&c->list, t, entry);
	return container_equip(c, t);
}

static int change(struct containers *c, struct container *t,
		  const struct hostconf_container *want)
{
	int r, err;

	t->conf = *want;
	r = container_equip(c, t);
	err = containers_set_service(t, &want->consumer.policy);
	if (err < 0 && err != -ENODEV)
		r = say_failed(t, "change of class", strerror(-err));
	containers_set_limits(t, &want->consumer.limits);
	container_hold(c, t);
	t->override = false;
	return r;
}

int containers_apply(struct containers *c, const struct hostconf *conf)
{
	struct container *t = TAILQ_FIRST(&c->list), *next;
	const struct hostconf_container *want;
	int r = 0;
	size_t i;

	for (; t; t = next) {
		next = TAILQ_NEXT(t, entry);
		want = wanted(conf, t);
		if (!want)
			forget(c, t);
		else if (change(c, t, want) < 0)
			r = -EIO;
	}
	for (i = 0; i < conf->containers_count; i++) {
		want = &conf->containers[i];
		if (!containers_find(c, want->consumer.name) &&
		    add(c, want) < 0)
			r = -EIO;
	}
	containers_set_state(c, c->state);
	return r;
}

void containers_free(struct containers *c, bool kept)
{
	struct container *t;

	if (!c)
		return;
	if (!kept)
		c->state = "stopped";
	while ((t = TAILQ_FIRST(&c->list))) {
		if (!kept) {
			remove_tty(c, t);
			container_tell(c, t);
		}
		drop(c, t);
	}
	tty_pub_free(c->ttys);
	free(c);
}

static void find_node(struct containers *c, struct container *t,
		      struct device_facts *f)
{
	const char *port;

	if (t->tty) {
		tty_pub_node(t->tty, f->node);
		f->major = TTY_PTY_MAJOR;
		f->minor = tty_pub_number(t->tty);
	} else if (t->conf.device == CONSUMER_DEVICE_HWRNG) {
		device_facts_find_hwrng(f);
	} else if (t->conf.device == CONSUMER_DEVICE_PASSTHROUGH) {
		port = letgo_port_of(c->letgo, t->key);
		if (port)
			device_facts_find_acm(f, port);
	}
}

void container_tell(struct containers *c, struct container *t)
{
	struct device_facts f = { .device = t->conf.device, .state = c->state };
	int r;

	find_node(c, t, &f);
	if (device_facts_equal(&f, &t->told))
		return;
	r = device_facts_write(c->run_dir, t->conf.consumer.name, &f);
	if (r == 0)
		t->told = f;
	else if (!c->untold)
		log_err("container %s: facts: %s", t->conf.consumer.name,
			strerror(-r));
	c->untold = r < 0;
}

void containers_set_state(struct containers *c, const char *state)
{
	struct container *t;

	c->state = state;
	TAILQ_FOREACH (t, &c->list, entry)
		container_tell(c, t);
}

void containers_tick(struct containers *c)
{
	bool retry = ++c->ticks % CONTAINERS_RETRY_S == 0;
	struct container *t;

	tty_pub_tick(c->ttys);
	TAILQ_FOREACH (t, &c->list, entry) {
		container_tick(c, t);
		if (retry && t->lacks[0] && container_equip(c, t) == 0)
			log_info("container %s: has what it lacked",
				 t->conf.consumer.name);
	}
	if (retry)
		containers_end_orphans(c);
	containers_look(c);
}

void containers_look(struct containers *c)
{
	struct container *t;

	/* nodes of devices come and go by themselves */
	TAILQ_FOREACH (t, &c->list, entry)
		container_look(c, t);
}

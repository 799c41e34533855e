#include "host-agent/roster.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/log.h"
#include "host-agent/egd_pub.h"
#include "host-agent/hostconf.h"
#include "host-agent/rundir.h"

#define FDS_PER_CONSUMER  2  /* its socket and its peer */
#define FDS_PER_CONTAINER 4  /* and its terminal, which has two */
#define FDS_BESIDES	  64 /* control, devices, what libraries open */

static bool limits_equal(const struct sched_limits *a,
			 const struct sched_limits *b)
{
	return a->rate_bytes == b->rate_bytes &&
	       a->burst_bytes == b->burst_bytes && a->weight == b->weight;
}

static const struct hostconf_consumer *wanted(const struct hostconf *conf,
					      const struct consumer *c)
{
	size_t i;

	if (c->kind == CONSUMER_HOST)
		return conf->host_enabled ? &conf->host : NULL;
	for (i = 0; i < conf->domains_count; i++)
		if (!strcmp(conf->domains[i].uuid, c->uuid))
			return &conf->domains[i];
	return NULL;
}

/*
 * What a domain's metadata says, but for the keys that its section has.
 * Whether that is anything.
 */
static bool overlay(struct hostconf_consumer *out, const struct wish *said)
{
	struct wish w = *said;

	w.has_class &= !out->has_class;
	w.has_absent &= !out->has_absent;
	w.has_rate &= !out->has_rate;
	w.has_burst &= !out->has_burst;
	w.has_weight &= !out->has_weight;
	wish_apply(&w, &out->policy, &out->limits);
	return !wish_is_empty(&w);
}

/*
 * What a domain gets: its section, if it has one, over its metadata over the
 * defaults.
 */
static const struct hostconf_consumer *
for_domain(struct hostconf_consumer *out, const struct hostconf *conf,
	   const struct hostconf_consumer *section, const struct consumer *c,
	   bool *wished)
{
	memset(out, 0, sizeof(*out));
	if (section) {
		*out = *section;
	} else {
		memcpy(out->name, c->name, sizeof(out->name));
		memcpy(out->uuid, c->uuid, sizeof(out->uuid));
		out->limits = conf->defaults;
		out->policy = conf->default_policy;
	}
	*wished = overlay(out, &c->domain.wish);
	return out;
}

static void keep_service(struct egd_sock *s, const struct service_policy *want)
{
	const struct consumer *c = egd_pub_consumer(s);
	const struct service_policy *now = &c->service.policy;

	if (now->class == want->class && now->when_absent == want->when_absent)
		return;
	if (egd_pub_set_service(s, want) < 0)
		log_err("%s %s: class stays %s: %s: raise LimitMEMLOCK=",
			consumer_kind_name(c->kind), c->name,
			service_class_name(now->class), strerror(errno));
}

static void serve_as(struct egd_sock *s, const struct hostconf_consumer *want)
{
	keep_service(s, &want->policy);
	if (!limits_equal(&egd_pub_consumer(s)->limits, &want->limits))
		egd_pub_set_limits(s, &want->limits);
}

void roster_serve_domain(struct egd_sock *s, const struct hostconf *conf)
{
	const struct consumer *c = egd_pub_consumer(s);
	struct hostconf_consumer want;

	if (c->override)
		return;
	for_domain(&want, conf, wanted(conf, c), c, &egd_pub_domain(s)->wished);
	serve_as(s, &want);
}

/* Those that stay get what the configuration says now; the others go. */
static void keep_or_remove(struct egd_pub *pub, const struct hostconf *conf)
{
	struct egd_sock *s = egd_pub_next(pub, NULL), *next;
	const struct hostconf_consumer *want;
	struct hostconf_consumer own;
	const struct consumer *c;

	for (; s; s = next) {
		next = egd_pub_next(pub, s);
		c = egd_pub_consumer(s);
		if (c->kind == CONSUMER_CONTAINER)
			continue; /* containers.c has it */
		want = wanted(conf, c);
		if (c->domain.dynamic)
			egd_pub_domain(s)->dynamic = !want;
		if (c->kind == CONSUMER_DOMAIN && (want || c->domain.dynamic))
			want = for_domain(&own, conf, want, c,
					  &egd_pub_domain(s)->wished);
		if (!want) {
			log_info("%s %s: removed", consumer_kind_name(c->kind),
				 c->name);
			egd_pub_remove(pub, s);
			continue;
		}
		egd_pub_set_name(s, want->name);
		egd_pub_set_override(s, false);
		serve_as(s, want);
	}
}

static bool is_there(struct egd_pub *pub, const char *path)
{
	struct egd_sock *s = NULL;

	while ((s = egd_pub_next(pub, s)))
		if (!strcmp(egd_pub_consumer(s)->path, path))
			return true;
	return false;
}

/* 0, also when it is there already, or -ENOMEM. */
static int add(struct egd_pub *pub, struct consumer *id,
	       const struct hostconf_consumer *want, gid_t gid)
{
	if (is_there(pub, id->path))
		return 0;
	memcpy(id->name, want->name, sizeof(id->name));
	memcpy(id->uuid, want->uuid, sizeof(id->uuid));
	id->limits = want->limits;
	id->service.policy = want->policy;
	if (egd_pub_add(pub, id, gid))
		return 0;
	log_err("%s %s: out of memory", consumer_kind_name(id->kind), id->name);
	return -ENOMEM;
}

int roster_apply(struct egd_pub *pub, const struct hostconf *conf,
		 const char *run_dir)
{
	struct consumer id = { .kind = CONSUMER_HOST };
	size_t i;
	int r = 0;

	keep_or_remove(pub, conf);
	if (conf->host_enabled) {
		rundir_file(id.path, run_dir, RUNDIR_HOST_SOCKET);
		r = add(pub, &id, &conf->host, conf->socket_gid);
	}
	id.kind = CONSUMER_DOMAIN;
	for (i = 0; i < conf->domains_count; i++) {
		rundir_domain_socket(id.path, run_dir, conf->domains[i].uuid);
		if (add(pub, &id, &conf->domains[i], conf->socket_gid) < 0)
			r = -ENOMEM;
	}
	return r;
}

int roster_add_dynamic(struct egd_pub *pub, const struct hostconf *conf,
		       const char *run_dir, const struct consumer *domain)
{
	struct hostconf_consumer want;
	struct consumer id = { .kind = CONSUMER_DOMAIN };

	id.domain = domain->domain;
	id.domain.dynamic = true;
	rundir_domain_socket(id.path, run_dir, domain->uuid);
	for_domain(&want, conf, NULL, domain, &id.domain.wished);
	return add(pub, &id, &want, conf->socket_gid);
}

void roster_raise_limit(const struct hostconf *conf)
{
	rlim_t need = (conf->domains_count + ROSTER_DYNAMIC_SPARE + 1) *
			      FDS_PER_CONSUMER +
		      conf->containers_count * FDS_PER_CONTAINER + FDS_BESIDES;
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur >= need)
		return;
	lim.rlim_cur = need;
	if (lim.rlim_max < need)
		lim.rlim_max = need; /* only root may */
	if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
		log_warn("%zu domains and %zu containers need %llu "
			 "descriptors: raise LimitNOFILE=",
			 conf->domains_count, conf->containers_count,
			 (unsigned long long)need);
}

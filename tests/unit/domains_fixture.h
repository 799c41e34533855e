/*
 * domains_fixture.h - an agent of one configured domain, A, in a folder of its
 * own, and what libvirt's hook tells it
 */
#ifndef TESTS_UNIT_DOMAINS_FIXTURE_H
#define TESTS_UNIT_DOMAINS_FIXTURE_H

#include "host-agent/domains.h"

#include <errno.h>
#include <sys/socket.h>

#include "host-agent/domains_file.h"
#include "host-agent/domains_priv.h"
#include "host-agent/egd_conn.h"
#include "host-agent/reconcile.h"
#include "host-agent/roster.h"
#include "host-agent/rundir.h"
#include "host-agent/status_domain.h"
#include "tests/unit/agent_fixture.h"

#define A "11111111-1111-1111-1111-11111111111a"
#define B "22222222-2222-2222-2222-22222222222b"

static struct domains *domains;
static struct hostconf_consumer configured;

static inline void begin(void)
{
	agent_begin(nothing);
	domains = domains_new(pub, letgo, folder);
	domains_configure(domains, &conf);
	cr_assert_eq(roster_apply(pub, &conf, folder), 0);
	domains_load(domains);
}

static inline void end(void)
{
	domains_free(domains);
	agent_end();
}

static inline void setup(void)
{
	agent_setup("kvm");
	conf.socket_gid = HOSTCONF_GID_NONE;
	conf.defaults.weight = 1;
	configured.limits.weight = 1;
	strcpy(configured.name, "a");
	strcpy(configured.uuid, A);
	conf.domains = &configured;
	conf.domains_count = 1;
	begin();
}

static inline void teardown(void)
{
	end();
	folder_remove();
}

static inline int tell_json(json_t *request)
{
	int pair[2], r;

	cr_assert_not_null(request);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	why[0] = '\0';
	r = domains_event(domains, pair[0], request, why);
	if (r < 0) {
		cr_assert(why[0]);
		close(pair[0]);
	} else {
		char reply[64] = "";

		cr_assert_gt(read(pair[1], reply, sizeof(reply) - 1), 0);
		cr_assert_str_eq(reply, "{\"ok\":true,\"result\":{}}\n");
	}
	close(pair[1]);
	json_decref(request);
	return r;
}

/* As the hook says it of a domain whose XML is right. */
static inline void tell(const char *op, const char *uuid)
{
	char path[CONSUMER_PATH_MAX];

	rundir_domain_socket(path, folder, uuid);
	cr_assert_eq(
		tell_json(json_pack("{s:s, s:s, s:s, s:s}", "op", op, "uuid",
				    uuid, "name", "a b", "socket", path)),
		0);
}

/* The same with a policy: {...}, or "" for none. */
static inline void tell_policy(const char *op, const char *uuid,
			       const char *policy)
{
	char path[CONSUMER_PATH_MAX];
	json_t *request;

	rundir_domain_socket(path, folder, uuid);
	request = json_pack("{s:s, s:s, s:s, s:s}", "op", op, "uuid", uuid,
			    "name", "b", "socket", path);
	if (*policy)
		json_object_set_new(request, "policy",
				    json_loads(policy, 0, NULL));
	cr_assert_eq(tell_json(request), 0);
}

static inline const struct consumer *of(const char *uuid)
{
	struct egd_sock *s = NULL;

	while ((s = egd_pub_next(pub, s)))
		if (!strcmp(egd_pub_consumer(s)->uuid, uuid))
			return egd_pub_consumer(s);
	return NULL;
}

#endif /* TESTS_UNIT_DOMAINS_FIXTURE_H */

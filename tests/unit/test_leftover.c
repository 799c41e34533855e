#include "ctl/leftover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define WEB  "11111111-1111-1111-1111-11111111111a"
#define MAIL "22222222-2222-2222-2222-22222222222b"
#define NONE "33333333-3333-3333-3333-33333333333c"

static char dir[] = "/tmp/leftover.XXXXXX";
static struct registry registry = { .dir = dir };
static struct leftovers all;

static void in_dir(char out[static 256], const char *name)
{
	snprintf(out, 256, "%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	in_dir(path, name);
	f = fopen(path, "we");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static void put_socket(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char path[256];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	in_dir(path, name);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%.100s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
}

static void set_up(void)
{
	char path[256];

	cr_assert(mkdtemp(dir));
	in_dir(path, "kvm");
	cr_assert_eq(mkdir(path, 0700), 0);
}

static void clean_up(void)
{
	static const char *const names[] = {
		"domain-" WEB ".conf",
		"domain-x.conf",
		"other.conf",
		"kvm/" WEB ".sock",
		"kvm/" MAIL ".sock",
		"kvm/" NONE ".sock",
		"kvm",
	};
	char path[256];

	leftovers_free(&all);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		in_dir(path, names[i]);
		remove(path);
	}
	rmdir(dir);
}

TestSuite(leftover, .init = set_up, .fini = clean_up);

static json_t *status_of(void)
{
	return json_pack("{s:[{s:s, s:s, s:s, s:b, s:{s:b}},"
			 "{s:s, s:s, s:s}, {s:s, s:s, s:s}]}",
			 "consumers", "kind", "domain", "name", "post", "uuid",
			 MAIL, "connected", 1, "domain", "dynamic", 1, "kind",
			 "host", "name", "host", "uuid", "", "kind",
			 "container", "name", "box", "uuid", "");
}

static void gather(const json_t *status)
{
	leftovers_free(&all);
	cr_assert_eq(leftovers_gather(&all, &registry, dir, status), 0);
}

Test(leftover, nothing_is_nothing)
{
	gather(NULL);
	cr_assert_eq(all.count, 0);
	registry.dir = "/nowhere";
	gather(NULL);
	cr_assert_eq(all.count, 0);
	cr_assert_null(leftovers_find(&all, ""));
}

Test(leftover, what_attach_wrote_is_found_by_uuid_and_by_name)
{
	const struct leftover *l;

	put("domain-" WEB ".conf", "# text\n[domain web]\nuuid=" WEB "\n");
	put("domain-x.conf", "[domain x]\n");
	put("other.conf", "[domain other]\n");
	gather(NULL);
	cr_assert_eq(all.count, 1);
	l = leftovers_find(&all, "web");
	cr_assert(l);
	cr_expect_str_eq(l->uuid, WEB);
	cr_expect(strstr(l->drop_in, "/domain-" WEB ".conf"));
	cr_expect_not(l->consumer);
	cr_expect_eq(leftovers_find(&all, "1111111111111111111111111111111A"),
		     l);
	cr_expect_null(leftovers_find(&all, NONE));
}

Test(leftover, what_the_agent_has_is_told_from_what_it_has_not)
{
	json_t *status = status_of();
	const struct leftover *l;

	put_socket("kvm/" MAIL ".sock");
	put_socket("kvm/" NONE ".sock");
	put("kvm/" WEB ".sock", "no socket");
	gather(status);
	cr_assert_eq(all.count, 2);
	l = leftovers_find(&all, "post");
	cr_assert(l);
	cr_expect(l->consumer && l->dynamic && l->connected);
	cr_expect_str_eq(l->socket, "");
	l = leftovers_find(&all, NONE);
	cr_assert(l);
	cr_expect_not(l->consumer);
	cr_expect(strstr(l->socket, "/kvm/" NONE ".sock"));
	json_decref(status);
	gather(NULL);
	cr_expect_eq(all.count, 0,
		     "without the agent no socket is a stale one");
}

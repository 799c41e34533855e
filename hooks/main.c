/*
 * main.c - onerng-qemu-hook: what libvirt runs as a domain comes and goes
 *
 *	onerng-qemu-hook NAME OPERATION SUB-OPERATION EXTRA <domain.xml
 *
 * libvirt waits for it, without a limit: a hook that fails at prepare refuses
 * the domain its start, one that fails at reconnect kills a running domain, and
 * one that calls libvirt waits for itself.  So this one tells the host agent
 * one thing, ends within a second and always with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooks/domxml.h"
#include "hooks/guard.h"
#include "hooks/message.h"

#define PROGRAM	     "onerng-qemu-hook"
#define RUN_DIR	     "/run/onerng"
#define RUN_DIR_ENV  "ONERNG_RUN_DIR"
#define XML_MAX	     16777216 /* bytes */
#define XML_FIRST    65536
#define XML_PIPE_MAX 4194304 /* bytes that a pipe is asked to hold */

/* libvirt shows it if a hook fails, which this one does not. */
static int complain(const char *what, int err)
{
	fprintf(stderr, PROGRAM ": %s%s%s\n", what, err ? ": " : "",
		err ? strerror(-err) : "");
	return EXIT_SUCCESS;
}

/* All of standard input, to be freed; NULL: it is longer, or unreadable. */
static char *read_xml(size_t *len)
{
	size_t size = XML_FIRST, used = 0;
	char *data = malloc(size), *grown;
	ssize_t n;

	while (data) {
		n = read(STDIN_FILENO, data + used, size - used);
		if (n == 0) {
			*len = used;
			return data;
		}
		if (n < 0 && errno != EINTR)
			break;
		used += n < 0 ? 0 : (size_t)n;
		if (used < size)
			continue;
		grown = size < XML_MAX ? realloc(data, size * 2) : NULL;
		if (!grown)
			break;
		data = grown;
		size *= 2;
	}
	free(data);
	return NULL;
}

/*
 * Will it take len bytes at once?  Half of an XML, because the deadline came
 * in between, would be taken for all of it.
 */
static bool takes_whole(int fd, size_t len)
{
	struct stat st;
	int size;

	if (fstat(fd, &st) < 0)
		return false;
	if (!S_ISFIFO(st.st_mode))
		return true;
	size = fcntl(fd, F_GETPIPE_SZ);
	if (size >= 0 && (size_t)size < len && len <= XML_PIPE_MAX)
		size = fcntl(fd, F_SETPIPE_SZ, (int)len);
	return size >= 0 && (size_t)size >= len;
}

/* Puts path where the XML has another one. */
static void print_with(const char *xml, size_t len, const struct domxml *facts,
		       const char *path)
{
	size_t path_len = strlen(path), rest = facts->path_at + facts->path_len;
	size_t new_len = len - facts->path_len + path_len;
	char *new = malloc(new_len);

	if (!new)
		return;
	memcpy(new, xml, facts->path_at);
	memcpy(new + facts->path_at, path, path_len);
	memcpy(new + facts->path_at + path_len, xml + rest, len - rest);
	if (takes_whole(STDOUT_FILENO, new_len) &&
	    write(STDOUT_FILENO, new, new_len) != (ssize_t)new_len)
		complain("standard output", -errno);
	free(new);
}

/*
 * What migrate and restore print goes in place of the XML: it is the domain's
 * own socket on this host, wherever the image comes from.
 */
static void rewrite(const char *xml, size_t len, struct domxml *facts,
		    const char *run_dir)
{
	char path[DOMXML_PATH_MAX];

	if (facts->sockets != 1 ||
	    domxml_socket(path, run_dir, facts->uuid) < 0 ||
	    !strcmp(path, facts->path))
		return;
	print_with(xml, len, facts, path);
	memcpy(facts->path, path, sizeof(path));
}

static bool is_op(const char *op, const char *a, const char *b)
{
	return !strcmp(op, a) || !strcmp(op, b);
}

static int tell(const char *name, const char *op, const struct domxml *facts,
		const char *run_dir)
{
	char text[MESSAGE_MAX], path[DOMXML_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/hook.sock", run_dir);
	int len = message_write(text, op, name, facts);
	int r;

	if (n >= (int)sizeof(path) || len < 0)
		return complain("nothing that can be said", 0);
	/* QEMU is started next: socket and device have to be ready for it */
	r = message_send(path, text, (size_t)len, !strcmp(op, "prepare"));
	if (r == -EPROTO)
		return complain("the host agent refuses what it is told", 0);
	if (r == -EBUSY)
		return complain("the host agent has too many connections", 0);
	return r < 0 ? complain(path, r) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const char *run_dir = getenv(RUN_DIR_ENV);
	struct domxml facts;
	size_t len = 0;
	char *xml;
	int r;

	guard_deadline(EXIT_SUCCESS, NULL);
	guard_standard();
	if (argc < 3)
		return complain("libvirt runs this: see its manual", 0);
	if (!run_dir || *run_dir != '/')
		run_dir = RUN_DIR;
	xml = read_xml(&len);
	if (!xml)
		return complain("no XML on standard input", 0);
	r = domxml_scan(&facts, xml, len, run_dir);
	if (r == 0 && is_op(argv[2], "migrate", "restore"))
		rewrite(xml, len, &facts, run_dir);
	free(xml);
	if (r < 0)
		return complain("what is on standard input is no domain", 0);
	if (facts.policy.senseless)
		complain("the policy in its metadata: what makes no sense is "
			 "left out",
			 0);
	return tell(argv[1], argv[2], &facts, run_dir);
}

/*
 * gpgvcheck - checks of firmware signatures as the host agent makes them
 *
 *	gpgvcheck dump FILE KEYRING [FINGERPRINT...]	a dump, with its header
 *	gpgvcheck cancel FILE KEYRING			starts, and cancels it
 *	gpgvcheck restart FILE KEYRING FINGERPRINT	cancelled by another
 *	gpgvcheck import FILE KEYRING [FINGERPRINT...]	a key into a keyring
 *
 * Without a fingerprint the vendor's are pinned.  Prints one line: a word, the
 * firmware version or -, who signed or -, the number of the hash, the reason.
 * The loop must turn while gpgv runs: a tick every millisecond counts.
 * GPGVCHECK_MS is the deadline.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/firmware.h"
#include "common/gpgv.h"
#include "common/log.h"
#include "ctl/keyring.h"

struct run {
	struct event_base *base;
	struct gpgv_check check;
	struct event chld, tick, late;
	unsigned int ticks, version;
	pid_t awaited; /* of a cancelled check; -1 once it ended */
	struct gpgv_result result;
	unsigned int results;
};

static uint8_t dump[FIRMWARE_DUMP + 1];

static void on_child(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;
	pid_t pid;
	int status;

	(void)fd;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		gpgv_check_reaped(&r->check, pid, status);
		if (pid == r->awaited) {
			r->awaited = -1;
			event_base_loopbreak(r->base);
		}
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	((struct run *)arg)->ticks++;
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct run *)arg)->base);
}

static void on_done(void *owner, const struct gpgv_result *result)
{
	struct run *r = owner;

	r->result = *result;
	r->results++;
	event_base_loopbreak(r->base);
}

static int report(const char *word, const struct run *r, const char *why)
{
	char version[16] = "-";

	if (r->version)
		snprintf(version, sizeof(version), "%u", r->version);
	printf("%s %s %s %u %s\n", word, version,
	       r->result.signer[0] ? r->result.signer : "-", r->result.hash,
	       why);
	return strcmp(word, "good") != 0;
}

static int read_file(const char *path, uint8_t *buf, size_t size, size_t *len)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		fprintf(stderr, "gpgvcheck: %s: %s\n", path, strerror(errno));
		return -1;
	}
	*len = fread(buf, 1, size, file);
	fclose(file);
	return 0;
}

static int set_up(struct run *r)
{
	const struct timeval ms = { 0, 1000 };

	r->base = event_base_new();
	if (!r->base)
		return -1;
	gpgv_check_init(&r->check, r->base, on_done, r);
	evsignal_assign(&r->chld, r->base, SIGCHLD, on_child, r);
	event_assign(&r->tick, r->base, -1, EV_PERSIST, on_tick, r);
	event_assign(&r->late, r->base, -1, 0, on_late, r);
	return event_add(&r->chld, NULL) < 0 || event_add(&r->tick, &ms) < 0
		       ? -1
		       : 0;
}

static void tear_down(struct run *r)
{
	event_del(&r->chld);
	event_del(&r->tick);
	event_del(&r->late);
	event_base_free(r->base);
}

/* The child of a cancelled check must end, and nobody be told. */
static int cancel(struct run *r)
{
	const struct timeval limit = { 20, 0 };

	r->awaited = r->check.pid;
	gpgv_check_cancel(&r->check);
	gpgv_check_cancel(&r->check);
	event_add(&r->late, &limit);
	event_base_dispatch(r->base);
	if (r->results)
		return report("told", r, "a cancelled check had a result");
	if (r->awaited != -1)
		return report("left", r, "a cancelled check left a child");
	return report("good", r, "cancelled");
}

static int check(struct run *r, const char *verb, const struct gpgv_job *job)
{
	const char *word;
	int status;

	if (set_up(r) < 0)
		return report("error", r, "no event loop");
	gpgv_check_start(&r->check, job);
	if (r->results)
		return report("early", r, "told before the loop ran");
	if (strcmp(verb, "cancel") == 0) {
		status = cancel(r);
		tear_down(r);
		return status;
	}
	if (strcmp(verb, "restart") == 0)
		gpgv_check_start(&r->check, job);
	event_base_dispatch(r->base);
	word = gpgv_verdict_name(r->result.verdict);
	if (r->results != 1)
		word = "error";
	fprintf(stderr, "gpgvcheck: %u ticks\n", r->ticks);
	status = report(word, r, r->result.why);
	tear_down(r);
	return status;
}

static int check_dump(const char *verb, const char *path, const char *keyring,
		      const struct pin_set *pins)
{
	const char *ms = getenv("GPGVCHECK_MS");
	struct gpgv_job job = { .keyring = keyring, .pins = pins };
	struct run r = { .version = 0 };
	struct firmware_dump d;
	enum firmware_fault fault;
	size_t len;

	if (ms)
		job.deadline_ms = (unsigned int)atoi(ms);
	if (read_file(path, dump, sizeof(dump), &len) < 0)
		return 2;
	fault = firmware_read_dump(dump, len, &d);
	if (!fault) {
		r.version = d.version;
		fault = firmware_split(d.image, FIRMWARE_IMAGE, d.version,
				       &job.parts);
	}
	if (fault)
		return report(firmware_fault_name(fault), &r,
			      firmware_fault_text(fault));
	return check(&r, verb, &job);
}

static int import(const char *file, const char *keyring,
		  const struct pin_set *pins)
{
	char why[KEYRING_WHY_MAX];
	struct openpgp_key key;
	int r = keyring_import(file, pins, keyring, &key, why);

	printf("%s - %s %zu %s\n", r < 0 ? "refused" : "good",
	       key.primary[0] ? key.primary : "-", key.subkeys,
	       r < 0 ? why : "imported");
	return r < 0;
}

int main(int argc, char *argv[])
{
	struct pin_set pins = { .count = 0 };
	int i;

	if (argc < 4) {
		fprintf(stderr, "usage: gpgvcheck dump|cancel|restart|import "
				"FILE KEYRING [FINGERPRINT...]\n");
		return 2;
	}
	log_init("gpgvcheck", LOG_LEVEL_INFO);
	if (argc == 4)
		pin_add_vendor(&pins);
	for (i = 4; i < argc; i++)
		if (pin_add(&pins, argv[i]) < 0) {
			fprintf(stderr, "gpgvcheck: %s: no fingerprint\n",
				argv[i]);
			return 2;
		}
	if (strcmp(argv[1], "import") == 0)
		return import(argv[2], argv[3], &pins);
	return check_dump(argv[1], argv[2], argv[3], &pins);
}

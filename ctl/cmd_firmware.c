#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "common/firmware.h"
#include "common/gpgv.h"
#include "common/hex.h"
#include "common/pin.h"
#include "ctl/command.h"
#include "ctl/keyring.h"

#define SHA256_BYTES 32
#define KEYRING	     ONERNG_SYSCONFDIR "/onerng/firmware-keyring.gpg"

struct firmware_call {
	struct command_call call;
	const char *keyring; /* NULL: KEYRING */
	const char *device;  /* NULL: the only one */
	struct pin_set pins; /* empty: the vendor's */
};

static OPT_TEXT(set_keyring, struct firmware_call, keyring);

static int set_key(void *ctx, const char *value, const char **why)
{
	*why = "not a fingerprint of 40 hex digits, or more than 16";
	return pin_add(&((struct firmware_call *)ctx)->pins, value);
}

static const struct opt key_options[] = {
	{ "keyring", 0, "PATH", "the agent's keyring (" KEYRING ")",
	  set_keyring },
	{ "key", 0, "FINGERPRINT",
	  "trust this key instead of the vendor's; may repeat", set_key },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static void print_json_new(json_t *o)
{
	command_print_json(o);
	json_decref(o);
}

static void set_defaults(struct firmware_call *c)
{
	if (!c->keyring)
		c->keyring = KEYRING;
	if (!c->pins.count)
		pin_add_vendor(&c->pins);
}

static int run_import(void *ctx)
{
	struct firmware_call *c = ctx;
	char why[KEYRING_WHY_MAX];
	struct openpgp_key key;

	set_defaults(c);
	if (keyring_import(c->call.operand, &c->pins, c->keyring, &key, why) <
	    0)
		return command_complain(&c->call, NULL, why);
	if (c->call.json)
		print_json_new(json_pack("{s:s, s:s}", "keyring", c->keyring,
					 "key", key.primary));
	else
		printf("%s: key %s imported; systemctl reload onerng-hostd "
		       "makes the agent use it\n",
		       c->keyring, key.primary);
	return command_flush(&c->call);
}

/* One check of a signature, in a loop of its own. */
struct verify {
	struct event_base *base;
	struct gpgv_check check;
	struct event chld;
	struct gpgv_result result;
};

static void verify_on_child(evutil_socket_t fd, short what, void *arg)
{
	struct verify *v = arg;
	int status;
	pid_t pid;

	(void)fd;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		gpgv_check_reaped(&v->check, pid, status);
}

static void verify_done(void *owner, const struct gpgv_result *result)
{
	struct verify *v = owner;

	v->result = *result;
	event_base_loopbreak(v->base);
}

/* 0 with v->result, or -errno. */
static int verify_run(struct verify *v, const struct gpgv_job *job)
{
	v->base = event_base_new();
	if (!v->base)
		return -ENOMEM;
	gpgv_check_init(&v->check, v->base, verify_done, v);
	evsignal_assign(&v->chld, v->base, SIGCHLD, verify_on_child, v);
	if (event_add(&v->chld, NULL) < 0) {
		event_base_free(v->base);
		return -ENOMEM;
	}
	v->result.verdict = GPGV_VERDICTS;
	gpgv_check_start(&v->check, job);
	event_base_dispatch(v->base);
	event_del(&v->chld);
	event_base_free(v->base);
	return v->result.verdict == GPGV_VERDICTS ? -EIO : 0;
}

static int verify_report(const struct firmware_call *c,
			 const struct firmware_dump *d,
			 const struct gpgv_result *r)
{
	bool good = r->verdict == GPGV_GOOD;
	uint8_t hash[SHA256_BYTES];
	char sha256[2 * SHA256_BYTES + 1];

	if (!EVP_Digest(d->image, FIRMWARE_IMAGE, hash, NULL, EVP_sha256(),
			NULL))
		return command_complain(&c->call, c->call.operand,
					"cannot hash");
	hex_encode(sha256, hash, sizeof(hash));
	if (c->call.json)
		print_json_new(json_pack(
			"{s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:i}", "firmware",
			(int)d->version, "sha256", sha256, "verdict",
			gpgv_verdict_name(r->verdict), "verified", (int)good,
			"detail", r->why, "key", r->primary, "signer",
			r->signer, "hash", (int)r->hash));
	else if (good)
		printf("%s: firmware %u, image sha256 %s\n"
		       "%s: signature verified: key %s\n",
		       c->call.operand, d->version, sha256, c->call.operand,
		       r->signer);
	if (!good)
		return command_complain(&c->call, c->call.operand, r->why);
	return command_flush(&c->call);
}

/* One byte more than a dump has, to see a longer file. */
static int read_dump(const char *path, uint8_t buf[static FIRMWARE_DUMP + 1],
		     size_t *len)
{
	FILE *file = fopen(path, "re");
	int r = 0;

	if (!file)
		return -errno;
	errno = 0;
	*len = fread(buf, 1, FIRMWARE_DUMP + 1, file);
	if (ferror(file))
		r = errno ? -errno : -EIO;
	fclose(file);
	return r;
}

static int verify_dump(const struct firmware_call *c, const uint8_t *dump,
		       size_t len)
{
	struct gpgv_job job = { .keyring = c->keyring, .pins = &c->pins };
	struct verify v = { .base = NULL };
	enum firmware_fault fault;
	struct firmware_dump d;
	int r;

	fault = firmware_read_dump(dump, len, &d);
	if (!fault)
		fault = firmware_split(d.image, FIRMWARE_IMAGE, d.version,
				       &job.parts);
	if (fault)
		return command_complain(&c->call, c->call.operand,
					firmware_fault_text(fault));
	r = verify_run(&v, &job);
	if (r < 0)
		return command_complain(&c->call, c->call.operand,
					strerror(-r));
	return verify_report(c, &d, &v.result);
}

static int run_verify(void *ctx)
{
	struct firmware_call *c = ctx;
	uint8_t *dump = malloc(FIRMWARE_DUMP + 1);
	size_t len = 0;
	int r;

	set_defaults(c);
	if (!dump)
		return command_complain(&c->call, c->call.operand,
					strerror(ENOMEM));
	r = read_dump(c->call.operand, dump, &len);
	r = r < 0 ? command_complain(&c->call, c->call.operand, strerror(-r))
		  : verify_dump(c, dump, len);
	free(dump);
	return r;
}

static int number(const json_t *o, const char *key)
{
	return (int)json_integer_value(json_object_get(o, key));
}

/* The dump that the device sent, in dump. */
static int make_dump(const json_t *reply, uint8_t dump[static FIRMWARE_DUMP])
{
	int version = number(reply, "firmware");
	int text_size = number(reply, "text_size");
	const char *image;

	if (version < 1 || version > FIRMWARE_VERSION_MAX || text_size < 0 ||
	    text_size > UINT16_MAX)
		return -EPROTO;
	firmware_make_header(dump, (unsigned int)version,
			     (unsigned int)text_size);
	image = json_string_value(json_object_get(reply, "image"));
	if (!image ||
	    hex_decode(dump + FIRMWARE_HEADER, FIRMWARE_IMAGE, image) < 0)
		return -EPROTO;
	return 0;
}

/* Never over another file: it may be evidence. */
static int write_new(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0)
		return -errno;
	while (len && r == 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			r = -errno;
		data += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	if (r == 0 && fsync(fd) < 0 && errno != EINVAL)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		unlink(path);
	return r;
}

static int dump_write(const struct firmware_call *c, json_t *reply)
{
	uint8_t *dump = malloc(FIRMWARE_DUMP);
	int r = dump ? make_dump(reply, dump) : -ENOMEM;

	if (r == 0)
		r = write_new(c->call.operand, dump, FIRMWARE_DUMP);
	free(dump);
	if (r < 0)
		return command_complain(
			&c->call, c->call.operand,
			r == -EPROTO ? "the agent's reply is not "
				       "understood: is it of another "
				       "version?"
				     : strerror(-r));
	if (c->call.json) {
		json_object_del(reply, "image");
		command_print_json(reply);
	} else {
		printf("%s: firmware %d of %s, image sha256 %s\n",
		       c->call.operand, number(reply, "firmware"),
		       json_string_value(json_object_get(reply, "name")),
		       json_string_value(json_object_get(reply, "sha256")));
	}
	return command_flush(&c->call);
}

static OPT_TEXT(set_device, struct firmware_call, device);

static const struct opt dump_options[] = {
	{ "device", 0, "NAME", "which device, by name or port", set_device },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int run_dump(void *ctx)
{
	const struct firmware_call *c = ctx;
	json_t *request = json_pack("{s:s, s:s*}", "cmd", "firmware-dump",
				    "device", c->device);
	json_t *reply = command_request(&c->call, request);
	int r = EXIT_FAILURE;

	json_decref(request);
	if (reply)
		r = dump_write(c, reply);
	json_decref(reply);
	return r;
}

const struct command command_firmware_import = {
	.words = { "firmware", "import-key" },
	.options = key_options,
	.usage = PROGRAM " firmware import-key [OPTIONS] FILE",
	.help = "the vendor's public key, into the agent's keyring",
	.call_size = sizeof(struct firmware_call),
	.run = run_import,
	.operand = "FILE",
};

const struct command command_firmware_verify = {
	.words = { "firmware", "verify" },
	.options = key_options,
	.usage = PROGRAM " firmware verify [OPTIONS] FILE",
	.help = "the signature of a dump",
	.call_size = sizeof(struct firmware_call),
	.run = run_verify,
	.operand = "FILE",
};

const struct command command_firmware_dump = {
	.words = { "firmware", "dump" },
	.options = dump_options,
	.usage = PROGRAM " firmware dump [--device NAME] FILE",
	.help = "a device's firmware image, into a new file (root)",
	.call_size = sizeof(struct firmware_call),
	.run = run_dump,
	.operand = "FILE",
};

#include "host-agent/device_firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sealed.h"

static const char *const policies[FIRMWARE_POLICIES] = {
	[FIRMWARE_REQUIRE] = "require",
	[FIRMWARE_WARN] = "warn",
	[FIRMWARE_OFF] = "off",
};

const char *firmware_policy_name(enum firmware_policy policy)
{
	return policies[policy];
}

int firmware_policy_parse(const char *name)
{
	for (int i = 0; i < FIRMWARE_POLICIES; i++)
		if (!strcmp(policies[i], name))
			return i;
	return -EINVAL;
}

static void firmware_conclude(struct device_firmware *f, const char *verdict,
			      const char *why)
{
	f->verdict = verdict;
	snprintf(f->why, sizeof(f->why), "%s", why);
	f->state = f->conf.policy == FIRMWARE_REQUIRE
			   ? DEVICE_FIRMWARE_REFUSED
			   : DEVICE_FIRMWARE_UNVERIFIED;
	f->done(f->owner);
}

/* True if the result is none, and gpgv will be asked once more. */
static bool firmware_waits(struct device_firmware *f,
			   const struct gpgv_result *r)
{
	struct timeval tv = { DEVICE_FIRMWARE_AGAIN_S << f->tries, 0 };

	if (r->verdict != GPGV_TIMEOUT && r->verdict != GPGV_KILLED)
		return false;
	if (++f->tries >= DEVICE_FIRMWARE_TRIES)
		return false;
	log_warn("firmware signature: %s: tried again in %d s", r->why,
		 (int)tv.tv_sec);
	return event_add(&f->again_ev, &tv) == 0;
}

static void firmware_judged(void *owner, const struct gpgv_result *r)
{
	struct device_firmware *f = owner;

	if (firmware_waits(f, r))
		return;
	f->said = *r;
	if (r->verdict != GPGV_GOOD) {
		firmware_conclude(f, gpgv_verdict_name(r->verdict), r->why);
		return;
	}
	f->state = DEVICE_FIRMWARE_GOOD;
	f->verdict = gpgv_verdict_name(GPGV_GOOD);
	snprintf(f->why, sizeof(f->why), "signature verified: key %s",
		 r->signer);
	f->done(f->owner);
}

/* gpgv gets a copy of its own of the parts: the map may go at once. */
static void firmware_ask(struct device_firmware *f)
{
	struct gpgv_job job = { .keyring = f->conf.keyring,
				.pins = &f->conf.pins };
	enum firmware_fault fault;
	const uint8_t *image;
	int r = sealed_map(f->fd, FIRMWARE_IMAGE, &image);

	if (r < 0) {
		firmware_conclude(f, "image-unreadable", strerror(-r));
		return;
	}
	fault = firmware_split(image, FIRMWARE_IMAGE, f->version, &job.parts);
	if (fault)
		firmware_conclude(f, firmware_fault_name(fault),
				  firmware_fault_text(fault));
	else
		gpgv_check_start(&f->check, &job);
	sealed_unmap(image, FIRMWARE_IMAGE);
}

static void firmware_on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	firmware_ask(arg);
}

void device_firmware_init(struct device_firmware *f, struct event_base *base,
			  void (*done)(void *owner), void *owner)
{
	memset(f, 0, sizeof(*f));
	f->fd = -1;
	f->verdict = "none";
	f->done = done;
	f->owner = owner;
	gpgv_check_init(&f->check, base, firmware_judged, f);
	event_assign(&f->again_ev, base, -1, 0, firmware_on_again, f);
}

static void firmware_reset(struct device_firmware *f)
{
	gpgv_check_cancel(&f->check);
	event_del(&f->again_ev);
	f->tries = 0;
	f->state = DEVICE_FIRMWARE_NONE;
	f->verdict = "none";
	f->why[0] = '\0';
	memset(&f->said, 0, sizeof(f->said));
}

void device_firmware_forget(struct device_firmware *f)
{
	firmware_reset(f);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	memset(f->sha256, 0, sizeof(f->sha256));
}

void device_firmware_again(struct device_firmware *f,
			   const struct firmware_conf *conf)
{
	firmware_reset(f);
	f->conf = *conf;
	if (conf->policy == FIRMWARE_OFF) {
		f->state = DEVICE_FIRMWARE_UNCHECKED;
		f->verdict = "unchecked";
		snprintf(f->why, sizeof(f->why), "firmware = off");
		f->done(f->owner);
		return;
	}
	f->state = DEVICE_FIRMWARE_CHECKING;
	f->verdict = "checking";
	firmware_ask(f);
}

/* The reader is not believed: what is shown was hashed here. */
static int firmware_hash(struct device_firmware *f)
{
	const uint8_t *image;
	int r = sealed_map(f->fd, FIRMWARE_IMAGE, &image);

	if (r < 0)
		return r;
	if (!EVP_Digest(image, FIRMWARE_IMAGE, f->sha256, NULL, EVP_sha256(),
			NULL))
		r = -EIO;
	sealed_unmap(image, FIRMWARE_IMAGE);
	return r;
}

void device_firmware_check(struct device_firmware *f, const struct rawmsg *m,
			   const struct firmware_conf *conf)
{
	int r;

	device_firmware_forget(f);
	f->conf = *conf;
	f->version = m->u.ident.firmware;
	f->text_size = m->u.ident.text_size;
	f->fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
	r = f->fd < 0 ? -errno : firmware_hash(f);
	if (r < 0) {
		/* whatever the policy: a reader of ours seals what it sends */
		f->conf.policy = FIRMWARE_REQUIRE;
		firmware_conclude(f, "image-unreadable", strerror(-r));
		return;
	}
	device_firmware_again(f, conf);
}

static bool same(const struct firmware_conf *a, const struct firmware_conf *b)
{
	return a->policy == b->policy && !strcmp(a->keyring, b->keyring) &&
	       pin_same(&a->pins, &b->pins);
}

bool device_firmware_outdated(const struct device_firmware *f,
			      const struct firmware_conf *conf)
{
	if (f->fd < 0)
		return false;
	if (!same(&f->conf, conf))
		return true;
	/* the keyring may have changed, or gpgv have been installed */
	return f->state == DEVICE_FIRMWARE_UNVERIFIED;
}

bool device_firmware_passed(const struct device_firmware *f)
{
	return f->state == DEVICE_FIRMWARE_GOOD ||
	       f->state == DEVICE_FIRMWARE_UNVERIFIED ||
	       f->state == DEVICE_FIRMWARE_UNCHECKED;
}

bool device_firmware_reaped(struct device_firmware *f, pid_t pid, int status)
{
	return gpgv_check_reaped(&f->check, pid, status);
}

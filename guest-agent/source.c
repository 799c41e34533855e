#include "guest-agent/source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct source_driver *const drivers[] = {
	&source_hwrng,
	&source_egd,
	&source_tty,
	&source_file,
};

int source_init(struct source *s, const char *spec, const char **why)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : 0;

	*s = (struct source){ .fd = -1 };
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strlen(drivers[i]->scheme) == len &&
		    !strncmp(drivers[i]->scheme, spec, len))
			s->drv = drivers[i];
	}
	if (!s->drv) {
		*why = "must be hwrng:PATH, egd:PATH, tty:PATH or file:PATH";
		return -EINVAL;
	}
	if (colon[1] != '/') {
		*why = "the path must be absolute";
		return -EINVAL;
	}
	s->path = colon + 1;
	return 0;
}

int source_fail(struct source *s, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return err;
}

int source_open(struct source *s)
{
	int r;

	s->owed = 0;
	s->why[0] = '\0';
	r = s->drv->open(s);
	if (r)
		source_close(s);
	return r;
}

int source_want(struct source *s, size_t n)
{
	ssize_t asked;

	if (!n) {
		if (s->drv->pause)
			s->drv->pause(s);
		return 0;
	}
	/*
	 * What came unasked is part of what is asked for next, and the other
	 * end will not send it again: without more behind it nothing comes.
	 */
	while (s->owed <= 0) {
		asked = s->drv->ask(s, n + (size_t)-s->owed);
		if (asked < 0)
			return (int)asked;
		s->owed += asked;
	}
	return 0;
}

ssize_t source_read(struct source *s, uint8_t *buf, size_t n)
{
	ssize_t got = s->drv->read(s, buf, n);

	if (got > 0)
		s->owed -= got;
	if (s->owed < -SOURCE_AHEAD_MAX)
		s->owed = -SOURCE_AHEAD_MAX;
	return got;
}

ssize_t source_read_fd(struct source *s, uint8_t *buf, size_t n, int at_end,
		       const char *why)
{
	ssize_t got = read(s->fd, buf, n);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return -EAGAIN;
	if (got < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	if (!got)
		return source_fail(s, at_end, "%s", why);
	return got;
}

void source_close(struct source *s)
{
	if (s->drv->close)
		s->drv->close(s);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->owed = 0;
}

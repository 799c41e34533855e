/*
 * source.h - where the guest agent's bytes come from
 *
 * One struct source per agent.  Reading never blocks: the agent asks for
 * bytes, polls fd, reads, and itself decides when a source has been silent for
 * too long.  Every error leaves a reason in why; the source is then closed and
 * opened again later.
 */
#ifndef GUEST_SOURCE_H
#define GUEST_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SOURCE_WHY_MAX	 160
#define SOURCE_STUCK_MAX 4
#define SOURCE_AHEAD_MAX 4096 /* more than that, unasked, is forgotten */

struct source;

struct source_driver {
	const char *scheme;
	/* Sets fd; 0 or -errno. */
	int (*open)(struct source *s);
	/* Asks for up to n bytes; how many were asked for, or -errno. */
	ssize_t (*ask)(struct source *s, size_t n);
	/* 1..n bytes, -EAGAIN, or -errno (-ENODATA: it ended). */
	ssize_t (*read)(struct source *s, uint8_t *buf, size_t n);
	/* No bytes are wanted for a while; may be NULL. */
	void (*pause)(struct source *s);
	/* Closes all but fd; may be NULL. */
	void (*close)(struct source *s);
};

extern const struct source_driver source_hwrng, source_egd, source_tty,
	source_file;

struct source {
	const struct source_driver *drv;
	const char *path;
	int fd; /* wait for POLLIN; -1 when closed */
	/* Asked for and not read yet; below 0, read before it was asked for. */
	ssize_t owed;
	char why[SOURCE_WHY_MAX];
	/* hwrng: the reading child, and killed ones that have not ended */
	pid_t child;
	pid_t stuck[SOURCE_STUCK_MAX];
};

/*
 * SCHEME:PATH; spec must outlive the source.  0, or -EINVAL with *why static
 * text.
 */
int source_init(struct source *s, const char *spec, const char **why);

/* 0 or -errno. */
int source_open(struct source *s);

/* n bytes are wanted from now on, 0 for none.  0 or -errno. */
int source_want(struct source *s, size_t n);

/* As source_driver.read; buf must be secmem. */
ssize_t source_read(struct source *s, uint8_t *buf, size_t n);

/* Closing a closed source is fine. */
void source_close(struct source *s);

/*
 * What fd has, for a driver whose source is no more than that; at its end,
 * at_end is the error and why the reason.  As source_driver.read.
 */
ssize_t source_read_fd(struct source *s, uint8_t *buf, size_t n, int at_end,
		       const char *why);

/* Writes the reason down; returns err. */
int source_fail(struct source *s, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* GUEST_SOURCE_H */

/*
 * log.h - four levels to standard error
 *
 * "subject: what happened: why", one line.  Under systemd (JOURNAL_STREAM) a
 * line starts with its syslog priority as <N>, else with the program's name.
 * errno is kept.  Never a byte of entropy, at any level.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERR,	/* the operator must act */
	LOG_LEVEL_WARN, /* something was refused */
	LOG_LEVEL_INFO, /* a state changed */
	LOG_LEVEL_DEBUG,
};

/* program must outlive the process; it is not copied. */
void log_init(const char *program, enum log_level level);
void log_set_level(enum log_level level);

/* "err", "warn", "info" or "debug"; parsing: its level, -EINVAL for others. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Makes text from outside printable: anything but 0x20..0x7e, and '\\',
 * becomes \xNN; cut with "..." to fit size (>= 8).  Returns out.
 */
const char *log_escape(char *out, size_t size, const void *text, size_t len);

#endif /* COMMON_LOG_H */

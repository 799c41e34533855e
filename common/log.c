#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024 /* with the newline */

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERR] = { "err", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

static struct {
	const char *program;
	enum log_level level;
	int journal;
} state = { .program = "onerng", .level = LOG_LEVEL_INFO };

/*
 * systemd.exec(5): JOURNAL_STREAM is DEVICE:INODE of the stream; a child whose
 * standard error was redirected since inherits the variable, not the stream.
 */
static int stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char end;

	return stream && sscanf(stream, "%llu:%llu%c", &dev, &ino, &end) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

void log_init(const char *program, enum log_level level)
{
	state.program = program;
	state.level = level;
	state.journal = stderr_is_journal();
}

void log_set_level(enum log_level level)
{
	state.level = level;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(name, levels[i].name) == 0)
			return (int)i;
	return -EINVAL;
}

/* One message is one line: what would break it becomes a blank. */
static void flatten(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
}

/* What snprintf() put into size bytes, given what it would have put. */
static size_t printed(int n, size_t size)
{
	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

__attribute__((format(printf, 2, 0))) static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	size_t len, room;
	int saved = errno, n;

	if (level > state.level)
		return;
	if (state.journal)
		n = snprintf(line, sizeof(line), "<%d>",
			     levels[level].priority);
	else
		n = snprintf(line, sizeof(line), "%s: ", state.program);
	len = printed(n, sizeof(line));
	room = sizeof(line) - len;
	errno = saved; /* for %m */
	n = vsnprintf(line + len, room, fmt, ap);
	len += printed(n, room);
	if (n >= 0 && (size_t)n >= room)
		memcpy(line + sizeof(line) - 4, "...", 3);
	flatten(line, len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0) {
		/* a log that cannot be written has nobody left to be told */
	}
	errno = saved;
}

#define LOG_FUNCTION(name, level)         \
	void name(const char *fmt, ...)   \
	{                                 \
		va_list ap;               \
                                          \
		va_start(ap, fmt);        \
		log_line(level, fmt, ap); \
		va_end(ap);               \
	}

LOG_FUNCTION(log_err, LOG_LEVEL_ERR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

/* Writes the printable form of byte, at most 4 characters and a NUL. */
static size_t escape_byte(char out[5], uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";

	if (byte >= 0x20 && byte <= 0x7e && byte != '\\') {
		out[0] = (char)byte;
		out[1] = '\0';
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[byte >> 4];
	out[3] = hex[byte & 15];
	out[4] = '\0';
	return 4;
}

const char *log_escape(char *out, size_t size, const void *text, size_t len)
{
	const uint8_t *in = text;
	size_t used = 0, fits = 0;
	char piece[5];

	/* fits: how much may stay if "..." has to follow. */
	for (size_t i = 0; i < len; i++) {
		size_t n = escape_byte(piece, in[i]);

		if (used + n >= size) {
			memcpy(out + fits, "...", 4);
			return out;
		}
		memcpy(out + used, piece, n);
		used += n;
		if (used + 4 <= size)
			fits = used;
	}
	out[used] = '\0';
	return out;
}

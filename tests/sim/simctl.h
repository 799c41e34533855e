/*
 * simctl.h - the control socket of a running simulator
 *
 * A connection carries one line each way and is closed.  The answer is "ok",
 * "error REASON" or, to "status", one line of JSON.
 */
#ifndef TESTS_SIM_SIMCTL_H
#define TESTS_SIM_SIMCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

#define SIMCTL_LINE_MAX	  4300 /* a noise specification fits */
#define SIMCTL_ANSWER_MAX 16384

/* What a front end does for the control socket; device counts from 0. */
struct simctl_ops {
	struct model *(*model)(void *ctx, unsigned int device);
	bool (*plugged)(void *ctx, unsigned int device);
	/* 0, -EALREADY or another errno.  Plugging in is a power cycle. */
	int (*plug)(void *ctx, unsigned int device);
	int (*unplug)(void *ctx, unsigned int device);
	void (*plug_later)(void *ctx, unsigned int device, unsigned int ms);
	void (*quit)(void *ctx);
	unsigned int devices;
};

/* Carries out one line (no newline), writes the answer with a newline. */
void simctl_handle(const struct simctl_ops *ops, void *ctx, uint64_t now_us,
		   char *line, char answer[static SIMCTL_ANSWER_MAX]);

/* A listening descriptor, or -errno.  An old socket at path is replaced. */
int simctl_listen(const char *path);

/*
 * Reads the line of the next connection of a listening descriptor, waiting
 * for it 100 ms at most.  The connection to answer on, or -errno.
 */
int simctl_accept(int listener, char line[static SIMCTL_LINE_MAX]);

/* Sends the answer and closes. */
void simctl_answer(int connection, const char *answer);

/*
 * One command to the simulator at path: prints its answer.  The exit status:
 * 0, or 1 for an error.
 */
int simctl_call(const char *path, int argc, char *argv[]);

#endif /* TESTS_SIM_SIMCTL_H */

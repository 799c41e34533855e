/*
 * options.h - the command line of onerng-guestd
 */
#ifndef GUEST_OPTIONS_H
#define GUEST_OPTIONS_H

#include <stdbool.h>

#include "common/log.h"

#define OPTIONS_STATUS_FILE "/run/onerng-guestd.json"

struct options {
	const char *source;	 /* SCHEME:PATH, checked */
	const char *expect_rng;	 /* NULL: any */
	const char *status_file; /* NULL: none */
	unsigned int interval_s;
	unsigned int bytes;	  /* of one feed */
	unsigned int credit_bits; /* for one feed */
	unsigned int ready_timeout_s;
	unsigned int deadline_s; /* of a source's silence */
	unsigned int require_s;	 /* to be admitted; 0: not asked for */
	enum log_level level;
	bool bytes_given;
	bool credit_given;
	bool status_file_given;
	bool once;
	bool no_feed;
	bool sandbox;	/* the feeder's; false: off */
	bool verify;	/* once, without feeding, and report */
	bool feed_host; /* also from a container */
	bool status;	/* show the status file and end */
	bool json;
	bool ended; /* --help or --version has been answered */
};

/* 0, or -EINVAL after saying on standard error what is wrong. */
int options_parse(struct options *o, int argc, char *argv[]);

#endif /* GUEST_OPTIONS_H */

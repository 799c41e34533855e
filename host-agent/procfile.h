/*
 * procfile.h - a file of /proc/PID
 */
#ifndef HOST_AGENT_PROCFILE_H
#define HOST_AGENT_PROCFILE_H

#include <stddef.h>
#include <sys/types.h>

/* As much as there is, at most size, not terminated; -1: nothing. */
ssize_t procfile_read(pid_t pid, const char *file, char *out, size_t size);

#endif /* HOST_AGENT_PROCFILE_H */

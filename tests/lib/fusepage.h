/*
 * fusepage.h - a page of memory that never comes: of a file whose file system
 * (FUSE) answers everything but that
 *
 * Whoever copies to it waits, for as long as a process has the file system.
 */
#ifndef TESTS_LIB_FUSEPAGE_H
#define TESTS_LIB_FUSEPAGE_H

#include <signal.h>

#define FUSEPAGE_SIZE 4096

/*
 * Mounts it on folder, in a namespace of this process.  A descriptor, or -1:
 * there is no FUSE.
 */
int fusepage_mount(const char *folder);

/*
 * Answers until somebody waits for the page: 0.  -1: it is gone, or *let_go was
 * set.
 */
int fusepage_serve(int fd, const volatile sig_atomic_t *let_go);

/* The page, in a process that does not serve it; ends that if it cannot. */
void *fusepage_map(const char *folder);

#endif /* TESTS_LIB_FUSEPAGE_H */

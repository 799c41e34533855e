/*
 * standard.h - standard input, output and error that may be closed
 */
#ifndef COMMON_STANDARD_H
#define COMMON_STANDARD_H

/*
 * Where one of them is closed it becomes /dev/null, for reading alone: to write
 * there is an error as before, and no file of ours gets what is said.  As the
 * first thing of a process.
 */
void standard_hold(void);

#endif /* COMMON_STANDARD_H */

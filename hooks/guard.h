/*
 * guard.h - what a hook sees to before it does anything
 *
 * Whoever starts one waits for it without a limit, and gives it any state.
 */
#ifndef HOOKS_GUARD_H
#define HOOKS_GUARD_H

#define GUARD_US 900000 /* a hook ends within a second */

/*
 * In GUARD_US the process ends with status, whatever it does then; also where
 * the one that started it blocks or ignores the signal.  said goes to standard
 * error before, if somebody reads it; NULL: nothing.  From then on no write
 * ends the process by a signal, and its children can be waited for.  May be
 * called again, which gives no more time.
 */
void guard_deadline(int status, const char *said);

/* Descriptors 0 to 2 are what they are taken for, or nothing. */
void guard_standard(void);

#endif /* HOOKS_GUARD_H */

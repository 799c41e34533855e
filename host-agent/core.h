/*
 * core.h - the loop that joins the stages
 *
 *   devices ──samples──▶ samplers ──▶ pool ──▶ scheduler ──▶ publisher
 *
 * One thread; nothing but reader processes blocks.
 */
#ifndef HOST_AGENT_CORE_H
#define HOST_AGENT_CORE_H

#define CORE_STOP_MS 700 /* readers have so long to give devices back */

struct core;
struct hostconf;
struct restart;

/*
 * Everything listens on return.  conf is taken over, also on failure; path is
 * where it came from and is read again on SIGHUP; log_level >= 0 goes before
 * its log_level.  NULL: the reason was logged.
 */
struct core *core_new(struct hostconf *conf, const char *path, int log_level);

/* On SIGUSR2 the program at r's path takes over; r must outlive the core. */
void core_set_restart(struct core *c, const struct restart *r);

/*
 * Gives up rights, for good, as the configuration has it.  0, or -errno after
 * logging why it has no effect.
 */
int core_lock_down(struct core *c);

/* Until SIGTERM or SIGINT.  0 or -errno. */
int core_run(struct core *c);

/* Kills what still runs, removes the sockets, wipes; NULL is fine. */
void core_free(struct core *c);

#endif /* HOST_AGENT_CORE_H */

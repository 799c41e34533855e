/*
 * sandbox_roles.h - which system calls each role of onerng-hostd may make
 *
 * Called once a role has what it needs open and before it looks at anything
 * that comes from outside.  A filter outlives execve(2), so the core's holds
 * what its children need besides; these lock themselves in again at once.
 * Derived by strace(1) of all roles at work, and kept honest by the integration
 * suite, which runs with sandbox = kill.
 */
#ifndef HOST_AGENT_SANDBOX_ROLES_H
#define HOST_AGENT_SANDBOX_ROLES_H

#include "common/sandbox.h"

/* Each as sandbox_enter(). */
int sandbox_core(enum sandbox_mode mode);
int sandbox_reader(enum sandbox_mode mode);
int sandbox_watcher(enum sandbox_mode mode);
int sandbox_hwrng(enum sandbox_mode mode);
int sandbox_terminal(enum sandbox_mode mode);

/* As sandbox_id(), of the core's. */
uint64_t sandbox_core_id(void);

/* Lists that more than one role has. */
extern const struct sandbox_rule sandbox_base[];    /* any process of ours */
extern const struct sandbox_rule sandbox_threads[]; /* and processes */
extern const struct sandbox_rule sandbox_usb[];	    /* libusb and libudev */
extern const struct sandbox_rule sandbox_usbfs[];   /* a device that is open */
extern const struct sandbox_rule sandbox_masters[]; /* of terminals */
extern const struct sandbox_rule sandbox_no_code[]; /* maps nothing to run */
extern const struct sandbox_rule sandbox_stdio[];   /* what libc asks of it */

#endif /* HOST_AGENT_SANDBOX_ROLES_H */

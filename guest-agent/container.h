/*
 * container.h - is this a container, whose kernel is the host's?
 *
 * There is nothing to feed inside one: the kernel's RNG is shared, and the
 * ioctls ask for CAP_SYS_ADMIN in the initial user namespace.
 */
#ifndef GUEST_CONTAINER_H
#define GUEST_CONTAINER_H

#include <stdbool.h>

/*
 * What shows that this is a container (static text), or NULL.  A user namespace
 * shows it only if process 1 is in it, too: a service that its manager put into
 * one runs on a kernel of its own and was set up wrongly.  Where there is no
 * /proc nothing shows that it is none.  root goes before the paths that are
 * looked at; "" in earnest.
 */
const char *container_detect(const char *root);

/*
 * True when the process is in a user namespace other than the initial one:
 * no capability that it has there lets it feed.
 */
bool container_foreign_userns(const char *root);

#endif /* GUEST_CONTAINER_H */

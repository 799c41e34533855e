/*
 * front_redir.h - one usbredir connection: the usb-host side of QEMU's usb-redir
 *
 * libusbredirparser speaks the protocol; this gives its packets to the model.
 * A connection lasts as long as its socket, through any number of departures
 * and arrivals of the device.
 */
#ifndef TESTS_SIM_FRONT_REDIR_H
#define TESTS_SIM_FRONT_REDIR_H

#include <stdbool.h>
#include <stdint.h>

struct model;
struct redir;

/* Takes over the socket fd (non-blocking).  NULL and errno. */
struct redir *redir_new(int fd, struct model *m, bool plugged);
void redir_free(struct redir *r); /* NULL is fine */

/* Tells the peer; what it had asked for is forgotten on departure. */
void redir_plug(struct redir *r);
void redir_unplug(struct redir *r);

/* Reads and writes what the socket lets; 0, or -EIO when it is to be freed. */
int redir_serve(struct redir *r);

/* Moves data between the model and outstanding requests. */
void redir_service(struct redir *r);

int redir_fd(const struct redir *r);
bool redir_wants_write(const struct redir *r);
/* Microseconds until redir_service() has something to do. */
uint64_t redir_due(const struct redir *r);

#endif /* TESTS_SIM_FRONT_REDIR_H */

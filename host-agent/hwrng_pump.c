#include "host-agent/hwrng_pump.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/secmem.h"

static void pump_read(struct hwrng_pump *p)
{
	ssize_t n = 0;

	if (p->want)
		n = read(p->node.fd, p->buf, p->want);
	p->got = n < 0 ? -errno : (int)n;
	/* behind the read: bytes of a successor are not taken for this one's */
	p->seen = hwrng_node_current(&p->node, p->name);
}

static void *pump_main(void *arg)
{
	struct hwrng_pump *p = arg;
	eventfd_t n;

	while (eventfd_read(p->ask_fd, &n) == 0) {
		pump_read(p);
		eventfd_write(p->done_fd, 1);
	}
	return NULL;
}

struct hwrng_pump *hwrng_pump_new(void)
{
	struct hwrng_pump *p = secmem_alloc(sizeof(*p));
	pthread_t thread;
	int err;

	if (!p)
		return NULL;
	p->node = (struct hwrng_node){ -1, -1 };
	p->ask_fd = eventfd(0, EFD_CLOEXEC);
	p->done_fd = eventfd(0, EFD_CLOEXEC);
	err = p->ask_fd < 0 || p->done_fd < 0 ? EMFILE : 0;
	if (!err)
		err = pthread_create(&thread, NULL, pump_main, p);
	if (!err) {
		pthread_detach(thread);
		return p;
	}
	hwrng_pump_free(p);
	errno = err;
	return NULL;
}

/* The thread waits for a job that never comes; it ends with the process. */
void hwrng_pump_free(struct hwrng_pump *p)
{
	if (!p || p->busy)
		return;
	hwrng_node_close(&p->node);
	secmem_free(p);
}

void hwrng_pump_start(struct hwrng_pump *p, size_t want)
{
	p->want = want;
	p->busy = true;
	eventfd_write(p->ask_fd, 1);
}

void hwrng_pump_take(struct hwrng_pump *p)
{
	eventfd_t n;

	eventfd_read(p->done_fd, &n);
	p->busy = false;
}

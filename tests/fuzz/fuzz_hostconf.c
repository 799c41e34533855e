/*
 * The configuration of the host agent: whatever the bytes, it is taken whole,
 * within its bounds, or refused with a reason that names the file.
 */
#include "host-agent/hostconf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void require_limits(const struct sched_limits *l)
{
	require(l->rate_bytes <= HOSTCONF_RATE_MAX);
	require(l->burst_bytes <= HOSTCONF_BURST_MAX);
	require(l->weight >= 1 && l->weight <= SCHED_WEIGHT_MAX);
}

static void require_sane(const struct hostconf *c)
{
	size_t i;

	require(c->run_dir[0] == '/' &&
		strlen(c->run_dir) < HOSTCONF_RUN_DIR_MAX);
	require(c->state_dir[0] == '/' &&
		strlen(c->state_dir) < BASELINES_DIR_MAX);
	require(c->pool_bytes >= HOSTCONF_POOL_MIN &&
		c->pool_bytes <= HOSTCONF_POOL_MAX && c->pool_bytes % 64 == 0);
	require(c->h_byte_millibits >= 500 && c->h_byte_millibits <= 8000);
	require(c->h_bit_millibits >= 100 && c->h_bit_millibits <= 1000);
	require(c->ports_count <= HOSTCONF_PORTS_MAX);
	require(c->devices_count <= HOSTCONF_PORTS_MAX);
	for (i = 0; i < c->devices_count; i++)
		require(!label_fault(c->devices[i].label) &&
			rawmsg_port_valid(c->devices[i].port));
	require(!c->hwrng.label[0] || c->hwrng.path[0] == '/');
	require_limits(&c->host.limits);
	for (i = 0; i < c->domains_count; i++) {
		require_limits(&c->domains[i].limits);
		require(strlen(c->domains[i].uuid) == CONSUMER_UUID_MAX - 1);
		require(!strchr(c->domains[i].uuid, '/'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], err[INI_WHY_MAX] = "";
	int fd = memfd_create("fuzz_hostconf", MFD_CLOEXEC), r;
	struct hostconf *conf;

	require(fd >= 0);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = hostconf_load(path, &conf, err, sizeof(err));
	if (r == 0)
		require_sane(conf);
	else
		require(!conf && !strncmp(err, path, strlen(path)));
	hostconf_free(conf);
	close(fd);
	return 0;
}

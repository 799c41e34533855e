/*
 * rtcwatch.h - was this machine saved, and restored or cloned since?
 *
 * After that the kernel's clocks go on as if nothing had been: none of them
 * shows it.  The real-time clock does: a hypervisor keeps it on the host's time
 * (QEMU: -rtc clock=host, its default), so against CLOCK_BOOTTIME it jumps by
 * the time that the machine did not exist.  `hwclock -w` looks the same and
 * costs one feed.
 */
#ifndef GUEST_RTCWATCH_H
#define GUEST_RTCWATCH_H

#include <stdbool.h>
#include <stdint.h>

#define RTCWATCH_PATH "/sys/class/rtc/rtc0/since_epoch"

/* Present while the kernel's driver has a device: it reseeds by itself. */
#define RTCWATCH_VMGENID "/sys/bus/acpi/drivers/vmgenid"

/*
 * Longest absence that is not noticed: the clock counts whole seconds, so 1 s
 * is nothing.
 */
#define RTCWATCH_JUMP_MS 2000

struct rtcwatch {
	int fd; /* -1: no such clock */
	bool known;
	int64_t ahead_ms; /* of CLOCK_BOOTTIME */
};

/* A missing clock is no error: nothing is ever noticed then. */
void rtcwatch_open(struct rtcwatch *w, const char *path);
void rtcwatch_close(struct rtcwatch *w);

/* True once for each jump since the last call; costs tens of microseconds. */
bool rtcwatch_jumped(struct rtcwatch *w, int64_t boottime_ms);

/* Is a device bound to the driver at this folder of sysfs? */
bool rtcwatch_has_vmgenid(const char *path);

#endif /* GUEST_RTCWATCH_H */

/*
 * rtcwatch.h - was this machine saved, and restored or cloned since?
 *
 * After that the kernel's clocks go on as if nothing had been: none of them
 * shows it.  The real-time clock does: a hypervisor keeps it on the host's time
 * (QEMU: -rtc clock=host, its default), so against CLOCK_BOOTTIME it jumps by
 * the time that the machine did not exist.  `hwclock -w` looks the same and
 * costs one feed.
 *
 * The clock counts whole seconds, but its edges do not: each look bounds by how
 * much it is ahead, and looks before and after an edge bound it to the time
 * between them.
 */
#ifndef GUEST_RTCWATCH_H
#define GUEST_RTCWATCH_H

#include <stdbool.h>
#include <stdint.h>

#define RTCWATCH_PATH "/sys/class/rtc/rtc0/since_epoch"

/* Present while the kernel's driver has a device: it reseeds by itself. */
#define RTCWATCH_VMGENID "/sys/bus/acpi/drivers/vmgenid"

/*
 * What is taken for drift, or for a clock being put right, between two looks.
 * With a look every 250 ms an absence of 750 ms is noticed within a second, and
 * one of 1.5 s by the first look behind it.
 */
#define RTCWATCH_JUMP_US 250000

struct rtcwatch {
	int fd; /* -1: no such clock */
	bool known;
	int64_t low_us, high_us; /* ahead of CLOCK_BOOTTIME: between these */
	int64_t looked_us;	 /* CLOCK_BOOTTIME of the last look */
};

/* A missing clock is no error: nothing is ever noticed then. */
void rtcwatch_open(struct rtcwatch *w, const char *path);
void rtcwatch_close(struct rtcwatch *w);

/* Looks at the clock.  True once for each jump since the last look. */
bool rtcwatch_jumped(struct rtcwatch *w);

/* The same, where it said seconds at some time between two of BOOTTIME. */
bool rtcwatch_note(struct rtcwatch *w, int64_t seconds, int64_t before_us,
		   int64_t after_us);

/* Is a device bound to the driver at this folder of sysfs? */
bool rtcwatch_has_vmgenid(const char *path);

#endif /* GUEST_RTCWATCH_H */

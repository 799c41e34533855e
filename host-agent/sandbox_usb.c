#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "host-agent/sandbox_roles.h"

#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define NAMESPACES                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define IOCTL(request) SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, request)

/*
 * A user namespace would bring back all capabilities.  clone3(2) has its flags
 * where a filter cannot look: glibc falls back to clone(2).
 */
const struct sandbox_rule sandbox_threads[] = {
	SANDBOX_ALLOW_IF(clone, CLONE_FLAGS, NAMESPACES, 0),
	SANDBOX_ANSWER(clone3, ENOSYS),
	SANDBOX_END,
};

const struct sandbox_rule sandbox_usb[] = {
	/* sysfs, /dev/bus/usb and udev's database: libusb, libudev */
	SANDBOX_ALLOW(openat),
	SANDBOX_ALLOW(pread64),
	SANDBOX_ALLOW(getdents64),
	SANDBOX_ALLOW(newfstatat),
	SANDBOX_ALLOW(fstat),
	SANDBOX_ALLOW(statx),
	SANDBOX_ALLOW(fstatfs),
	SANDBOX_ALLOW(statfs),
	SANDBOX_ALLOW(access),
	SANDBOX_ALLOW(faccessat),
	SANDBOX_ALLOW(faccessat2),
	SANDBOX_ALLOW(readlink),
	SANDBOX_ALLOW(readlinkat),
	SANDBOX_ALLOW(getcwd),
	/* udev's events; AF_UNIX is the one of a simulated udev */
	SANDBOX_ALLOW_IF(socket, 0, SANDBOX_INT, AF_NETLINK),
	SANDBOX_ALLOW_IF(socket, 0, SANDBOX_INT, AF_UNIX),
	SANDBOX_ALLOW(connect),
	SANDBOX_ALLOW(bind),
	SANDBOX_ALLOW(getsockname),
	SANDBOX_ALLOW(setsockopt),
	SANDBOX_ALLOW(unlink),
	/* libusb's wake-ups and timeouts; its event thread is in another list */
	SANDBOX_ALLOW(pipe2),
	SANDBOX_ALLOW(eventfd2),
	SANDBOX_ALLOW(timerfd_create),
	SANDBOX_ALLOW(timerfd_settime),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_SET_NAME),
	SANDBOX_END,
};

/* Those of libusb's calls that usb*.c makes, and no other ioctl(2). */
const struct sandbox_rule sandbox_usbfs[] = {
	IOCTL(USBDEVFS_GET_CAPABILITIES),
	IOCTL(USBDEVFS_CONNECTINFO),
	IOCTL(USBDEVFS_GET_SPEED),
	IOCTL(USBDEVFS_GETDRIVER),
	IOCTL(USBDEVFS_IOCTL), /* a driver detached and given back */
	IOCTL(USBDEVFS_DISCONNECT_CLAIM),
	IOCTL(USBDEVFS_SETCONFIGURATION),
	IOCTL(USBDEVFS_CLAIMINTERFACE),
	IOCTL(USBDEVFS_RELEASEINTERFACE),
	IOCTL(USBDEVFS_SETINTERFACE),
	IOCTL(USBDEVFS_CONTROL),
	IOCTL(USBDEVFS_BULK),
	IOCTL(USBDEVFS_SUBMITURB),
	IOCTL(USBDEVFS_DISCARDURB),
	IOCTL(USBDEVFS_REAPURB),
	IOCTL(USBDEVFS_REAPURBNDELAY),
	IOCTL(USBDEVFS_RESET),
	SANDBOX_END,
};

#!/bin/sh
# autodev-passthrough.sh - the OneRNG itself in a container, the classic way
#
# LXC's autodev hook: as the container starts, finds the OneRNG by its USB
# identity and makes a node of its number in the container's /dev.  A number
# written into a configuration is right until the device is plugged in again.
# lxc/passthrough.conf has the lines that go with it.
#
# One container has the device then, and nobody else: neither the host agent
# (onerngctl device release PORT) nor another container.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022

name=ttyACM0 # in the container's /dev
require=no   # yes: the container does not start without the device

# A hook that fails refuses the container's start.
give_up() {
	echo "autodev-passthrough: $*" >&2
	[ "$require" = no ] || exit 1
	exit 0
}

# The first OneRNG that is a terminal now.
find_onerng() {
	for tty in /sys/class/tty/ttyACM*; do
		usb=$(readlink -f "$tty/device/..") || continue
		read -r vendor <"$usb/idVendor" || continue
		read -r product <"$usb/idProduct" || continue
		[ "$vendor:$product" = 1d50:6086 ] || continue
		node=/dev/${tty##*/}
		read -r number <"$tty/dev"
		return
	done 2>/dev/null
	give_up "no OneRNG is there"
}

find_onerng
dev=${LXC_ROOTFS_MOUNT:?}/dev
# without lxc.autodev it is the container's: a link leads to the host's
if [ -L "$dev" ] || [ ! -d "$dev" ]; then
	give_up "the container's /dev is no directory"
fi
target=$dev/$name
if [ -e "$target" ] || [ -L "$target" ]; then
	give_up "/dev/$name is taken"
fi

# In a user namespace a node can be made by nobody, or is none: there the
# host's is bound, and has to be one that the container's root may open.
if mknod -m 0660 "$target" c "${number%:*}" "${number#*:}" 2>/dev/null &&
	[ "$(stat -c %u:%g "$target")" = 0:0 ] && true <"$target"; then
	chgrp 20 "$target" # dialout
elif rm -f "$target" && true >"$target" && mount --bind "$node" "$target"; then
	:
else
	rm -f "$target"
	give_up "/dev/$name can be neither made nor bound"
fi

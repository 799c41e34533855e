#!/bin/sh
# The part of "onerngctl container hook" that is the same for all containers;
# what is one container's is printed before it.
# shellcheck disable=SC2154 # device, place, port, names, owner, group, inside,
# mode, require, facts and own are set there
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022

# A hook that fails refuses the container's start.
give_up() {
	echo "onerng: $*" >&2
	[ "$require" = no ] || exit 1
	exit 0
}

# fact KEY: what the host agent published of this container.
fact() {
	sed -n "s/^$1=//p" "$facts" 2>/dev/null | head -n 1
}

# The host's node: numbers change, so it is looked up at each start, and
# the agent's word is not taken for more than its own ptys and a OneRNG.
find_node() {
	case $device in
	virtual | plain)
		node=$(fact node)
		case ${node#/dev/pts/} in
		'' | *[!0-9]*) give_up "no pty is published in $facts" ;;
		esac
		;;
	hwrng)
		node=/dev/hwrng
		[ "$(stat -c %t:%T $node 2>/dev/null)" = a:b7 ] ||
			give_up "$node is not there"
		;;
	passthrough)
		node=$place
		[ -n "$node" ] || find_onerng
		;;
	esac
	[ -c "$node" ] || give_up "$node is not a character device"
}

# The OneRNG at that USB port, or the first.
find_onerng() {
	for tty in /sys/class/tty/ttyACM*; do
		usb=$(readlink -f "$tty/device/..") || continue
		read -r vendor <"$usb/idVendor" || continue
		read -r product <"$usb/idProduct" || continue
		[ "$vendor:$product" = 1d50:6086 ] || continue
		[ -z "$port" ] || [ "${usb##*/}" = "$port" ] || continue
		node=/dev/${tty##*/}
		return
	done 2>/dev/null
	give_up "no OneRNG is there"
}

# The host agent has the OneRNGs that it serves from; one that is passed through
# it has to let go, and the kernel then needs a moment for its terminal.
let_go() {
	if [ "$device" != passthrough ] || [ -z "$port" ]; then
		return
	fi
	if onerngctl device release "$port" >/dev/null 2>&1; then
		sleep 0.5
	fi
}

# The host's side, with its rights: whose the node is.  A pty is this
# container's alone; of other devices it gets a node of its own, so that
# the host's keeps its owner.
prepare() {
	let_go
	find_node
	case $device in
	virtual | plain)
		own=$node
		# the agent's own, or given to this container before
		uid=$(stat -c %u "$node")
		if [ "$uid" != "$(stat -c %u "$facts")" ] &&
			[ "$uid" != "$owner" ]; then
			give_up "$node is not the host agent's"
		fi
		;;
	*)
		major=$(stat -c %t "$node") minor=$(stat -c %T "$node")
		rm -f "$own"
		mknod -m 0600 "$own" c "0x$major" "0x$minor" ||
			give_up "no node can be made"
		;;
	esac
	if ! chown -- "$owner:$group" "$own" || ! chmod -- "$mode" "$own"; then
		give_up "$own cannot be given away"
	fi
}

# The container's side.  Bound, never made: a node made in a user namespace
# cannot be opened, nor one of devpts made at all.
put() {
	case $device in
	virtual | plain)
		find_node
		own=$node
		;;
	esac
	[ -c "$own" ] || give_up "$own is not there"
	# as it was prepared; in a user namespace numbers are the container's
	case $(stat -c %u:%g "$own") in
	"$owner:$group" | "$inside") ;;
	*) give_up "$own is not this container's" ;;
	esac
	for name in $names; do
		target=${LXC_ROOTFS_MOUNT:?}/dev/$name
		if [ -e "$target" ] || [ -L "$target" ] || ! : >"$target"; then
			give_up "/dev/$name is taken"
		fi
		if ! mount --bind "$own" "$target"; then
			# no empty file that reads as the end of all random numbers
			rm -f "$target"
			give_up "/dev/$name cannot be bound"
		fi
	done
}

case ${1:-} in
pre-start) prepare ;;
autodev) put ;;
post-stop)
	case $device in
	hwrng | passthrough) rm -f "$own" ;;
	esac
	if [ "$device" = passthrough ] && [ -n "$port" ]; then
		onerngctl device claim "$port" >/dev/null 2>&1
	fi
	;;
*) give_up "called by LXC as pre-start, autodev or post-stop" ;;
esac
exit 0

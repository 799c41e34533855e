#!/bin/sh
# The part of "onerngctl container hook" that is the same for all containers;
# what is one container's is printed before it.
# shellcheck disable=SC2154 # device, place, port, names, owner, group, inside,
# mode, require, id, run, facts, libdir and own are set there
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

# fact KEY: what the host agent published of this container.  LXC waits without
# a limit, so that nothing here may: not for a pipe in the file's place either.
fact() {
	[ -f "$facts" ] && [ ! -L "$facts" ] || return
	timeout 0.5 head -c 4096 "$facts" 2>/dev/null |
		sed -n "s/^$1=//p" | head -n 1
}

# tell TYPE: the agent learns of the container by the program that LXC would
# run at that type.  At pre-start it makes a new pty, or lets a OneRNG go.
tell() {
	[ ! -x "$libdir/lxc-$1" ] ||
		timeout 1 "$libdir/lxc-$1" "$id" device=none "run=$run" \
			"type=$1" >&2
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

# The OneRNG at that USB port, or the first.  One that the agent let go has
# its terminal when the kernel's driver is through.
find_onerng() {
	for wait in 0 0.1 0.1 0.1 0.1 0.1; do
		sleep $wait
		look_for_onerng && return
	done
	give_up "no OneRNG is there"
}

look_for_onerng() {
	for tty in /sys/class/tty/ttyACM*; do
		usb=$(readlink -f "$tty/device/..") || continue
		read -r vendor <"$usb/idVendor" || continue
		read -r product <"$usb/idProduct" || continue
		[ "$vendor:$product" = 1d50:6086 ] || continue
		[ -z "$port" ] || [ "${usb##*/}" = "$port" ] || continue
		node=/dev/${tty##*/}
		return 0
	done 2>/dev/null
	return 1
}

# A pty is given away only if it is the agent's own or has this container's
# owner and mode already: the terminal of somebody who works on the host is
# neither, whatever the facts say.  Its number is the one that they say.
may_be_given() {
	rdev=$(fact rdev)
	case $rdev in
	13[6-9]:* | 14[0-3]:*) ;;
	*) return 1 ;;
	esac
	case ${rdev#*:} in
	'' | *[!0-9]* | ????????*) return 1 ;;
	esac
	[ "$(stat -c %t:%T "$node")" = \
		"$(printf %x:%x "${rdev%:*}" "${rdev#*:}")" ] || return 1
	agent=$(stat -c %u "$facts") || return 1
	# what the agent can only link to is not its own
	[ "$agent" = "$(stat -c %u "${facts%/*}")" ] || return 1
	case $(stat -c %u:%g:%a "$node") in
	"$agent":* | "$owner:$group:$(printf %o "0$mode")") ;;
	*) return 1 ;;
	esac
}

# The host's side, with its rights: whose the node is.  A pty is this
# container's alone; of other devices it gets a node of its own, so that
# the host's keeps its owner.
prepare() {
	tell pre-start
	find_node
	case $device in
	virtual | plain)
		own=$node
		may_be_given || give_up "$node is not the host agent's"
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
	octal=$(printf %o "0$mode")
	case $(stat -c %u:%g:%a "$own") in
	"$owner:$group:$octal" | "$inside:$octal") ;;
	*) give_up "$own is not this container's" ;;
	esac
	dev=${LXC_ROOTFS_MOUNT:?}/dev
	# without lxc.autodev it is the container's: a link leads to the host's
	if [ -L "$dev" ] || [ ! -d "$dev" ]; then
		give_up "the container's /dev is no directory"
	fi
	for name in $names; do
		target=$dev/$name
		if [ -e "$target" ] || [ -L "$target" ] || ! true >"$target"; then
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
start-host) tell start-host ;;
post-stop)
	case $device in
	hwrng | passthrough) rm -f "$own" ;;
	esac
	tell post-stop
	;;
*) give_up "called by LXC as pre-start, autodev, start-host or post-stop" ;;
esac
exit 0

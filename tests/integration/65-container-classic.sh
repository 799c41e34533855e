#!/bin/sh
# the classic way, as lxc/passthrough.conf and lxc/autodev-passthrough.sh have
# it, in containers: the OneRNG is found by its USB identity, has its node and its
# rule with both families of control groups, and nothing of it keeps a container
# from starting
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh

# What the kernel knows of terminals is a folder of our own.  In the OneRNG's place
# is /dev/zero, which opens by whatever node; in a user namespace it is bound.
trap lxc_exit EXIT
lxc_need

# terminal NAME VENDOR PRODUCT NUMBERS
terminal() {
	mkdir -p "$T/tty/usb/$1/$1:1.1" "$T/tty/$1"
	echo "$2" >"$T/tty/usb/$1/idVendor"
	echo "$3" >"$T/tty/usb/$1/idProduct"
	echo "$4" >"$T/tty/$1/dev"
	ln -sfn "../usb/$1/$1:1.1" "$T/tty/$1/device"
}

# classic: the script, as it is shipped but for where things are.
classic() {
	sed "s|/sys/class/tty|$T/tty|; s|node=/dev/|node=$T/lxc/host.|" \
		lxc/autodev-passthrough.sh >"$T/lib/autodev-passthrough.sh"
	chmod 755 "$T/lib/autodev-passthrough.sh"
}

# node NAME NUMBERS: in its /tmp, made by the host.
node() {
	rm -f "$(lxc_root "$1")/tmp/$2"
	mknod -m 666 "$(lxc_root "$1")/tmp/$2" c "${2%:*}" "${2#*:}"
}

# rule NAME NUMBERS: one without a driver tells by the error.
rule() {
	node "$1" "$2"
	rule_got=$(lxc_probe "$1" open "/tmp/$2" rw)
	[ "$rule_got" = EPERM ] || rule_got=permitted
	echo "$rule_got"
}

# has NAME: its device, and what is none in its /dev.
has() {
	lxc_probe "$1" look /dev/ttyACM0
	lxc_run "$1" /bin/busybox find /dev -type f ! -name .lxc-boot-id
}

# starts TITLE WHAT: it does, and has that.
starts() {
	check "$case: $1: it starts" lxc_start "$kind" ||
		tail -n 5 "$(lxc_log "$kind")"
	equal "$case: $1: its device" "$2" "$(has "$kind")"
}

given() {
	starts given "$wanted"
	equal "$case: it can be read" 64 \
		"$(lxc_probe "$kind" read /dev/ttyACM0 64)"
	equal "$case: its number is permitted, no other one is" \
		"permitted EPERM" "$(rule "$kind" 166:0) $(rule "$kind" 166:1)"
	lxc_stop "$kind"
}

# away TITLE: it starts without, unless the device is required.
away() {
	starts "$1" ENOENT
	lxc_stop "$kind"
	sed -i 's/^require=no/require=yes/' "$T/lib/autodev-passthrough.sh"
	refuse "$case: $1: unless it is required" 1 lxc_start "$kind"
	classic
}

mkdir -p "$T/lib"
chmod 755 "$T/lib"
terminal ttyACM0 2341 0043 1:3
for layout in v1 v2; do
	lxc_layout $layout
	for kind in privileged idmapped; do
		case="$layout, $kind"
		terminal ttyACM8 1d50 6086 1:5
		mknod -m 666 "$T/lxc/host.ttyACM8" c 1 5
		wanted="chr 1:5 0660 0 20"
		# with the owner that it has on the host
		[ $kind = privileged ] || wanted="chr 1:5 0666 65534 65534"
		lxc_make $kind $kind common
		sed "s|/etc/onerng/lxc|$T/lib|g" lxc/passthrough.conf \
			>>"$(lxc_config $kind)"
		classic
		given
		# as one is that leaves at that moment: it cannot be opened
		terminal ttyACM8 1d50 6086 166:0
		rm "$T/lxc/host.ttyACM8"
		away "there and gone"
		rm -r "$T/tty/ttyACM8"
		away unplugged
		rm "$T/lib/autodev-passthrough.sh"
		starts "without the script" ENOENT
		lxc_stop $kind
	done
done

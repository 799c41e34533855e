#!/bin/sh
# containers of every kind: what their device permits, from start to removal
# timeout: 400
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh

trap lxc_exit EXIT
lxc_need
lxc_install
lxc_agent

# container VERB NAME WORD...
container() {
	container_verb=$1 container_of=$2
	shift 2
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container \
		"$container_verb" "$container_of" --includes "$T/includes" "$@"
}

attach() {
	attach_name=$1
	shift
	container attach "$(lxc_name "$attach_name")" --path "$LXC_PATH" \
		--no-register "$@" >"$T/attach.out" 2>&1 || return
	# the hook of this tree, not of the system
	sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" \
		"$T/includes/$(lxc_name "$attach_name").d/onerng.conf"
}

detach() {
	container detach "$(lxc_name "$1")" --path "$LXC_PATH" --no-register
}

refresh() {
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container refresh \
		--includes "$T/includes"
}

# publish NAME DEVICE: the agent makes a new pty for it, where it needs one.
publish() {
	publish_id=$(lxc_name "$1")
	case $2 in
	virtual | plain)
		[ ! -e "$T/$1-pty.pid" ] || stop "$1-pty"
		lxc_pty "$1"
		lxc_facts "$publish_id" "$2" "$(lxc_node "$1")" \
			"$(lxc_rdev "$1")"
		;;
	hwrng) lxc_facts "$publish_id" hwrng /dev/hwrng 10:183 ;;
	esac
}

# numbers NAME DEVICE
numbers() {
	case $2 in
	virtual | plain) lxc_rdev "$1" ;;
	hwrng) echo 10:183 ;;
	*) lxc_rdev stand-in ;;
	esac
}

# tries NAME PATH: what opening it in three ways gives.
tries() {
	for tries_how in r w rw; do
		lxc_probe "$1" open "$2" $tries_how
	done | tr '\n' ' '
}

# has NAME TITLE NUMBERS WAYS: device, owner and mode, bytes, what is permitted.
has() {
	equal "$2: it is there" "chr $3 0640 5 6" \
		"$(lxc_probe "$1" look /dev/onerng)"
	equal "$2: by its other name" "chr $3 0640 5 6" \
		"$(lxc_probe "$1" look /dev/ttyACM0)"
	equal "$2: it gives bytes" 64 "$(lxc_probe "$1" read /dev/onerng 64)"
	equal "$2: it permits what is configured" "$4" \
		"$(tries "$1" /dev/onerng)"
}

# has_none NAME TITLE
has_none() {
	equal "$2: it is gone" "ENOENT ENOENT " "$(
		for has_name in onerng ttyACM0; do
			lxc_probe "$1" look /dev/$has_name
		done | tr '\n' ' ')"
	equal "$2: nothing is left in /dev" "" "$(lxc_run "$1" \
		/bin/busybox find /dev -type f ! -name .lxc-boot-id)"
}

# mknods NAME KIND TITLE: a node of its own making is of no more use.
mknods() {
	if [ "$2" = idmapped ]; then
		equal "$3: it makes no node" EPERM \
			"$(lxc_probe "$1" mknod /tmp/mem 1 1)"
		return
	fi
	lxc_probe "$1" mknod /tmp/mem 1 1 >"$T/mknod"
	lxc_probe "$1" mknod /tmp/tty 166 9 >"$T/mknod"
	equal "$3: other devices are refused" "EPERM EPERM EPERM " \
		"$(tries "$1" /tmp/mem)"
	equal "$3: so are other OneRNGs" "EPERM EPERM EPERM " \
		"$(tries "$1" /tmp/tty)"
}

# row LAYOUT KIND DEVICE RULES: all that happens to one container.
row() {
	row_device=${3%%=*}
	name=$2-$row_device${4:+-$4}
	title="$1 $2 $row_device${4:+ $4}"
	ways="ok ok ok "
	# permitted, the kernel's driver itself refuses to be written to
	[ "$row_device" != hwrng ] || ways="ok EINVAL EINVAL "
	[ "$row_device$4" != hwrngcommon ] || ways="ok EPERM EPERM "
	# shellcheck disable=SC2086 # absent or one word
	lxc_make "$name" $2 $4
	publish "$name" "$row_device"
	attach "$name" --device "$3" --name onerng --name ttyACM0 --owner 5 \
		--group 6 --mode 0640 || {
		not_ok "$title: attach" "$(cat "$T/attach.out")"
		return
	}
	check "$title: it starts" lxc_start "$name" || return
	has "$name" "$title" "$(numbers "$name" "$row_device")" "$ways"
	[ -z "$4" ] || mknods "$name" "$2" "$title"

	equal "$title: a refresh has nothing to do" "" "$(refresh 2>&1)"
	publish "$name" "$row_device"
	check "$title: refresh" refresh
	has "$name" "$title, refreshed" "$(numbers "$name" "$row_device")" \
		"$ways"

	check "$title: detach while it runs" detach "$name"
	has_none "$name" "$title, detached"
	check "$title: detach again" detach "$name"
	check "$title: attach while it runs" attach "$name" --device "$3" \
		--name onerng --name ttyACM0 --owner 5 --group 6 --mode 0640
	has "$name" "$title, attached" "$(numbers "$name" "$row_device")" \
		"$ways"
	lxc_stop "$name"
	mv "$T/lib" "$T/removed"
	check "$title: it starts without the package" lxc_start "$name"
	has_none "$name" "$title, without the package"
	mv "$T/removed" "$T/lib"
	lxc_stop "$name"
	rm -rf "$T/includes/$(lxc_name "$name").d"
	[ ! -e "$T/$name-pty.pid" ] || stop "$name-pty"
}

mkdir -p "$T/includes"
lxc_pty stand-in || exit 1
for layout in v1 v2; do
	lxc_layout $layout
	for kind in privileged idmapped; do
		for rules in common ""; do
			for device in virtual plain hwrng \
				"passthrough=$(lxc_node stand-in)"; do
				row $layout $kind "$device" "$rules"
			done
		done
	done
done

#!/bin/sh
# A Debian container with systemd and what install-guest installs, booted by
# LXC with our hook: its service verifies the virtual OneRNG that the host agent
# serves, and its boot is as good without a device, or when that goes.
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/lib/lxc.sh
. tests/lib/debian.sh
lxc_need
debian_need
trap lxc_exit EXIT

unit=onerng-guestd-container.service

# container NAME: a system of its own, without a device.
container() {
	container_root=$(lxc_root "$1")
	mkdir -p "$(dirname "$container_root")"
	cp -a "$debian" "$container_root" &&
		"${MAKE:-make}" --no-print-directory B="$B" \
			DESTDIR="$container_root" PREFIX=/usr install-guest \
			>"$T/install.log" 2>&1 &&
		chroot "$container_root" systemctl enable "$unit" \
			>>"$T/install.log" 2>&1 || return
	cat >"$(lxc_config "$1")" <<-END
		lxc.include = $LXC_SHARE/common.conf
		lxc.rootfs.path = dir:$container_root
		lxc.uts.name = $1
		lxc.net.0.type = empty
	END
}

# Its system, in one word: "running" when all went well, "degraded" when not.
system_of() {
	lxc_run "$1" systemctl is-system-running --wait
}

comes_up() {
	wait_for 60 lxc_running "$1" && wait_for 60 up "$1"
}

up() {
	case $(system_of "$1") in
	running | degraded) ;;
	*) return 1 ;;
	esac
}

# runs NAME WHEN: all of it, and our service.
runs() {
	equal "$2: the system is running" running "$(system_of "$1")" ||
		lxc_run "$1" systemctl --failed --no-pager --plain
	equal "$2: so is our service" active \
		"$(lxc_run "$1" systemctl is-active $unit)" ||
		lxc_run "$1" systemctl status --no-pager $unit
}

# status NAME PATH: of the service's own record.
status() {
	lxc_run "$1" onerng-guestd --status --json | json "$2"
}

verified() {
	[ "$(status "$1" verified_bytes)" -ge 1024 ]
}

waits() {
	[ "$(status "$1" state)" = waiting ]
}

hostd_conf
printf '[container deb]\ndevice=virtual\nsocket=yes\n' >>"$T/hostd.conf"
check host_agent_starts hostd_start || exit 1
check host_agent_serves wait_for 60 hostd_state serving || exit 1
check the_node_is_published wait_for 10 grep -q '^node=/dev/pts/' \
	"$T/run/lxc/deb.facts"
check the_container_is_made container deb || {
	cat "$T/install.log"
	exit 1
}
cp "$(lxc_config deb)" "$T/plain"
cat - "$T/plain" >"$T/idmapped" <<END
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.rootfs.options = idmap=container
END
lxc_install

# feeds KIND: the host's kernel is fed when that is said, and where it may be.
feeds() {
	lxc_run deb onerng-guestd --once -s tty:/dev/onerng >"$T/once" 2>&1
	equal "$case: it feeds nothing by itself" "0 1" \
		"$? $(grep -c 'nothing to feed' "$T/once")"
	lxc_run deb onerng-guestd --once --feed-host -s tty:/dev/onerng \
		>"$T/once" 2>&1
	case "$? $1" in
	"0 plain") check "$case: but when told to" grep -q 'fed 64 bytes' \
		"$T/once" ;;
	"8 idmapped") check "$case: nor when told to" grep -q CAP_SYS_ADMIN \
		"$T/once" ;;
	*) not_ok "$case: when told to" "$(cat "$T/once")" ;;
	esac
}

# with_device KIND
with_device() {
	cp "$T/$1" "$(lxc_config deb)"
	lxc_hooks deb deb device=virtual name=onerng owner=0 group=20 \
		mode=0660 socket=yes
	check "$case: it starts" lxc_start deb || tail -n 5 "$(lxc_log deb)"
	# A hook whose second is up leaves out what it had not come to.
	for _ in 1 2; do
		! lxc_run deb test -S /dev/onerng.d/egd.sock || break
		lxc_stop deb
		lxc_start deb
	done
	check "$case: it boots" comes_up deb
	equal "$case: the device is there" "character special file 0:20 660" \
		"$(lxc_run deb stat -c '%F %u:%g %a' /dev/onerng)"
	runs deb "$case"
	check "$case: it verified what came" wait_for 60 verified deb ||
		lxc_run deb journalctl --no-pager -u $unit
	equal "$case: and fed nothing" 0 "$(status deb fed_bytes)"
	lxc_run deb systemctl stop $unit
	check "$case: so does a hand" lxc_run deb \
		onerng-guestd --verify tty:/dev/onerng
	check "$case: and its own socket" lxc_run deb \
		onerng-guestd --verify egd:/dev/onerng.d/egd.sock
	feeds "$1"
	lxc_run deb systemctl start $unit
	check "$case: and the service again" wait_for 60 verified deb
}

# The agent ends, and its end of the terminal with it.
without_agent() {
	hostd_hold
	hostd_end TERM
	lxc_run deb systemctl kill -s USR2 $unit
	check "$case: the service misses the device" wait_for 30 waits deb
	runs deb "$case, device gone"
	check "$case: it is stopped" lxc_stop deb
	hostd_release
	check "$case: the agent is back" wait_for 60 hostd_state serving
}

# without_device KIND
without_device() {
	cp "$T/$1" "$(lxc_config deb)"
	check "$case, no device: it starts" lxc_start deb
	check "$case, no device: it boots" comes_up deb
	refuse "$case, no device: there is none" 1 lxc_run deb \
		test -e /dev/onerng
	runs deb "$case, no device"
	check "$case, no device: it waits" wait_for 30 waits deb
	check "$case, no device: it is stopped" lxc_stop deb
}

for layout in v1 v2; do
	lxc_layout $layout
	for kind in plain idmapped; do
		case="$layout, $kind"
		with_device $kind
		without_agent
		without_device $kind
	done
done
lxc_end
hostd_stop

#!/bin/sh
# containers of every kind, with a host agent: what their device is and permits,
# from start to removal
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh
. tests/lib/hostd.sh

# What is passed through is a pty as a stand-in, which no agent knows; all other
# devices are those of an agent that serves from a simulated OneRNG.
trap lxc_exit EXIT
lxc_need
need python3
lxc_install

# register: the word that keeps a stand-in from the agent.
register() {
	[ "$device" != passthrough ] || echo --no-register
}

attach() {
	attach_device=$device
	[ "$device" != passthrough ] ||
		attach_device=passthrough=$(stand_in "$name")
	# shellcheck disable=SC2046 # a word or none
	container attach "$name" --device "$attach_device" --name onerng \
		--name ttyACM0 --owner 5 --group 6 --mode 0640 \
		$(register) || return
	# the hook of this tree, not of the system
	sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" \
		"$T/includes/$(lxc_name "$name").d/onerng.conf"
}

detach() {
	# shellcheck disable=SC2046 # a word or none
	container detach "$name" $(register)
}

refresh() {
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container refresh \
		--includes "$T/includes"
}

# stand_in NAME: its path, which only LXC's mount namespace has.
stand_in() {
	echo "/dev/shm/$1"
}

# A pty with another number comes to that path.
plug() {
	[ "$device" = passthrough ] || return 0
	if [ -e "$T/$name-pty.pid" ]; then
		# its successor, while that is there, has another number
		mv "$T/$name-pty.pid" "$T/$name-old.pid"
		lxc_in umount "$(stand_in "$name")"
	fi
	lxc_pty "$name"
	[ ! -e "$T/$name-old.pid" ] || stop "$name-old"
	rm -f "$T/$name-old.pid"
	lxc_in touch "$(stand_in "$name")"
	lxc_in mount --bind "$(lxc_node "$name")" "$(stand_in "$name")"
}

# numbers: of the row's device, as it is published.
numbers() {
	case $device in
	virtual | plain)
		sed -n 's/^rdev=//p' "$T/run/lxc/$(lxc_name "$name").facts"
		;;
	hwrng) echo 10:183 ;;
	*) lxc_rdev "$name" ;;
	esac
}

# known: phase and process of the row's container, as the agent has them.
known() {
	hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
    if c["kind"] == "container" and c["name"] == sys.argv[1]:
        print(c["phase"], c["pid"])' "$(lxc_name "$name")"
}

known_as() {
	[ "$(known)" = "$1" ]
}

# knows TITLE PHASE-AND-PID
knows() {
	[ "$device" != passthrough ] || return 0
	check "$1" wait_for 10 known_as "$2" || known
}

# tries PATH: what opening it in three ways gives.
tries() {
	# shellcheck disable=SC2016 # the container's shell's own
	lxc_run "$name" /bin/sh -c 'for how in r w rw; do
		/bin/devprobe open "$0" $how; done' "$1" | tr '\n' ' '
}

# looks: both names of the device.
looks() {
	# shellcheck disable=SC2016 # the container's shell's own
	lxc_run "$name" /bin/sh -c 'for name in onerng ttyACM0; do
		/bin/devprobe look /dev/$name; done' | tr '\n' ' '
}

# has TITLE: device, owner and mode, bytes, what is permitted.
has() {
	has_look="chr $(numbers) 0640 5 6"
	has_how="read"
	equal "$1: it is there by both names" "$has_look $has_look " "$(looks)"
	if [ "$device" = virtual ]; then
		has_how=ask
		equal "$1: it is paused" 0 \
			"$(lxc_probe "$name" quiet /dev/onerng)"
	fi
	equal "$1: it gives bytes" 64 \
		"$(lxc_probe "$name" $has_how /dev/onerng 64 /tmp/got)"
	equal "$1: it permits what is configured" "$ways" \
		"$(tries /dev/onerng)"
}

# has_none TITLE
has_none() {
	equal "$1: it is gone" "ENOENT ENOENT " "$(looks)"
	equal "$1: nothing is left in /dev" "" "$(lxc_run "$name" \
		/bin/busybox find /dev -type f ! -name .lxc-boot-id)"
}

# A node of its own making is of no more use.
mknods() {
	if [ "$kind" = idmapped ]; then
		equal "$title: it makes no node" EPERM \
			"$(lxc_probe "$name" mknod /tmp/mem 1 1)"
		return
	fi
	lxc_probe "$name" mknod /tmp/mem 1 1 >"$T/mknod"
	lxc_probe "$name" mknod /tmp/tty 166 9 >"$T/mknod"
	equal "$title: other devices are refused" "EPERM EPERM EPERM " \
		"$(tries /tmp/mem)"
	equal "$title: so are other OneRNGs" "EPERM EPERM EPERM " \
		"$(tries /tmp/tty)"
}

# node PATH NUMBERS: made by the host in the container's root, so that only the
# device rules stand between.
node() {
	node_path=$(lxc_root "$name")$1
	rm -f "$node_path"
	mknod -m 666 "$node_path" c "${2%:*}" "${2#*:}"
}

# -- what happens to each of many containers
begin() {
	# shellcheck disable=SC2086 # absent or one word
	lxc_make "$name" $kind $rules
	plug
	check "$title: attach" attach || return
	knows "$title: the agent knows nothing of it" "unknown 0"
	begin_number=$(numbers)
	check "$title: it starts" lxc_start "$name" || return
	knows "$title: the agent knows that it runs" \
		"running $(lxc_pid "$name")"
	case $device in
	virtual | plain)
		refuse "$title: that was told before, and made a new pty" 1 \
			[ "$begin_number" = "$(numbers)" ]
		;;
	esac
	has "$title"
	[ -z "$rules" ] || mknods
}

refreshed() {
	has "$title, refreshed"
	knows "$title: the agent knows that it runs on" \
		"running $(lxc_pid "$name")"
}

# common.conf permits every pty, so what was ours is seen of hwrng alone.
anew() {
	[ "$device-$rules" != hwrng-common ] || node /tmp/stale 10:183
	check "$title: detach while it runs" detach
	has_none "$title, detached"
	[ "$device-$rules" != hwrng-common ] ||
		equal "$title, detached: its number is refused" \
			"EPERM EPERM EPERM " "$(tries /tmp/stale)"
	knows "$title: the agent knows it no more" ""
	check "$title: attach while it runs" attach
	has "$title, attached"
	[ "$device-$rules" != hwrng-common ] ||
		equal "$title, attached: its number is permitted" "$ways" \
			"$(tries /tmp/stale)"
	lxc_stop "$name"
	knows "$title: the agent knows that it stopped" "stopped 0"
}

# The lines are the same for each device.
without() {
	[ "$device" = virtual ] || return 0
	check "$title: it starts without the package" lxc_start "$name"
	has_none "$title, without the package"
	lxc_stop "$name"
}

end() {
	check "$title: detach" detach
	[ ! -e "$T/$name-pty.pid" ] || stop "$name-pty"
	rm -f "$T/$name-pty.pid"
	# the stand-in's are always the same
	[ "$device" = passthrough ] ||
		mv "$(lxc_root "$name")/tmp/got" "$T/got/$layout-$name"
}

# each FUNCTION: of every container, its kind, device and rules, its name and
# title, and the ways in which its device opens.
each() {
	for kind in privileged idmapped; do
		for rules in common ""; do
			for device in $devices; do
				row
				"$1"
			done
		done
	done
}

row() {
	name=$kind-$device${rules:+-$rules}
	title="$layout $kind $device${rules:+ $rules}"
	ways="ok ok ok "
	# permitted, the kernel's driver itself refuses to be written to
	[ "$device" != hwrng ] || ways="ok EINVAL EINVAL "
	[ "$device$rules" != hwrngcommon ] || ways="ok EPERM EPERM "
}

# A number without a driver tells by the error whether the rules permit it.
rule() {
	rule_got=$(lxc_probe "$name" open "/tmp/acm$1" rw)
	[ "$rule_got" = EPERM ] || rule_got=permitted
	echo "$rule_got"
}

# acm MINOR: the stand-in has that number from here on.
acm() {
	lxc_in rm -f "$(stand_in "$name")"
	lxc_in mknod "$(stand_in "$name")" c 166 "$1"
}

# The rules of a OneRNG itself, whose number no other rule permits.
passthrough_rules() {
	device=passthrough rules=common name=rules-$kind
	title="$layout $kind OneRNG common"
	lxc_make "$name" "$kind" common
	acm 7
	node /tmp/acm7 166:7
	node /tmp/acm8 166:8
	check "$title: attach" attach
	check "$title: it starts" lxc_start "$name" || return
	equal "$title: its number is permitted" "permitted EPERM" \
		"$(rule 7) $(rule 8)"
	acm 8
	check "$title: refresh" refresh
	equal "$title, refreshed: the new one is" "EPERM permitted" \
		"$(rule 7) $(rule 8)"
	check "$title: detach" detach
	equal "$title, detached: none is" "EPERM EPERM" "$(rule 7) $(rule 8)"
	lxc_stop "$name"
}

devices="virtual plain passthrough"
if [ "$("$B/tests/integration/devprobe" read /dev/hwrng 16)" = 16 ]; then
	devices="$devices hwrng"
else
	skip "hwrng" "this machine's cannot be read"
fi
mkdir -p "$T/includes" "$T/hostd.conf.d" "$T/got"
hostd_conf
hostd_start --rate 150000 || exit 1
wait_for 60 hostd_state serving
for layout in v1 v2; do
	lxc_layout $layout
	lxc_in mount -t tmpfs none /dev/shm || exit 1
	each begin
	equal "$layout: a refresh has nothing to do" "" "$(refresh 2>&1)"
	# no store: every terminal is another one
	hostd_end TERM
	hostd_up
	wait_for 60 hostd_state serving
	each plug
	check "$layout: refresh" refresh
	each refreshed
	each anew
	mv "$T/lib" "$T/removed"
	each without
	mv "$T/removed" "$T/lib"
	each end
	for kind in privileged idmapped; do
		passthrough_rules
	done
done
check "no byte came twice, to whomever" "$B/tests/integration/egdwild" unique \
	"$T"/got/*
hostd_stop

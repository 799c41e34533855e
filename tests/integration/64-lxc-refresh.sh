#!/bin/sh
# containers that run, brought up to date: after a OneRNG came or went, amid
# hostile and broken ones; and the whole way, with a real host agent
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh
. tests/lib/hostd.sh

trap lxc_exit EXIT
lxc_need
need python3
lxc_layout v1
lxc_install
lxc_agent
mkdir -p "$T/includes"

# with the capabilities that its unit has
unit=packaging/systemd/onerng-container-refresh.service
caps=-all$(sed -n 's/^CapabilityBoundingSet=//p' $unit | tr "[:upper:]" "[:lower:]" |
	sed 's/ *cap_/,+/g')

refresh() {
	lxc_in setpriv --bounding-set "$caps" "$B/onerngctl" \
		-s "$T/run/control.sock" container refresh \
		--includes "$T/includes" "$@"
}

# attach NAME WORD...
attach() {
	attach_name=$1
	shift
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container attach \
		"$(lxc_name "$attach_name")" --path "$LXC_PATH" \
		--includes "$T/includes" --drop-ins "$T/hostd.conf.d" "$@" \
		>"$T/attach.out" 2>&1 || {
		cat "$T/attach.out"
		return 1
	}
	sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" "$(generated \
		"$attach_name")"
}

# left NAME: processes that hold its folder, also where it was removed.
left() {
	find /proc/[0-9]*/fd -lname "$T/includes/$(lxc_name "$1").d*" \
		2>/dev/null | wc -l
}

generated() {
	echo "$T/includes/$(lxc_name "$1").d/onerng.conf"
}

look() {
	lxc_probe "$1" look /dev/onerng | cut -d' ' -f1-2
}

# publish NAME: a new pty.
publish() {
	[ ! -e "$T/$1-pty.pid" ] || stop "$1-pty"
	lxc_pty "$1"
	lxc_facts "$(lxc_name "$1")" virtual "$(lxc_node "$1")" \
		"$(lxc_rdev "$1")"
}

# rules NAME: what its control group permits of OneRNGs.
rules() {
	lxc_in lxc-cgroup -P "$LXC_PATH" -n "$(lxc_name "$1")" devices.list |
		grep '^c 166:'
}

# -- nothing to do
check "no container at all" refresh
equal "of which nothing is said" "" "$(refresh)"
equal "but as JSON" "[]" "$(refresh --json)"
refuse "a container that is not registered" 1 refresh nosuch
refresh nosuch >"$T/nosuch"
check "which is said" grep -q "no container with this ID" "$T/nosuch"
refuse "an ID that is a path" 1 refresh ../x
mkdir -p "$T/includes/broken.d" "$T/includes/empty.d"
check "a folder without a file was detached" refresh
echo "lxc.hook.autodev = nonsense" >"$T/includes/broken.d/onerng.conf"
refuse "what is not generated is left alone" 1 refresh
# shellcheck disable=SC2016 # the inner shell's
check "and named" sh -c 'echo "$1" | grep -q "broken: failed"' sh "$(refresh)"
rm -r "$T/includes/broken.d"

# -- a OneRNG that is passed through gets another number
lxc_make acm idmapped common
# a folder in /dev that nobody else sees
lxc_in mount -t tmpfs none /dev/shm

# acm [MINOR]: a OneRNG's tty, or none.
acm() {
	lxc_in rm -f /dev/shm/acm
	[ -z "${1:-}" ] || lxc_in mknod /dev/shm/acm c 166 "$1"
}

acm 5
attach acm --no-register --device "passthrough=/dev/shm/acm" ||
	not_ok "attach" "$(cat "$T/attach.out")"
check "it starts with its OneRNG" lxc_start acm
equal "which is the right one" "chr 166:5" "$(look acm)"
equal "and permitted" "c 166:5 rw" "$(rules acm)"
acm 6
check "it was plugged in again" refresh
equal "the node is another one" "chr 166:6" "$(look acm)"
equal "the old one is forbidden" "c 166:6 rw" "$(rules acm)"
check "the rule for its next start, too" \
	grep -q "devices.allow = c 166:6 rw" "$(generated acm)"
acm
check "it was unplugged" refresh
equal "no node is left" ENOENT "$(look acm)"
equal "nothing is permitted" "" "$(rules acm)"
equal "a refresh more has nothing to do" "" "$(refresh)"
acm 5
check "it is back" refresh
equal "with its node" "chr 166:5" "$(look acm)"
lxc_stop acm
equal "one that is stopped is no failure" stopped \
	"$(refresh --json | json 0.device)"
rm -r "$T/includes/$(lxc_name acm).d"

# -- broken and hostile ones among others
for name in bad good; do
	lxc_make $name privileged common
	publish $name
	attach $name --no-register || not_ok "attach" "$(cat "$T/attach.out")"
	check "$name starts" lxc_start $name
done
echo precious >"$(lxc_root bad)/precious"

# hostile TITLE WHAT COMMAND: its root does that, and the agent makes a new pty.
hostile() {
	lxc_run bad /bin/sh -c "umount /dev/onerng; rm -f /dev/onerng; $3"
	publish bad
	publish good
	refuse "$1: a failure" 1 refresh
	equal "$1: it stays" "$2" "$(look bad)"
	equal "$1: the others get theirs" "chr $(lxc_rdev good)" "$(look good)"
	lxc_run bad /bin/sh -c "umount /dev/onerng; rm -rf /dev/onerng"
}
hostile "a link" "lnk 0:0" "ln -s /precious /dev/onerng"
hostile "a link to a device" "lnk 0:0" "ln -s null /dev/onerng"
hostile "a file" "reg 0:0" "echo mine >/dev/onerng"
hostile "a folder" "dir 0:0" "mkdir /dev/onerng"
hostile "another device" "chr 1:3" \
	": >/dev/onerng; mount -o bind /dev/null /dev/onerng"
equal "what a link led to is as it was" precious \
	"$(cat "$(lxc_root bad)/precious")"
check "all is well again" refresh
equal "and it has its device" "chr $(lxc_rdev bad)" "$(look bad)"

lxc_run bad /bin/sh -c "mkdir /tmp/d; mount -t tmpfs none /dev"
check "another /dev over the old one" refresh
equal "gets it" "chr $(lxc_rdev bad)" "$(look bad)"
kill -s STOP "$(lxc_pid bad)"
check "an init that is stopped" refresh
kill -s CONT "$(lxc_pid bad)"
lxc_run bad /bin/sh -c "umount /dev/onerng"
monitor=$(awk '/^PPid/ { print $2 }' "/proc/$(lxc_pid bad)/status")
kill -s STOP "$monitor"
publish good
refuse "a monitor that hangs" 1 refresh
equal "keeps no other from its device" "chr $(lxc_rdev good)" "$(look good)"
kill -s CONT "$monitor"
lxc_stop bad

# a /dev that never answers
lxc_make silent privileged
publish silent
attach silent --no-register || not_ok "attach" "$(cat "$T/attach.out")"
lxc_start silent
lxc_run silent /bin/devprobe mknod /tmp/fuse 10 229 >"$T/mknod"
lxc_run silent /bin/devprobe fuse /tmp/fuse /dev >"$T/fuse" 2>&1 &
fuse_pid=$!
if wait_for 10 grep -q ok "$T/fuse"; then
	publish silent
	publish good
	refuse "a /dev that never answers" 1 refresh
	equal "keeps no other from its device" "chr $(lxc_rdev good)" \
		"$(look good)"
	equal "who looked cannot be ended" 1 "$(left silent)"
	publish silent
	publish good
	refuse "it is passed over then" 1 refresh
	says_passed_over=$(lxc_in "$B/onerngctl" container refresh \
		"$(lxc_name silent)" --includes "$T/includes" 2>&1)
	check "which is said" test -n "$says_passed_over" -a \
		-z "${says_passed_over##*passed over*}"
	equal "and nobody else is sent there" 1 "$(left silent)"
	equal "the others get theirs" "chr $(lxc_rdev good)" "$(look good)"
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container check \
		"$(lxc_name silent)" --path "$LXC_PATH" \
		--includes "$T/includes" >"$T/found" 2>&1
	check "check tells" grep -q unanswered "$T/found"
	refuse "nor from being detached" 1 lxc_in "$B/onerngctl" \
		-s "$T/run/control.sock" container detach "$(lxc_name silent)" \
		--path "$LXC_PATH" --includes "$T/includes" --no-register
	check "its files are as they were" test ! -e "$(generated silent)"
	publish silent
	# shellcheck disable=SC2016 # the inner shell's
	check "nobody waits for what a hook says who looks there" \
		timeout 60 sh -c '"$@" 2>&1 | cat' sh env -i \
		LXC_PID="$(lxc_pid silent)" "$T/lib/lxc-autodev" \
		"$(lxc_name silent)" type=start-host device=virtual run="$T/run"
else
	skip "a /dev that never answers" "no FUSE: $(cat "$T/fuse")"
	rm -rf "$T/includes/$(lxc_name silent).d"
fi
lxc_stop silent
wait $fuse_pid
nobody_left() {
	[ "$(left silent)" -eq 0 ]
}
check "the container's end is that process's" wait_for 10 nobody_left

# while a container is down, its monitor's address is anybody's
cat >"$T/impostor.py" <<'END'
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX)
os.setuid(65534)
s.bind(b"\0" + sys.argv[1].encode() + b"/command")
s.listen(8)
open(sys.argv[2], "w").close()
signal.pause()
END
mkdir -m 777 "$T/impostor"
start impostor timeout 600 python3 "$T/impostor.py" \
	"$LXC_PATH/$(lxc_name bad)" "$T/impostor/ready"
wait_for 10 test -e "$T/impostor/ready"
equal "another user in its monitor's place is not asked" stopped \
	"$(refresh "$(lxc_name bad)" --json | json 0.device)"
stop impostor

# one that is being started has no root of its own for a while
sed -i "s|^lxc.net.0|lxc.hook.mount = sh -c 'sleep 1' #\n&|" \
	"$(lxc_config bad)"
lxc_start bad &
starting=$!
sleep 0.5
publish bad
check "one that is being started is waited for" refresh
wait $starting
equal "and has the newest" "chr $(lxc_rdev bad)" "$(look bad)"
check "nothing is in the host's /dev" test ! -e /dev/onerng
lxc_stop bad
lxc_stop good
rm -rf "$T/includes" "$T/run"
mkdir "$T/includes"

# -- a real agent
ids() {
	hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
	if c.get("kind") == "container":
		print(c["name"], c["phase"], c["device"])'
}

hostd_conf
mkdir "$T/hostd.conf.d"
hostd_start --devices 1 || exit 1
wait_for 60 hostd_state serving
for kind in privileged idmapped; do
	lxc_make real-$kind $kind common
	check "$kind: attach" attach real-$kind --name onerng --name ttyACM0 \
		--socket
	check "$kind: it starts" lxc_start real-$kind
	wait_for 20 lxc_probe real-$kind ask /dev/onerng 1
	equal "$kind: bytes come" 2000 \
		"$(lxc_probe real-$kind ask /dev/onerng 2000)"
	equal "$kind: its socket takes one" ok \
		"$(lxc_probe real-$kind listen /dev/onerng.d/egd.sock)"
	check "$kind: the agent knows that it runs" wait_for 10 sh -c \
		"$B/onerngctl -s $T/run/control.sock status --json |
		grep -q '\"pid\": $(lxc_pid real-$kind)\\b'"
done
ids
hostd_end TERM
hostd_up
wait_for 60 hostd_state serving
check "the agent was restarted: refresh" refresh
for kind in privileged idmapped; do
	equal "$kind: bytes come after that" 2000 \
		"$(lxc_probe real-$kind ask /dev/onerng 2000)"
	lxc_stop real-$kind
done
hostd_stop

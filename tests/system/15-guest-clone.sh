#!/bin/sh
# A guest whose kernel waits for an answer of the host agent is saved and
# restored twice, each with a socket of its own: they draw different bytes within
# a second, where the kernel has no vmgenid, for the guest agent notices, and
# where it has one, for then the kernel does.
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
need qemu-system-x86_64 busybox cpio modprobe python3
kernel_need cloud standard
vm_accel

absent=2 # seconds, at least, between saving and restoring
bound_ms=1000
allowance_max_ms=2000 # for a machine that is busy
red_uuid=5d3a2c1e-0015-4b6f-8d70-0f1e2d3c4b01
blue_uuid=5d3a2c1e-0015-4b6f-8d70-0f1e2d3c4b02

# A program of the guest draws every 20 ms, and tells on a port of its own.
cat >"$T/rc" <<'END'
# shellcheck shell=sh
until [ -c /dev/vport*p1 ]; do
	sleep 0.1
done
/bin/drawlog /dev/vport*p1 20 2>/tmp/drawlog.log &
[ ! -e /bin/onerng-guestd ] || /bin/onerng-guestd >/tmp/guestd.log 2>&1 &
END

# monitor NAME COMMAND: for QEMU, whose answer it prints.
cat >"$T/monitor.py" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
f = s.makefile("rw")
f.readline()
for command in ["qmp_capabilities"], sys.argv[2:]:
    print(json.dumps({"execute": command[0], "arguments":
                      json.loads(command[1]) if command[1:] else {}}),
          file=f, flush=True)
    while True:
        answer = json.loads(f.readline())
        if "event" not in answer:
            break
print(json.dumps(answer.get("return", answer)))
sys.exit("return" not in answer)
END
# What both drew after the last draw of the one that was saved, how many each
# drew that the other did not, the first time of each behind its restore, for
# how long they drew the same, and how much of that the one which waited longer
# waited beyond its pauses.  No draw of either may have been made before.
cat >"$T/compare.py" <<'END'
import sys
PAUSE_MS = 20
saved, red, blue = ([line.split() for line in open(name)]
                    for name in sys.argv[2:5])
end = int(saved[-1][0])
before = {draw for _, draw in saved}
same = {draw for _, draw in red} & {draw for _, draw in blue}
last = max((int(time) for time, draw in red + blue if draw in same),
           default=end)
times = [[int(time) for time, _ in draws] for draws in (red, blue)]
waited = max(sum(b - a - PAUSE_MS for a, b in zip([end] + each, each)
                 if b <= last) for each in times)
with open(sys.argv[1], "w") as out:
    print(len(same), len(red) - len(same), len(blue) - len(same),
          times[0][0] - end, times[1][0] - end, last - end, waited, file=out)
sys.exit(any(draw in before for _, draw in red + blue))
END

monitor() {
	monitor_name=$1
	shift
	python3 "$T/monitor.py" "$T/$monitor_name.qmp" "$@"
}

# boot NAME KERNEL UUID WORD...
boot() {
	guest=$1 kernel=$2 socket=$(hostd_socket "$3")
	shift 3
	vm_qemu "$guest" "$kernel" "$T/$kernel.gz" "rng=$socket" \
		-qmp "unix:$T/$guest.qmp,server=on,wait=off" \
		-device virtio-serial-pci \
		-chardev "file,id=draws,path=$T/$guest.draws" \
		-device virtserialport,chardev=draws,name=draws "$@"
}

status() {
	vm_run "$1" 30 'onerng-guestd --status --json' | json "$2"
}

noticed() {
	[ "$(status "$1" restarts)" -ge 1 ] &&
		[ "$(status "$1" feed_reason)" = "restore or clone" ]
}

saved() {
	monitor first query-migrate | grep -q '"status": "completed"'
}

restored() {
	monitor "$1" query-status | grep -q '"status": "paused"'
}

# save KERNEL: the guest asks while the agent is stopped, so that its kernel
# waits for an answer as it is saved.
save() {
	check "$1: it draws" wait_for 20 test -s "$T/first.draws"
	kill -s STOP "$(cat "$T/hostd.pid")"
	vm_run first 20 'head -c 1024 /dev/hwrng >/tmp/asked &' >/dev/null
	sleep 1
	check "$1: its kernel waits for an answer" \
		vm_run first 20 'pidof head'
	check "$1: it is stopped" monitor first stop
	check "$1: it is saved" monitor first migrate \
		"{\"uri\": \"exec:cat >$T/saved\"}"
	check "$1: its image is complete" wait_for 60 saved || exit 1
	stop first 10
	kill -s CONT "$(cat "$T/hostd.pid")"
	sleep $absent
}

# It was stopped when it was saved, so each has to be told, once it is there.
go_on() {
	for clone in red blue; do
		check "$1: $clone is restored" wait_for 60 restored $clone
		check "$1: $clone may run" monitor $clone cont
	done
	for clone in red blue; do
		check "$1: $clone goes on" vm_wait $clone 60 true || exit 1
	done
}

# answered KERNEL: each had an answer of its own.  What was in the guest as it
# was saved, both go on with: buffers of 64 bytes of its driver, of what is
# above that, and of what had been read.
answered() {
	for clone in red blue; do
		check "$1: $clone has its answer" vm_wait $clone 60 \
			'wc -c </tmp/asked | grep -qx 1024'
		vm_run $clone 20 'od -A n -v -t x1 /tmp/asked' |
			tr -dc '0-9a-f' | tr a-f A-F |
			basenc --base16 -d >"$T/$clone.asked"
	done
	echo "$1: bytes of both differ from number" \
		"$(cmp "$T/red.asked" "$T/blue.asked" |
			sed 's/.* \([0-9]*\), line.*/\1/') on"
	for clone in red blue; do
		tail -c +257 "$T/$clone.asked" >"$T/$clone.answer"
	done
	check "$1: the answers differ" "$B/tests/integration/egdwild" unique \
		"$T/red.answer" "$T/blue.answer"
}

# compare KERNEL: a busy machine lets guests and agent wait; how long, the
# draws tell, which should come every 20 ms, and a process beside the guests.
# Four processes make an answer.
compare() {
	check "$1: nothing is drawn again" python3 "$T/compare.py" \
		"$T/compared" "$T/first.draws" "$T/red.draws" \
		"$T/blue.draws" || return
	read -r same red blue red_ms blue_ms ms waited <"$T/compared"
	late=$(awk '$2 > most { most = $2 } END { print most + 0 }' "$T/pulse")
	allowance=$((waited + 4 * late))
	[ $allowance -le $allowance_max_ms ] || allowance=$allowance_max_ms
	echo "$1: drawn twice after the restore: $same, until $ms ms behind" \
		"the last draw before it; the first draws came after $red_ms" \
		"and $blue_ms ms; not twice: $red and $blue; a guest's program" \
		"waited for $waited ms of it, one beside for $late ms at most"
	check "$1: clones draw different bytes" \
		test "$red" -ge 20 -a "$blue" -ge 20
	check "$1: within a second" test "$ms" -le $((bound_ms + allowance))
	check "$1: of draws, too" test "$same" -le $((bound_ms / 20))
}

# generation KERNEL ID: the device for it, each ID another generation.
generation() {
	[ "$1" = cloud ] || printf '%s\n' -device \
		"vmgenid,guid=5d3a2c1e-0015-4b6f-8d70-0f1e2d3c4b$2"
}

# clones KERNEL
clones() {
	rm -f "$T"/*.draws "$T/pulse"
	# shellcheck disable=SC2046 # words
	boot first "$1" $red_uuid $(generation "$1" a0)
	check "$1: the guest boots" vm_up first || exit 1
	"begin_$1"
	save "$1"
	start pulse "$B/tests/system/hwrngread" /dev/zero /dev/null \
		"$T/pulse" 5
	for clone in red blue; do
		case $clone in
		red) uuid=$red_uuid id=b0 ;;
		*) uuid=$blue_uuid id=b1 ;;
		esac
		# shellcheck disable=SC2046 # words
		boot $clone "$1" $uuid $(generation "$1" $id) \
			-incoming "exec:cat $T/saved"
	done
	go_on "$1"
	"end_$1"
	answered "$1"
	sleep 1
	for clone in red blue; do
		vm_off $clone
	done
	stop pulse 5 KILL
	compare "$1"
}

begin_cloud() {
	check guest_is_fed vm_wait first 30 'grep -q reseeded /tmp/guestd.log'
	equal its_kernel_has_no_vmgenid none \
		"$(vm_run first 20 'ls -d /sys/bus/acpi/drivers/vmgenid \
			2>/dev/null || echo none')"
	sleep 3
	equal nothing_is_noticed_before 0 "$(status first restarts)"
	feeds=$(status first feeds)
}

end_cloud() {
	for clone in red blue; do
		check "${clone}_notices" wait_for 30 noticed $clone || {
			vm_run $clone 20 'cat /tmp/guestd.log;
				onerng-guestd --status;
				cat /sys/class/rtc/rtc0/since_epoch; date +%s'
		}
		check "${clone}_is_fed_again" test "$(status $clone feeds)" \
			-gt "$feeds"
		check "${clone}_tests_from_the_start" \
			test "$(status $clone verified_bytes)" -ge 2048
	done
}

# No guest agent runs here: what happens, the kernel does.
begin_standard() {
	check its_kernel_has_vmgenid vm_run first 20 \
		'ls /sys/bus/acpi/drivers/vmgenid/QEMUVGID:00'
	check no_guest_agent_runs vm_run first 20 '! pidof onerng-guestd'
	sleep 2
}

end_standard() {
	sleep 2
}

drawlog=$B/tests/system/drawlog:bin/drawlog
modules="virtio_pci virtio_rng virtio_console"
check image_with_guest_agent_is_made vm_initramfs "$T/cloud.gz" cloud \
	"$modules" "$B/onerng-guestd-static:bin/onerng-guestd" "$drawlog" \
	"$T/rc:rc" || exit 1
check image_without_it_is_made vm_initramfs "$T/standard.gz" standard \
	"$modules" "$drawlog" "$T/rc:rc" || exit 1
hostd_conf red=$red_uuid blue=$blue_uuid
check host_agent_starts hostd_start --devices 1 || exit 1
check host_agent_serves wait_for 60 hostd_state serving || exit 1
clones cloud
clones standard
hostd_stop

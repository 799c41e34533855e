#!/bin/sh
# A guest is saved and restored twice, where its kernel has no vmgenid: each of
# the two notices, and feeds its kernel with bytes of its own, at once.
# timeout: 300
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
need qemu-system-x86_64 busybox cpio modprobe python3
kernel_need cloud
vm_accel

VM_BOOT_TIMEOUT=90
absent=2 # seconds, at least, between saving and restoring

# A program of the guest draws every 20 ms, and tells on a port of its own.
cat >"$T/rc" <<'END'
# shellcheck shell=sh
/bin/onerng-guestd >/tmp/guestd.log 2>&1 &
until [ -c /dev/vport*p1 ]; do
	sleep 0.1
done
/bin/drawlog /dev/vport*p1 20 2>/tmp/drawlog.log &
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
# drew that the other did not, the first time of each behind its restore, and
# for how long they drew the same.
cat >"$T/compare.py" <<'END'
import sys
saved, red, blue = ([line.split() for line in open(name)]
                    for name in sys.argv[1:4])
end = int(saved[-1][0])
same = {draw for _, draw in red} & {draw for _, draw in blue}
last = max((int(time) for time, draw in red + blue if draw in same),
           default=end)
with open(sys.argv[0].replace(".py", "d"), "w") as out:
    print(len(same), len(red) - len(same), len(blue) - len(same),
          int(red[0][0]) - end, int(blue[0][0]) - end, last - end, file=out)
END
monitor() {
	monitor_name=$1
	shift
	python3 "$T/monitor.py" "$T/$monitor_name.qmp" "$@"
}

boot() {
	guest=$1
	shift
	vm_qemu "$guest" cloud "$T/guest.gz" -object rng-builtin,id=rng0 \
		-device virtio-rng-pci,rng=rng0 \
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

check guest_image_is_made vm_initramfs "$T/guest.gz" cloud \
	"virtio_pci virtio_rng virtio_console" \
	"$B/onerng-guestd-static:bin/onerng-guestd" \
	"$B/tests/system/drawlog:bin/drawlog" "$T/rc:rc" || exit 1
boot first
check guest_boots vm_up first || exit 1
check guest_is_fed vm_wait first 30 'grep -q reseeded /tmp/guestd.log'
equal its_kernel_has_no_vmgenid none \
	"$(vm_run first 20 'ls -d /sys/bus/acpi/drivers/vmgenid 2>/dev/null ||
		echo none')"
sleep 3
equal nothing_is_noticed_before 0 "$(status first restarts)"
feeds=$(status first feeds)
check it_draws wait_for 20 test -s "$T/first.draws"
check guest_is_stopped monitor first stop
check guest_is_saved monitor first migrate \
	"{\"uri\": \"exec:cat >$T/saved\"}"
check image_is_complete wait_for 60 saved || exit 1
stop first 10
sleep $absent

for clone in red blue; do
	boot $clone -incoming "exec:cat $T/saved"
done
# It was stopped when it was saved, so each has to be told, once it is there.
for clone in red blue; do
	check "${clone}_is_restored" wait_for 60 restored $clone
	check "${clone}_may_run" monitor $clone cont
done
for clone in red blue; do
	check "${clone}_goes_on" vm_wait $clone 60 true || exit 1
	check "${clone}_notices" wait_for 30 noticed $clone || {
		vm_run $clone 20 'cat /tmp/guestd.log;
			onerng-guestd --status;
			cat /sys/class/rtc/rtc0/since_epoch; date +%s'
	}
	check "${clone}_is_fed_again" test "$(status $clone feeds)" -gt \
		"$feeds"
	check "${clone}_tests_from_the_start" \
		test "$(status $clone verified_bytes)" -ge 2048
done
sleep 1
for clone in red blue; do
	vm_off $clone
done

# A busy machine slows down who draws and who notices alike, so the bound of a
# second is one of draws, of which no second has more than 50.
check draws_are_compared python3 "$T/compare.py" "$T/first.draws" \
	"$T/red.draws" "$T/blue.draws" >/dev/null || exit 1
read -r same red blue red_ms blue_ms ms <"$T/compared"
echo "drawn twice after the restore: $same, until $ms ms behind the last draw" \
	"before it; the first draws came after $red_ms and $blue_ms ms; not" \
	"twice: $red and $blue"
check clones_draw_different_bytes test "$red" -ge 20 -a "$blue" -ge 20
check within_a_second test "$same" -le 50

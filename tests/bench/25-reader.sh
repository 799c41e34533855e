#!/bin/sh
# What the reader costs while a device streams at full rate and a domain takes
# all of it: in a QEMU guest that is the host, with a real xHCI and the kernel's
# usbfs.  20-hostd.sh cannot tell, as libusb is never idle under umockdev.
#
# The guest's time is counted: what QEMU's controller needs for each transfer is
# in it where the kernel waits for that.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
. tests/bench/bench.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

uuid=6f6e6572-6e67-4000-8000-000000000001
seconds=${BENCH_SECONDS:-20}
printf '[%s]\nidle_pause=0\n' agent >"$T/bench.conf"

# snapshot NAME: clock, processor time of both, samples.
snapshot() {
	on_host "cut -d ' ' -f 1 /proc/uptime;
		cat /proc/$core/task/*/schedstat | awk '{ n += \$1 } END { print n }';
		cat /proc/$reader/task/*/schedstat | awk '{ n += \$1 } END { print n }'" |
		tr '\n' ' ' >"$T/$1"
	host_status devices.0.raw_bytes >>"$T/$1"
}

# difference FIELD
difference() {
	calc "$(cut -d ' ' -f "$1" "$T/after") - $(cut -d ' ' -f "$1" "$T/before")"
}

check host_image_is_made host_image $uuid "" \
	"$T/bench.conf:overlay/etc/hostd.conf.d/bench.conf" || exit 1
check simulator_listens host_device || exit 1
check host_boots vm_boot host standard "$T/host.gz" cpu=max mem=1024 root \
	usb="$T/usb.sock" || exit 1
check agent_serves host_agent || exit 1
core=$(on_host 'cat /tmp/hostd.pid')
reader=$(on_host 'pgrep -f "[r]ole reader"')
on_host "$B/tests/integration/egdpeer gulp /run/onerng/kvm/$uuid.sock \
	/dev/null >/dev/null 2>&1 &"
sleep 5
snapshot before
sleep "$seconds"
snapshot after
took=$(difference 1)
bench "rate at a real xHCI" "$(calc "$(difference 4) / $took / 1000")" kB/s
bench "core at a real xHCI" "$(calc "$(difference 2) / $took / 1e7")" \
	"% of a processor"
bench "reader at a real xHCI" "$(calc "$(difference 3) / $took / 1e7")" \
	"% of a processor"
vm_off host

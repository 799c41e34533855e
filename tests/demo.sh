#!/bin/sh
# What onerng-virt does, to watch: a OneRNG, the host agent, two QEMU guests
# with the guest agent, a device pulled out, an agent restarted.  `make demo`.
# A real OneRNG is used where one is plugged in, else the simulated one.
# Ends with a table and 0 only if all of it was seen; leaves nothing behind.
TEST_TOP=$(dirname "$0")/..
. "$TEST_TOP/tests/lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/vmguest.sh
. tests/lib/hostd.sh
. tests/lib/sign.sh

red=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0031
blue=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0032
begun=0

say() {
	demo_tenths=$((($(date +%s%N) - begun) / 100000000))
	printf '%4d.%d s  %s\n' $((demo_tenths / 10)) $((demo_tenths % 10)) "$*"
}

section() {
	printf '\n%s\n' "$*"
}

# seen WHAT COMMAND...: a line of the table at the end.
seen() {
	demo_what=$1
	shift
	if "$@" >"$T/seen.log" 2>&1 </dev/null; then
		demo_verdict=ok
	else
		demo_verdict=FAILED
		not_ok "$demo_what" "$(tail -n 1 "$T/seen.log")"
	fi
	printf '          %-58s %s\n' "$demo_what" $demo_verdict >>"$T/table"
	[ $demo_verdict = ok ]
}

give_up() {
	echo "demo: failed: $1; the end of the log:"
	tail -n 15 "$2"
	exit 1
}

# real_device: the port of a OneRNG that is plugged in.
real_device() {
	for demo_device in /sys/bus/usb/devices/*; do
		[ "$(cat "$demo_device/idVendor" 2>/dev/null)" = 1d50 ] &&
			[ "$(cat "$demo_device/idProduct")" = 6086 ] &&
			basename "$demo_device" && return
	done
	return 1
}

# A test key and firmware signed with it, for the simulated device.
signed_flash() {
	sign_key demo ed25519 && sign_flash demo 3 "$T/flash" &&
		sign_keyring "$T/ring.gpg" demo && sign_end
}

# reads NAME: how many 64-byte blocks the guest's reader has got.
reads() {
	vm_run "$1" 20 'wc -l </tmp/reads'
}

reads_beyond() {
	[ "$(reads "$1")" -gt "$2" ]
}

show_device() {
	hostd_ctl status --json >"$T/status" || return
	say "$(python3 -c '
import json, sys
d = json.load(sys.stdin)["devices"][0]
print("device %s at %s: firmware %s, %s, image %.16s..." % (
    d["name"], d["port"], d["firmware"], d["state"], d["image_sha256"]))' \
		<"$T/status")"
	say "firmware: $(json devices.0.firmware_check.verdict <"$T/status"):" \
		"$(json devices.0.firmware_check.detail <"$T/status")"
	say "health $(json devices.0.health.verdict <"$T/status"): start-up" \
		"test took $(json devices.0.health.startup_samples <"$T/status")" \
		"samples, $(json devices.0.raw_bytes <"$T/status") read so far"
}

show_guest() {
	say "$1: crng init done, $(vm_run "$1" 20 'dmesg |
		sed -n "s/^\[ *\([0-9]*\.[0-9]\).*random: crng init done/\1/p"'
		) s after power-on, from $(guest_value "$1" rng_current)"
	say "$1: guest agent verified $(guest_value "$1" verified_bytes)" \
		"bytes, fed the kernel $(guest_value "$1" fed_bytes) bytes"
}

# A block of 1024 bytes: its first ones and its hash.
show_block() {
	vm_run "$1" 20 'dd if=/dev/hwrng of=/tmp/b bs=64 count=16 2>/dev/null;
		od -A n -v -t x1 -N 16 /tmp/b; sha256sum </tmp/b; rm /tmp/b' \
		>"$T/$1.block"
	say "$1:$(head -n 1 "$T/$1.block") ... SHA-256" \
		"$(sed -n '2s/^\(.\{16\}\).*/\1.../p' "$T/$1.block")"
}

blocks_differ() {
	[ -s "$T/red.block" ] && [ -s "$T/blue.block" ] &&
		[ -z "$(sort "$T/red.block" "$T/blue.block" | uniq -d)" ]
}

replug() {
	say "pulling the device out"
	hostd_sim unplug >/dev/null
	seen "unplug is noticed" wait_for 20 hostd_state no-device
	sleep 0.5
	demo_had=$(reads red)
	sleep 1.5
	say "agent: $(hostd_get state); red had $demo_had blocks, 1.5 s later" \
		"$(reads red): its reads wait"
	seen "without a device no guest gets a byte" \
		test "$(reads red)" -eq "$demo_had"
	say "plugging it in again"
	hostd_sim plug >/dev/null
	seen "replug: tested anew, serving again" \
		wait_for 40 hostd_state serving
	say "agent: $(hostd_get state), start-up test again:" \
		"$(hostd_get devices.0.health.verdict)"
	seen "guests read on after the replug" both_read_on
}

both_read_on() {
	demo_red=$(reads red) demo_blue=$(reads blue)
	wait_for 30 reads_beyond red "$demo_red" &&
		wait_for 30 reads_beyond blue "$demo_blue"
}

restart() {
	demo_old=$(cat "$T/hostd.pid")
	say "ending the host agent (process $demo_old); its keeper starts it again"
	hostd_end TERM
	seen "host agent restarts and serves" wait_for 60 hostd_state serving
	say "agent: process $(cat "$T/hostd.pid"), $(hostd_get state)"
	seen "guests read on after the restart" both_read_on
	for demo_guest in red blue; do
		say "$demo_guest: $(reads $demo_guest) blocks so far, longest" \
			"pause of all this $(vm_run $demo_guest 20 longest-gap) s"
	done
}

nothing_runs() {
	for demo_name in red blue keeper; do
		gone "$(pid_of $demo_name)" || return
	done
	[ ! -e "$T/hostd.pid" ]
}

for tool in qemu-system-x86_64 busybox cpio modprobe gpg gpgv; do
	command -v $tool >/dev/null || {
		echo "demo: failed: $tool is not installed"
		exit 1
	}
done
CI=1 kernel_need standard
vm_accel
begun=$(date +%s%N)

echo "onerng-virt: one hardware random number generator for many guests"
section "1. The host: a OneRNG and the host agent"
if port=$(real_device); then
	say "a real OneRNG is plugged in at $port"
	hostd_firmware=warn
	hostd_conf red=$red blue=$blue
	hostd_real
else
	say "no OneRNG is plugged in: a simulated one, 57600 bytes/s"
	signed_flash
	say "its firmware is signed with a test key, made just now"
	hostd_firmware=require
	hostd_conf red=$red blue=$blue
	printf '[source]\nfirmware_keyring=%s\nfirmware_key=%s\n' \
		"$T/ring.gpg" "$(sign_fingerprint demo)" >>"$T/hostd.conf"
	hostd_start --rate 57600 --image "$T/flash"
fi >"$T/first" 2>&1 || give_up "the host agent does not start" "$T/first"
cat "$T/first"
guest_image || exit 1
seen "device's raw noise is tested, the agent serves" \
	wait_for 60 hostd_state serving ||
	give_up "the host agent does not serve" "$T/keeper.log"
show_device

section "2. Two QEMU guests, each with a socket of its own ($VM_ACCEL, Debian's kernel)"
say "booting red and blue; their CPU has no RDRAND"
vm_qemu red standard "$T/guest.gz" rng="$(hostd_socket $red)"
vm_qemu blue standard "$T/guest.gz" rng="$(hostd_socket $blue)"
for guest in red blue; do
	vm_up $guest >"$T/first" || give_up "$guest does not boot" "$T/first"
	seen "$guest: verified by its guest agent, its kernel fed" \
		wait_for 40 guest_fed $guest
	seen "$guest: its kernel's RNG is ready" \
		vm_wait $guest 20 'dmesg | grep "crng init done"'
	show_guest $guest
done

section "3. Every guest has bytes of its own"
show_block red
show_block blue
seen "the guests' bytes differ" blocks_differ
for guest in red blue; do
	vm_run $guest 20 'reader >/dev/null 2>&1 &'
	vm_wait $guest 20 'test -s /tmp/reads'
done
say "both guests now read /dev/hwrng without pause"

section "4. The device is pulled out and plugged in again"
if [ -n "${port:-}" ]; then
	say "skipped: the device is a real one"
else
	replug
fi

section "5. The host agent is restarted while the guests read"
restart

section "What was served since then"
hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
    if c["kind"] == "domain":
        print("          %-5s %d bytes in %d requests" %
              (c["name"], c["delivered"], c["requests"]))'
vm_off red
vm_off blue
hostd_stop
seen "nothing is left running" wait_for 10 nothing_runs

section "What was seen"
cat "$T/table"
if [ -s "$T/.failed" ]; then
	echo "demo: failed"
	exit 1
fi
say "done"
echo "demo: passed"

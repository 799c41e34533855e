#!/bin/sh
# Plain guests on Debian's kernel, with a CPU that has no RDRAND: the kernel's
# RNG becomes ready through us, each guest has bytes of its own, and neither
# the end nor the absence of the host agent stalls a guest for good.
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/vmguest.sh
. tests/lib/hostd.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

red=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0001
blue=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0002
late=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0003
hostd_conf red=$red blue=$blue late=$late

# ready_time NAME: when the guest's kernel said that its RNG is ready.
ready_time() {
	vm_run "$1" 20 'dmesg |
		sed -n "s/^\[ *\([0-9.]*\)\].*crng init done.*/\1/p"'
}

check host_agent_starts hostd_start || exit 1
check host_agent_serves wait_for 60 hostd_state serving || {
	tail -n 20 "$T/keeper.log"
	exit 1
}
check guest_image_is_made guest_image || exit 1

vm_qemu red standard "$T/guest.gz" rng="$(hostd_socket $red)"
vm_qemu bare standard "$T/guest.gz"
check guest_boots vm_up red || exit 1
check guest_without_virtio_rng_boots vm_up bare || exit 1

equal guest_uses_virtio_rng virtio_rng.0 \
	"$(vm_run red 20 'cat /sys/class/misc/hw_random/rng_current')"
check guest_agent_feeds_the_kernel wait_for 30 guest_fed red ||
	vm_run red 20 'cat /tmp/guestd.log'
check guest_kernel_rng_is_ready \
	vm_wait red 20 'dmesg | grep "crng init done"'
with=$(ready_time red) without=$(ready_time bare)
echo "crng init done: with virtio-rng at ${with:-never} s," \
	"without at ${without:-never, so far} s"
# Two guests side by side may have unlike shares of a busy machine.
check ready_no_later_than_without awk -v with="$with" \
	-v without="${without:-1e9}" \
	'BEGIN { exit !(with != "" && with <= 2 * without + 10) }'
check guest_agent_verified_what_came \
	test "$(guest_value red verified_bytes)" -ge 64
vm_off bare

check second_guest_boots vm_boot blue standard "$T/guest.gz" \
	rng="$(hostd_socket $blue)" || exit 1

# Both at once; 16 bytes a line, so that a block that two guests got shows.
for guest in red blue; do
	vm_run $guest 60 'dd if=/dev/hwrng bs=64 count=128 2>/dev/null |
		od -A n -v -t x1' >"$T/$guest.hex" &
	reading="${reading:-} $!"
done
# shellcheck disable=SC2086 # process ids
wait $reading
equal both_guests_read_all "512 512" \
	"$(wc -l <"$T/red.hex") $(wc -l <"$T/blue.hex")"
equal no_block_is_given_twice "" "$(sort "$T/red.hex" "$T/blue.hex" | uniq -d)"

# While one reads on, the agent ends.  The bound: the time until it serves
# again, QEMU's second until it connects, and the agent's pushes.
vm_run red 20 'reader >/dev/null 2>&1 &'
vm_wait red 20 'test -s /tmp/reads'
for signal in TERM KILL; do
	down=$(date +%s)
	hostd_end $signal
	check "agent_serves_again_after_SIG$signal" \
		wait_for 60 hostd_state serving || tail -n 20 "$T/keeper.log"
	bound=$(($(date +%s) - down + 10))
	before=$(vm_run red 20 'wc -l </tmp/reads')
	check "guest_reads_on_after_SIG$signal" \
		vm_wait red 30 "test \$(wc -l </tmp/reads) -gt $before"
	gap=$(vm_run red 20 longest-gap)
	echo "longest pause so far: $gap s, the bound is $bound s"
	check "SIG${signal}_stalls_no_guest" test "${gap:-99}" -le $bound
	# The next one is measured alone.
	vm_run red 20 'tail -n 1 /tmp/reads >/tmp/last;
		cat /tmp/last >/tmp/reads'
done

hostd_hold
hostd_end TERM
check guest_boots_without_agent vm_boot late standard "$T/guest.gz" \
	rng="$(hostd_socket $late)" || exit 1
# Its agent may not have come to its first report yet.
check late_guest_agent_reports wait_for 60 guest_value late received_bytes
equal no_bytes_without_agent 0 "$(guest_value late received_bytes)"
hostd_release
check late_agent_serves_the_guest wait_for 60 guest_fed late ||
	vm_run late 20 'cat /tmp/guestd.log'
check late_guest_is_ready vm_wait late 20 'dmesg | grep "crng init done"'

for guest in red blue late; do
	vm_off $guest
done
hostd_stop

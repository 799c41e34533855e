#!/bin/sh
# The guest agent alone in a guest whose kernel's RNG is not ready, without
# RDRAND and without virtio-rng: small credits add up, nothing waits for the
# kernel, and a clock that is set means fresh bytes at once.
# timeout: 400
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

guest_image() {
	head -c 4096 /dev/urandom >"$T/good"
	cat >"$T/rc" <<-'END'
		onerng-guestd --require=5 --credit 0 -s file:/good \
			>/tmp/require.log 2>&1
		echo $? >/tmp/require.status
		cat /proc/sys/kernel/random/entropy_avail >/tmp/before
		onerng-guestd --once --bytes 32 -s file:/good \
			--status-file /tmp/once.json >/tmp/once.log 2>&1
		echo $? >/tmp/once.status
		umount /run && rmdir /run
		onerng-guestd -s hwrng:/dev/urandom >/tmp/guestd.log 2>&1 &
	END
	vm_initramfs "$T/guest.gz" standard "" \
		"$B/onerng-guestd-static:bin/onerng-guestd" \
		"$T/rc:rc" "$T/good:good"
}

guest_says() {
	vm_run unready 20 "grep -q '$2' /tmp/$1.log"
}

check guest_image_is_made guest_image || exit 1
vm_qemu unready standard "$T/guest.gz"
check guest_boots vm_up unready || exit 1

before=$(vm_run unready 20 'cat /tmp/before')
if [ "$before" -ge 128 ]; then
	skip small_credits_add_up "the kernel had $before bits by itself"
	skip unready_kernel_is_no_admission "the same"
else
	equal unready_kernel_is_no_admission 6 \
		"$(vm_run unready 20 'cat /tmp/require.status')"
	check and_it_says_so guest_says require \
		'not admitted: kernel RNG not ready'
	check first_feed_is_not_enough guest_says once 'kernel RNG not ready'
	equal second_feed_is_made_at_once 2 \
		"$(vm_run unready 20 'cat /tmp/once.json' | json feeds)"
fi
equal once_ends_well 0 "$(vm_run unready 20 'cat /tmp/once.status')"
equal kernel_is_ready_then 1 \
	"$(vm_run unready 20 'cat /tmp/once.json' | json kernel.ready)"
check service_feeds vm_wait unready 20 \
	'grep -q "reseeded; kernel RNG ready" /tmp/guestd.log'
check missing_run_is_a_warning guest_says guestd 'status file'
vm_run unready 20 'date -s 2031-01-01' >/dev/null
check set_clock_means_a_feed_at_once vm_wait unready 20 \
	'grep -q "the time was set" /tmp/guestd.log'
# Of its processes the agent has the lowest number.
# shellcheck disable=SC2016 # expanded in the guest
vm_run unready 20 'kill -USR1 $(pidof onerng-guestd | xargs -n 1 | sort -n |
	head -n 1)' >/dev/null
check it_was_fed_twice vm_wait unready 20 \
	'grep -q "bits sent to kernel pool: 1024" /tmp/guestd.log' ||
	vm_run unready 20 'cat /tmp/guestd.log'

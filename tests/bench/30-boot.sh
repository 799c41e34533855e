#!/bin/sh
# From the guest kernel's start to a ready kernel RNG: with us, beside no
# virtio-rng at all and beside QEMU's rng-builtin, in the same run.  The CPU has
# no RDRAND; times are those of the guest's own clock.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
. tests/bench/bench.sh

need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel
uuid=6f6e6572-6e67-4000-8000-000000000001
rounds=${BENCH_ROUNDS:-3}
patience_s=30 # a guest that takes longer counts as this

# told NAME TEXT: when the guest's kernel said so.
told() {
	vm_run "$1" 20 "dmesg | sed -n 's/^\[ *\([0-9.]*\)\].*$2.*/\1/p'"
}

# ready_at NAME: a guest without a source may never be, for nobody in it waits
# for random bytes.
ready_at() {
	if vm_wait "$1" $patience_s 'dmesg | grep -q "crng init done"'; then
		told "$1" "crng init done"
	else
		echo $patience_s
	fi
}

# boot NAME WORD...: one guest from start to end; a line in $T/NAME.times: ready
# after the kernel's start, and after that of its first program.
boot() {
	boot_name=$1
	shift
	vm_boot "$boot_name" standard "$T/guest.gz" "$@" || return
	boot_ready=$(ready_at "$boot_name")
	boot_init=$(told "$boot_name" "Run .init as init")
	echo "$boot_ready $(calc "$boot_ready - $boot_init")" \
		>>"$T/$boot_name.times"
	vm_off "$boot_name"
}

boot_both() {
	boot ours rng="$(hostd_socket $uuid)" || return
	boot builtin -object rng-builtin,id=rng0 -device virtio-rng-pci,rng=rng0
}

# median NAME COLUMN
median() {
	sort -n -k "$2" "$T/$1.times" | awk -v column="$2" '{ all[NR] = $column }
		END { printf "%.3f", all[int((NR + 1) / 2)] }'
}

hostd_conf bench=$uuid
hostd_start --rate 57600 && wait_for 60 hostd_state serving
check "the host agent serves" hostd_state serving || exit 1
vm_initramfs "$T/guest.gz" standard "virtio_pci virtio_rng" \
	"$B/onerng-guestd-static:bin/onerng-guestd" tests/lib/vm/guest-rc:rc

for round in $(seq "$rounds"); do
	check "guests of round $round boot" boot_both || exit 1
done
check "a guest without virtio-rng boots" boot none || exit 1
hostd_stop

what="s ($VM_ACCEL)"
bench crng-ready-with-us "$(median ours 1)" "$what" "<= $(median none 1)"
bench crng-ready-without-virtio-rng "$(median none 1)" \
	"$what; $patience_s: not by then"
bench crng-ready-with-rng-builtin "$(median builtin 1)" "$what"
bench crng-ready-with-us-after-init "$(median ours 2)" "$what"
bench crng-ready-builtin-after-init "$(median builtin 2)" "$what"

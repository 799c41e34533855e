#!/bin/sh
# The whole chain: OneRNG, usbredir, xHCI, host agent, EGD, QEMU with KVM,
# virtio-rng, guest agent.  The host is a QEMU guest; in it runs a guest with
# the KVM of the (emulated) processor.
# timeout: 1200
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard cloud
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0021

inner_image() {
	vm_initramfs "$T/inner.gz" cloud "virtio_pci virtio_rng" \
		"$B/onerng-guestd-static:bin/onerng-guestd" \
		tests/lib/vm/nested-rc:rc
}

# delivered: what the agent gave the inner guest.
delivered() {
	on_host "$B/onerngctl domain list --json" | json consumers.0.delivered
}

# KVM in the host is that of its processor: AMD's under TCG, the machine's own
# where KVM nests.
module=kvm_amd
[ "$VM_ACCEL" = kvm ] && grep -qw vmx /proc/cpuinfo && module=kvm_intel
check inner_image_is_made inner_image || exit 1
check host_image_is_made host_image $uuid $module \
	"$T/inner.gz:overlay/etc/inner.gz" || exit 1
check simulator_listens host_device || exit 1
check host_boots vm_boot host standard "$T/host.gz" cpu=max mem=1536 smp=2 \
	root usb="$T/usb.sock" || exit 1
check host_has_kvm on_host 'test -c /dev/kvm' || exit 1
check agent_serves host_agent || exit 1

# Without RDRAND only virtio-rng makes the inner kernel ready early.
kernel=$(realpath "$KERNEL_DIR/cloud/vmlinux")
on_host "timeout 800 qemu-system-x86_64 -nodefaults -no-user-config
	-display none -no-reboot -machine pc -accel kvm
	-cpu host,-rdrand,-rdseed -m 192 -kernel $kernel
	-initrd /etc/inner.gz -append 'console=ttyS0 panic=-1 quiet'
	-serial file:/tmp/inner -serial null
	-chardev socket,id=c,path=/run/onerng/kvm/$uuid.sock,$(vm_reconnect)
	-object rng-egd,id=r,chardev=c -device virtio-rng-pci,rng=r
	>/tmp/inner.log 2>&1 &"
check inner_guest_runs vm_wait host 150 'grep "^inner end" /tmp/inner' || {
	on_host 'tail -n 20 /tmp/inner.log /tmp/inner /tmp/hostd.log'
	exit 1
}
on_host 'tr -d "\r" </tmp/inner | grep ^inner' >"$T/inner"
cat "$T/inner"
check inner_guest_uses_virtio_rng \
	grep '^inner rng_current virtio_rng.0' "$T/inner"
check inner_kernel_rng_is_ready grep 'crng init done' "$T/inner"
sed -n 's/^inner status //p' "$T/inner" >"$T/status"
check inner_guest_is_verified \
	test "$(json verified_bytes <"$T/status")" -ge 64
check inner_kernel_is_fed test "$(json feeds <"$T/status")" -ge 1
check host_agent_counted_it test "$(delivered)" -ge 64
vm_off host

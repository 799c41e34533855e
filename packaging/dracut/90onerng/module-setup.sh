#!/bin/bash
# dracut: virtio_rng and the guest agent into the initramfs

check() {
	[[ -x @LIBDIR@/onerng-guestd && -x @LIBDIR@/onerng-seed ]]
}

depends() {
	return 0
}

# Not only for the machine this runs on: an image may be made anywhere.
installkernel() {
	hostonly='' instmods virtio_pci virtio_mmio virtio_rng
}

# shellcheck disable=SC2154 # moddir is dracut's
install() {
	inst_multiple modprobe
	inst_simple @LIBDIR@/onerng-guestd /usr/sbin/onerng-guestd
	inst_simple @LIBDIR@/onerng-seed /usr/sbin/onerng-seed
	inst_hook pre-udev 10 "$moddir/onerng-hook.sh"
}

# shellcheck shell=sh
# Guests that run the guest agent and a reader, after vm.sh.

# guest_image: $T/guest.gz, of all such guests.
guest_image() {
	vm_initramfs "$T/guest.gz" standard "virtio_pci virtio_rng" \
		"$B/onerng-guestd-static:bin/onerng-guestd" \
		tests/lib/vm/guest-rc:rc tests/lib/vm/reader:bin/reader \
		tests/lib/vm/longest-gap:bin/longest-gap
}

# guest_value NAME PATH: of the guest agent's status.
guest_value() {
	vm_run "$1" 20 'onerng-guestd --status --json' | json "$2"
}

guest_fed() {
	[ "$(guest_value "$1" feeds)" -ge 1 ]
}

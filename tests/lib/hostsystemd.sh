# shellcheck shell=sh
# A "host" with systemd as process 1, and what `make install` installs: after
# host.sh.  What it has besides is put below $T/root.

[ -x /lib/systemd/systemd ] || skip_all "systemd is not installed"
# shellcheck disable=SC2034 # vm.sh's
VM_BOOT_TIMEOUT=200
# shellcheck disable=SC2034 # vm.sh's
VM_APPEND="HOST_INIT=systemd systemd.unit=vm.target fstab=no \
	systemd.default_timeout_start_sec=900 \
	systemd.show_status=no"

# host_install WORD...: with make's words, into $T/root.
host_install() {
	mkdir -p "$T/root/etc/systemd/system"
	"${MAKE:-make}" -s B="$B" PREFIX=/usr SYSCONFDIR=/etc \
		DESTDIR="$T/root" "$@" &&
		echo 0123456789abcdef0123456789abcdef \
			>"$T/root/etc/machine-id" && host_mask_rest
}

# What the machine's own system does at start and no test needs.
host_mask_rest() {
	for host_unit in systemd-tmpfiles-setup systemd-tmpfiles-setup-dev \
		systemd-journal-flush systemd-update-utmp systemd-sysctl \
		systemd-random-seed systemd-hwdb-update systemd-binfmt \
		systemd-remount-fs systemd-modules-load systemd-logind \
		systemd-timesyncd systemd-journal-catalog-update \
		keyboard-setup console-setup apparmor ldconfig lxc lxc-net \
		lxc-monitord rng-tools-debian; do
		ln -s /dev/null "$T/root/etc/systemd/system/$host_unit.service"
	done
}

# host_systemd UUID [SOURCE:DEST]...: boots it, with its OneRNG.
host_systemd() {
	host_uuid=$1
	shift
	check host_image_is_made host_image "$host_uuid" virtio_rng \
		"$T/root:overlay" \
		tests/lib/vm/shell:overlay/usr/local/sbin/vm-shell \
		tests/lib/vm/vm.target:overlay/etc/systemd/system/vm.target \
		tests/lib/vm/vm-shell.service:overlay/etc/systemd/system/vm-shell.service \
		"$@" || return
	check simulator_listens host_device || return
	check systemd_boots vm_boot host standard "$T/host.gz" cpu=max \
		mem=1024 smp=2 root usb="$T/usb.sock" -object rng-builtin,id=r \
		-device virtio-rng-pci,rng=r || return
	check cdc_acm_binds_first vm_wait host 30 'test -c /dev/ttyACM0'
}

# shellcheck shell=sh
# A guest named "host" that plays the virtualisation host: after test.sh,
# kernel.sh and vm.sh.  The tree under test is seen in it at its own path.

# host_image UUID MODULES [SOURCE:DEST]...: $T/host.gz.
host_image() {
	printf '[%s]\n%s\n%s\n' agent run_dir=/run/onerng sandbox=kill \
		source firmware=off '' 'domain one' "uuid=$1" '' >"$T/hostd.conf"
	host_modules=$2
	host_lib=overlay/usr/lib
	pwd >"$T/tree"
	shift 2
	vm_initramfs "$T/host.gz" standard "virtio_pci 9p 9pnet_virtio \
		overlay xhci_pci cdc_acm $host_modules" tests/lib/vm/host-rc:rc \
		"$B/onerng-hostd:overlay/usr/sbin/onerng-hostd" \
		"$T/hostd.conf:overlay/etc/hostd.conf" "$T/tree:tree" \
		"packaging/sysusers.d/onerng.conf:$host_lib/sysusers.d/onerng.conf" \
		"packaging/udev/60-onerng.rules:$host_lib/udev/rules.d/60-onerng.rules" \
		"$@"
}

# host_device: a simulated OneRNG on $T/usb.sock, for "usb=" of vm_boot.
host_device() {
	start sim "$B/onerng-sim" usbredir --socket "$T/usb.sock" \
		--control "$T/sim.sock"
	wait_for 10 test -S "$T/usb.sock"
}

host_sim() {
	timeout 60 "$B/onerng-sim" ctl "$T/sim.sock" "$@"
}

on_host() {
	vm_run host 30 "$1"
}

# host_status PATH: a value of the agent's status.
host_status() {
	on_host "$B/onerngctl status --json" | json "$1"
}

host_state() {
	[ "$(host_status state)" = "$1" ]
}

# host_agent: starts it and waits until it serves.
# shellcheck disable=SC2016 # for the guest's shell
host_agent() {
	on_host 'hostd & echo $! >/tmp/hostd.pid' &&
		wait_for 60 host_state serving && return
	on_host 'tail -n 20 /tmp/hostd.log'
	return 1
}

# shellcheck shell=sh
# A libvirtd of the test's own, after domain.sh: as user nobody and per session,
# with everything it has below $T/v.  Nothing of the machine's libvirt, and no
# right that root has, is used.  Its QEMUs outlive it, as always: call
# virt_end from a trap.

VIRT_URI="qemu+unix:///session?socket=$T/v/run/libvirt/libvirt-sock"

# The user nobody has to get at what is in $T.
virt_start() {
	chmod 755 "$T"
	mkdir -p "$T/v/run" "$T/v/c/libvirt" "$T/v/cache" "$T/v/data"
	chmod 700 "$T/v/run"
	echo 'stdio_handler = "file"' >"$T/v/c/libvirt/qemu.conf"
	chown -R nobody:nogroup "$T/v"
	start libvirtd env -i PATH="$PATH" HOME="$T/v" \
		XDG_RUNTIME_DIR="$T/v/run" XDG_CONFIG_HOME="$T/v/c" \
		XDG_CACHE_HOME="$T/v/cache" XDG_DATA_HOME="$T/v/data" \
		LC_ALL=C setpriv --reuid=nobody --regid=nogroup \
		--clear-groups --pdeathsig KILL -- libvirtd
	wait_for 60 virt uri
}

virt() {
	timeout 300 virsh -q -c "$VIRT_URI" "$@"
}

# virt_domain NAME UUID: its XML.  What the guest prints on its serial port is in
# $T/v/NAME.console.
virt_domain() {
	domain_console "$T/v/$1.console" |
		domain_guest "$1" "$2" 160 "" "<acpi/>"
}

# Ends the domains, then the daemon; what does not end so is killed, by the
# process id that libvirt wrote down.
virt_end() {
	for virt_id in $(virt list --name 2>/dev/null); do
		virt destroy "$virt_id" >/dev/null 2>&1
	done
	for virt_file in "$T"/v/run/libvirt/qemu/run/*.pid; do
		[ -e "$virt_file" ] || continue
		virt_pid=$(cat "$virt_file")
		grep -qa "$T/v/" "/proc/$virt_pid/cmdline" 2>/dev/null &&
			kill -s KILL "$virt_pid"
	done
	[ ! -e "$T/libvirtd.pid" ] || stop libvirtd 10
}

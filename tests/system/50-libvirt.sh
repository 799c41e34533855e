#!/bin/sh
# onerngctl domain attach, show, check and detach with a libvirtd and guests of
# the test's own: a defined, a running and a transient domain read the device
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
. tests/lib/domain.sh
. tests/lib/virt.sh
need qemu-system-x86_64 libvirtd virsh setpriv busybox cpio modprobe
kernel_need standard

ended_all() {
	ended_status=$?
	virt_end
	(exit $ended_status)
	test_cleanup
}
trap ended_all EXIT

defined=5d3a2c1e-0001-4b6f-8d70-0f1e2d3c4b5a
running=5d3a2c1e-0002-4b6f-8d70-0f1e2d3c4b5a
transient=5d3a2c1e-0003-4b6f-8d70-0f1e2d3c4b5a

# domain VERB WORD...
domain() {
	domain_verb=$1
	shift
	timeout 60 "$B/onerngctl" -s "$T/run/control.sock" domain \
		"$domain_verb" --connect "$VIRT_URI" "$@"
}

attach() {
	domain attach --drop-ins "$T/hostd.conf.d" "$@"
}

detach() {
	domain detach --drop-ins "$T/hostd.conf.d" "$@"
}

# said COMMAND...: keeps what it says in $T/said.
said() {
	"$@" >"$T/said" 2>&1
}

# shows NAME PATH: a value of "domain show".
shows() {
	domain show --json "$1" 2>/dev/null | json "$2"
}

# config NAME: its configuration.
config() {
	virt dumpxml --inactive "$1"
}

# guest NAME TEXT: the last that the guest said about its hardware RNG.
guest() {
	tail -n 1 "$T/v/$1.console" | tr -d '\r' | grep -qx "$2"
}

# It has a connection to libvirtd and one to the agent.
connected_to_both() {
	for link in "/proc/$(pid_of "$1")"/fd/*; do
		readlink "$link"
	done >"$T/links"
	[ "$(grep -c '^socket:' "$T/links")" -ge 2 ]
}

# The guest says what its kernel reads, and reads 64 bytes.
cat >"$T/rc" <<'END'
exec >/dev/ttyS0
while :; do
	read -r rng </sys/class/misc/hw_random/rng_current
	echo "rng $rng $(head -c 64 /dev/hwrng 2>/dev/null | wc -c)"
	sleep 1
done
END
vm_initramfs "$T/guest.gz" standard "virtio_pci virtio_rng" "$T/rc:rc"
cp "$KERNEL_DIR/standard/vmlinux" "$T/vmlinux"
chmod 644 "$T/guest.gz" "$T/vmlinux"

# No domain is in the agent's configuration: attach sees to that.
hostd_conf
sed -i 's/^\[agent\]$/&\nsocket_group=nogroup/' "$T/hostd.conf"
check host_agent_starts hostd_start || exit 1
check libvirtd_starts virt_start || {
	tail -n 5 "$T/libvirtd.log"
	exit 1
}
check host_agent_serves wait_for 60 hostd_state serving || exit 1

# give NAME UUID define|create
give() {
	virt_domain "$1" "$2" >"$T/$1.xml"
	virt "$3" "$T/$1.xml"
}
check a_domain_is_defined give defined $defined define || exit 1
check another_is_defined give running $running define
check another_is_started virt start running
check a_transient_one_is_started give transient $transient create

# To a defined one.
config defined >"$T/before.xml"
check dry_run said attach defined --config --dry-run
check dry_run_prints_a_diff grep -q '^+ *<rng model' "$T/said"
config defined >"$T/same.xml"
check dry_run_changes_nothing cmp "$T/before.xml" "$T/same.xml"
check attach_to_a_defined_domain said attach defined --config --class drbg
check the_agent_has_a_socket_for_it test -S "$(hostd_socket $defined)"
# of which the agent is told as the domain starts
equal policy_is_kept_in_the_domain drbg \
	"$(shows defined configuration.policy.class)"
check attach_again said attach defined --config --class drbg
check has_nothing_to_do grep -q 'configuration: nothing to do' "$T/said"
check the_domain_starts virt start defined
check its_guest_reads_the_device wait_for "$VM_BOOT_TIMEOUT" \
	guest defined 'rng virtio_rng.0 64' ||
	tail -n 5 "$T/v/defined.console"
equal by_its_own_socket true "$(shows defined agent.connected)"

# To a running one, and to one that has no configuration.
check a_guest_runs_without wait_for "$VM_BOOT_TIMEOUT" \
	guest running 'rng none 0'
check attach_to_a_running_domain said attach running --live ||
	cat "$T/said"
check its_guest_reads_it wait_for 60 guest running 'rng virtio_rng.0 64'
equal its_configuration_is_as_it_was false \
	"$(shows running configuration.attached)"
check attach_to_both said attach running --live --config
check does_what_is_left grep -q 'running: nothing to do' "$T/said"
equal its_configuration_has_it true "$(shows running configuration.attached)"

refuse no_configuration_of_a_transient_domain 1 \
	said attach transient --config
check says_why grep -q 'is transient' "$T/said"
check attach_to_a_transient_domain said attach transient --weight 2
check says_what_is_meant grep -q -- '--live is meant' "$T/said"
check the_transient_domains_guest_reads_it wait_for "$VM_BOOT_TIMEOUT" \
	guest transient 'rng virtio_rng.0 64'
equal policy_is_kept_in_what_runs 2 "$(shows transient running.policy.weight)"

# The linter, with what this host is.
refuse check_finds_something 3 said domain check defined
version=$(qemu-system-x86_64 -version | sed -n 's/.*version \([0-9.]*\).*/\1/p')
case $version in
10.0.1[3-9]*) skip live_detach "QEMU $version is not known to be unsafe" ;;
*)
	check "check_warns_of_qemu_$version" grep -q 'qemu-detach' "$T/said"
	equal and_of_nothing_else 1 \
		"$(grep '^defined: ' "$T/said" | grep -vc ': note: ')"

	# Out of a running one: never where the host could suffer.
	refuse detach_from_a_running_domain 1 said detach running --live
	check says_what_is_safe grep -q -- '--config, which' "$T/said"
	check its_guest_still_reads guest running 'rng virtio_rng.0 64'
	;;
esac

# Out of the configuration of one that runs: what runs keeps it.
check detach_from_the_configuration said detach defined --config
config defined >"$T/after.xml"
check leaves_nothing_behind cmp "$T/before.xml" "$T/after.xml"
equal what_runs_keeps_it true "$(shows defined running.attached)"
check the_agent_still_serves_it test -S "$(hostd_socket $defined)"
refuse check_tells_one_from_the_other 3 said domain check defined
check its_configuration_has_none \
	grep -q '^defined: warning: no-rng: .*(configuration)' "$T/said"
check what_runs_hides_clones \
	grep -q '^defined: note: no-genid: .*(running)' "$T/said"
check it_is_shut_down virt destroy defined
check detach_again said detach defined
check has_nothing_left_to_do grep -q 'configuration: nothing to do' "$T/said"
check the_agent_lets_go_of_it wait_for 10 \
	test ! -e "$(hostd_socket $defined)"

# Somebody else edits it while the agent does not answer for a moment.
kill -s STOP "$(cat "$T/hostd.pid")"
start attach "$B/onerngctl" -s "$T/run/control.sock" domain attach defined \
	--config --connect "$VIRT_URI" --drop-ins "$T/hostd.conf.d"
check attach_waits_for_the_agent wait_for 20 connected_to_both attach
check somebody_else_changes_it virt desc defined --config --title theirs
kill -s CONT "$(cat "$T/hostd.pid")"
refuse a_change_is_not_overwritten 1 ended attach 30
check says_that_somebody_did grep -q 'somebody else changed' "$T/attach.log"
equal their_change_is_there theirs "$(virt desc defined --config --title)"

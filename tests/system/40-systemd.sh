#!/bin/sh
# What `make install` installs, under systemd as process 1 of a QEMU guest that
# plays the host: the units start as they are shipped, the device policy and
# the system call filters are real, a killed agent comes back, and the device's
# departure and arrival get through the sandbox.
# timeout: 1200
# cpu: heavy
# shellcheck disable=SC2016 # what the guest's shell expands
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
. tests/lib/hostsystemd.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0041

install_all() {
	host_install install install-guest &&
		sed -i 's/^#socket_group=.*/socket_group=test-qemu/' \
			"$T/root/etc/onerng/hostd.conf" &&
		printf '%s\n' 'g test-qemu - -' 'm onerng test-qemu' \
			>"$T/root/usr/lib/sysusers.d/test-qemu.conf" &&
		printf '[%s]\n%s\n' agent sandbox=kill source firmware=off \
			'domain one' "uuid=$uuid" \
			>>"$T/root/etc/onerng/hostd.conf" &&
		printf '%s\n' '[Unit]' Requires=onerng-guest-require.service \
			After=onerng-guest-require.service '[Service]' \
			Type=oneshot ExecStart=/bin/true \
			>"$T/root/etc/systemd/system/needs.service"
}

# unit NAME PROPERTY
unit() {
	on_host "systemctl show -p $2 --value $1"
}

why() {
	on_host "systemctl status --no-pager -n 15 $1"
}

serving_again() {
	wait_for 60 host_state serving
}

check everything_is_installed install_all || exit 1
host_systemd $uuid || exit 1

check host_agent_unit_starts vm_run host 60 'systemctl start onerng-hostd' ||
	why onerng-hostd
check host_agent_serves serving_again || why onerng-hostd
equal host_agent_is_its_user onerng "$(on_host 'stat -c %U /proc/$(
	systemctl show -p MainPID --value onerng-hostd)')"
# As onerng-hostd(8) sets it up: the agent's user is a member of that group.
equal domain_socket_is_for_qemus_group 'test-qemu 660' \
	"$(on_host "stat -c '%G %a' /run/onerng/kvm/$uuid.sock")"
check host_feeder_unit_starts \
	vm_run host 60 'systemctl start onerng-guestd-host' ||
	why onerng-guestd-host
check host_kernel_is_fed vm_wait host 30 \
	'onerng-guestd --status --json | grep "\"feeds\":[1-9]"' ||
	why onerng-guestd-host

check unplug host_sim unplug
check departure_is_noticed wait_for 30 host_state no-device
check replug host_sim plug
check arrival_is_noticed serving_again || why onerng-hostd

check agent_is_killed on_host 'systemctl kill -s KILL onerng-hostd'
check agent_is_started_again vm_wait host 30 \
	'test "$(systemctl show -p NRestarts --value onerng-hostd)" = 1'
check agent_serves_again serving_again || why onerng-hostd

# The peer goes on with the connection that it made, whatever ends the agent.
peer=$B/tests/integration/egdpeer
check peer_starts on_host "$peer steady /run/onerng/kvm/$uuid.sock 64 \
	/tmp/got 20 >/tmp/peer.log 2>&1 & echo \$! >/tmp/peer.pid"
check peer_is_connected vm_wait host 30 \
	'onerngctl status --json | grep -q "\"connected\": *true"'
# Sockets of the domain and of the host, a table, the feeder's and this peer.
kept_fds() {
	[ "$(unit onerng-hostd NFileDescriptorStore)" -ge "$1" ]
}
check systemd_keeps_the_peer wait_for 30 kept_fds 5
main_pid=$(unit onerng-hostd MainPID)
check unit_restarts vm_run host 60 'systemctl restart onerng-hostd'
check it_is_another_process \
	test "$main_pid" != "$(unit onerng-hostd MainPID)"
check restarted_agent_serves serving_again || why onerng-hostd
# The peer's age counts from the restart.
sleep 3
main_pid=$(unit onerng-hostd MainPID)
check agent_is_killed_amid on_host 'systemctl kill -s KILL onerng-hostd'
agent_is_back() {
	back=$(unit onerng-hostd MainPID)
	[ "$back" != 0 ] && [ "$back" != "$main_pid" ]
}
check killed_agent_is_back wait_for 30 agent_is_back
check killed_agent_serves serving_again || why onerng-hostd
check asked_to_exec on_host "kill -USR2 $(unit onerng-hostd MainPID)"
check exec_takes_over vm_wait host 30 \
	'journalctl -u onerng-hostd | grep "takes over"' || why onerng-hostd
check agent_after_exec_serves serving_again || why onerng-hostd
equal exec_keeps_the_process "$back" "$(unit onerng-hostd MainPID)"
check peer_is_asked_to_end on_host 'kill $(cat /tmp/peer.pid)'
check peer_was_never_disconnected vm_wait host 30 \
	'grep -E "asked [1-9].* more (64|128|192) " /tmp/peer.log' ||
	why onerng-hostd
on_host 'cat /tmp/peer.log'
check no_block_came_twice on_host \
	"$B/tests/integration/egdwild unique /tmp/got"

check units_stop vm_run host 30 'systemctl stop onerng-guestd-host onerng-hostd'
equal agent_ended_as_asked success "$(unit onerng-hostd Result)"
equal feeder_ended_as_asked success "$(unit onerng-guestd-host Result)"
check terminal_is_given_back vm_wait host 20 'test -c /dev/ttyACM0'
check run_directory_is_removed on_host 'test ! -e /run/onerng'
equal state_directory_stays "onerng 700" \
	"$(on_host 'stat -c "%U %a" /var/lib/onerng')"

# The guest's unit, on a virtio-rng of this guest's own.
check guest_unit_starts vm_run host 60 'systemctl start onerng-guestd' ||
	why onerng-guestd
check guest_kernel_is_fed vm_wait host 30 \
	'onerng-guestd --status --json | grep "virtio_rng.*\"feeds\":[1-9]"' ||
	why onerng-guestd
check guest_unit_stops vm_run host 30 'systemctl stop onerng-guestd'
equal guest_agent_ended_as_asked success "$(unit onerng-guestd Result)"

# Admission: what requires it starts only with the driver that is expected.
on_host 'cd /etc/default && echo REQUIRE=--require=1 >onerng-guestd &&
	echo "OPTIONS=--expect-rng other" >>onerng-guestd'
refuse it_is_held_back 1 vm_run host 60 'systemctl start needs'
equal admission_says_which 5 "$(unit onerng-guest-require ExecMainStatus)"
on_host 'echo "OPTIONS=--expect-rng virtio_rng.0" >/etc/default/onerng-guestd'
check admitted_service_starts vm_run host 60 'systemctl start needs' ||
	why onerng-guest-require
equal admission_holds active "$(unit onerng-guest-require ActiveState)"
vm_off host

#!/bin/sh
# A host with a real xHCI, the kernel's own cdc_acm and udevd, in a QEMU guest
# that sees a OneRNG over usbredir: the agent, as its own user and without a
# capability, takes the device from cdc_acm, streams, serves, survives an
# unplug and gives the terminal back.  Then the same agent with the kernel's
# own hwrng, two of virtio-rng, that are switched, taken away and given back.
# timeout: 900
# cpu: heavy
# shellcheck disable=SC2016 # what the guest's shell expands
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0011

# feed SOCKET [OPTION]: the guest agent is at home on a host too, whose kernel
# is one more consumer.
feed() {
	on_host "timeout 120 $B/onerng-guestd --once -s egd:$1 --status-file \
		/run/guestd.json ${2:-}"
}

check host_image_is_made host_image $uuid virtio_rng || exit 1
check simulator_listens host_device || exit 1
check host_boots vm_boot host standard "$T/host.gz" cpu=max mem=1024 root \
	usb="$T/usb.sock" -object rng-builtin,id=chip \
	-device virtio-rng-pci,rng=chip -device virtio-rng-pci,rng=chip || exit 1
check cdc_acm_binds_first vm_wait host 30 'test -c /dev/ttyACM0' || {
	cat "$T/host.console" "$T/sim.log"
	exit 1
}
# Rule 60-onerng.rules.
check terminal_belongs_to_the_agents_group vm_wait host 10 \
	'test "$(stat -c "%G %a" /dev/ttyACM0)" = "onerng 660"'

check agent_serves host_agent || exit 1
equal agent_has_no_right_but_its_group "onerng 0000000000000000" \
	"$(on_host 'echo $(stat -c %U /proc/$(cat /tmp/hostd.pid)) $(
		sed -n "s/^CapEff:.//p" /proc/$(cat /tmp/hostd.pid)/status)')"
equal driver_is_detached gone \
	"$(on_host 'test -e /dev/ttyACM0 || echo gone')"

check domain_is_served feed /run/onerng/kvm/$uuid.sock --no-feed
check host_kernel_is_fed feed /run/onerng/host.sock
host_status consumers >"$T/consumers"
check host_consumer_is_accounted grep '"kind": "host"' "$T/consumers"
equal no_sample_is_lost 0 "$(host_status devices.0.lost_samples)"

check unplug host_sim unplug
check departure_is_noticed wait_for 30 host_state no-device
check replug host_sim plug
check arrival_is_noticed wait_for 60 host_state serving ||
	on_host 'tail -n 30 /tmp/hostd.log'
check domain_is_served_after_replug \
	feed /run/onerng/kvm/$uuid.sock --no-feed

check agent_is_killed on_host 'kill -9 $(cat /tmp/hostd.pid)'
check agent_takes_the_device_again host_agent

check agent_is_ended on_host 'kill $(cat /tmp/hostd.pid)'
check agent_ends vm_wait host 10 '! kill -0 $(cat /tmp/hostd.pid)'
check terminal_is_given_back vm_wait host 20 'test -c /dev/ttyACM0' ||
	on_host 'tail -n 20 /tmp/hostd.log'

# The host's own hwrng; the OneRNG is there and not used.
hwrng_says() {
	[ "$(host_status devices.0.state)" = "$1" ] &&
		host_status devices.0.detail | grep -q "${2:-}"
}
rngs=/sys/class/misc/hw_random
unbind() {
	on_host "for d in /sys/bus/virtio/drivers/virtio_rng/virtio*; do
		echo \${d##*/} >\${d%/*}/unbind; done"
}
bind() {
	on_host 'for d in /sys/bus/virtio/devices/virtio*; do
		case $(cat $d/modalias) in virtio:d00000004v*)
			echo ${d##*/} >/sys/bus/virtio/drivers/virtio_rng/bind ;;
		esac; done'
}
check hwrng_is_configured on_host "printf '[agent]\nsandbox=kill\nidle_pause=2\npool=4096\n$(:
	)[source]\nport=9-9\n[hwrng chip]\n[domain one]\nuuid=$uuid\n' >/etc/hostd.conf"
on_host 'hostd & echo $! >/tmp/hostd.pid'
check hwrng_needs_a_right wait_for 30 hwrng_says failed "udev rule"
check hwrng_is_given_to_the_agents_group \
	on_host 'chgrp onerng /dev/hwrng && chmod 0440 /dev/hwrng'
check hwrng_serves wait_for 60 host_state serving
equal hwrng_is_named_by_its_driver virtio_rng.0 \
	"$(host_status devices.0.driver)"
check hwrng_pauses_when_nobody_asks wait_for 60 hwrng_says paused
check domain_is_served_from_hwrng feed /run/onerng/kvm/$uuid.sock --no-feed
check hwrng_made_those_bytes \
	test "$(host_status devices.0.bytes_served)" -gt 0
check hwrng_selftest_passes on_host \
	"$B/onerngctl selftest chip | grep '^chip: ok'"
equal no_firmware_is_claimed "" "$(host_status devices.0.firmware)"

check another_source_is_chosen on_host "echo virtio_rng.1 >$rngs/rng_current"
check change_is_departure_and_arrival vm_wait host 60 \
	'grep "chip: checking: virtio_rng.1" /tmp/hostd.log'
check its_pool_was_wiped on_host \
	'grep "chip: gone: the kernel reads virtio_rng.1" /tmp/hostd.log'
check the_new_source_serves wait_for 60 host_state serving
check all_are_taken_away unbind
check nothing_is_left wait_for 60 hwrng_says gone "rng_current: none"
equal nothing_is_in_the_pool 0 "$(host_status pool.bytes)"
check one_is_given_back bind
check it_serves_again wait_for 60 host_state serving ||
	on_host 'tail -n 20 /tmp/hostd.log'
check domain_is_served_again feed /run/onerng/kvm/$uuid.sock --no-feed
vm_off host

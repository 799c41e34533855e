#!/bin/sh
# A guest that reads /dev/hwrng without pause while the host agent is replaced
# by exec, killed with nobody to keep its sockets, and ended and killed under a
# service manager that keeps them: nothing comes twice, no read stalls, and
# where sockets are kept QEMU never loses its connection.
# timeout: 1200
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
red=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0421
other=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0422
execs=15 kills=5 stores=6
exec_most=1000 # ms: no device is opened
late_most=5000
[ -z "${SOAK:-}" ] || execs=100 kills=20 stores=20

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

received() {
	stat -c %s "$T/red.bytes"
}

# More than what was received, or on its way, at the last look.
reads_on() {
	[ "$(received)" -gt $((had + 4096)) ]
}

serving_times() {
	grep -c ': state: serving$' "$T/keeper.log"
}

serves_anew() {
	[ "$(serving_times)" -gt "$served" ]
}

# watch SECONDS COMMAND...: until it succeeds.  $late grows by what the looks
# at it took in excess of their pauses: how long this machine kept a process
# waiting meanwhile.
watch() {
	watch_at=$(now_ms)
	watch_end=$((watch_at + $1 * 1000 * PATIENCE))
	shift
	until "$@"; do
		sleep 0.1
		watch_was=$watch_at watch_at=$(now_ms)
		late=$((late + watch_at - watch_was - 100))
		[ "$watch_at" -lt $watch_end ] || return
	done
}

# capped NAME: the number in it, or what a machine may be late at most.
capped() {
	eval "capped=\$$1"
	[ "$capped" -le $late_most ] || capped=$late_most
}

# again SIGNAL: the agent ends, or replaces itself, and serves again, and the
# guest reads on.  $back and $on: milliseconds until each; the longest so far:
# $down of the first, $wait of what the guest waited behind it, and of that
# $push without what the machine was late; $latest of what it was late in all.
again() {
	served=$(serving_times)
	late=0
	begun=$(now_ms)
	kill -s "$1" "$(cat "$T/hostd.pid")"
	watch 60 serves_anew || return
	back=$(($(now_ms) - begun))
	had=$(received)
	before_late=$late late=0
	watch 30 reads_on || return
	on=$(($(now_ms) - begun - back))
	capped late
	[ $back -le "$down" ] || down=$back
	[ $on -le "$wait" ] || wait=$on
	[ $((on - capped)) -le "$push" ] || push=$((on - capped))
	late=$((late + before_late))
	[ $late -le "$latest" ] || latest=$late
}

# many COUNT SIGNAL...: that often, by turns; $done how often it went well.
many() {
	many_left=$1
	shift
	done=0 down=0 wait=0 push=0 latest=0
	while [ "$many_left" -gt 0 ]; do
		many_left=$((many_left - 1))
		again "$1" || return
		done=$((done + 1))
		set -- "$@" "$1"
		shift
	done
}

# The guest's sockets, as its QEMU has them: a new connection is a new one.
connections() {
	for link in "/proc/$(pid_of red)"/fd/*; do
		readlink "$link"
	done | grep '^socket:' | sort
}

guest_now() {
	vm_run red 20 'cut -d " " -f 1 /proc/uptime' |
		awk '{ print int($1 * 1000) }'
}

# longest SINCE: the guest's longest read that ended since then; 0: all took
# less than 100 ms.
longest() {
	vm_run red 20 'cat /tmp/slow' |
		awk -v since="$1" 'NF == 2 && $1 >= since && $2 > most { most = $2 }
			END { print most + 0 }'
}

# no_stall MS NAME: the guest's longest read was no longer than that, what it
# takes without restarts and what this machine is to blame for.
no_stall() {
	gap=$(longest "$since")
	capped latest
	bound=$(($1 + quiet + capped))
	echo "longest read $gap ms; the agent served again within $down ms," \
		"the guest got more within $wait ms of that; without" \
		"restarts $quiet ms; the machine was late by $latest ms"
	check "$2" test "$gap" -le $bound
}

# Whatever it waits for, a peer is pushed to within two seconds.  The emulated
# guest may be kept waiting, too, which the look at it does not see.
pushed() {
	check "$1" test "$push" -le 3000
}

hostd_conf red=$red other=$other
check host_agent_starts hostd_start || exit 1
check host_agent_serves wait_for 60 hostd_state serving || exit 1
vm_initramfs "$T/guest.gz" standard "virtio_pci virtio_rng virtio_console" \
	"$B/tests/system/hwrngread:bin/hwrngread"
check guest_boots vm_boot red standard "$T/guest.gz" \
	rng="$(hostd_socket $red)" -device virtio-serial-pci \
	-chardev "file,id=bytes,path=$T/red.bytes" \
	-device virtserialport,chardev=bytes,name=bytes || exit 1
vm_run red 20 'hwrngread /dev/hwrng /dev/vport*p1 /tmp/slow 2 2>/tmp/log &'
had=0
check guest_reads wait_for 30 reads_on || {
	vm_run red 20 'ls /dev; cat /tmp/log'
	exit 1
}
start other "$peer" steady "$(hostd_socket $other)" 64 "$T/other.bytes" 5
sleep 5
quiet=$(longest 0)

# By exec, again and again.
# read_images: bytes that the device sent in answer to commands, nearly all of
# them its image, which is read whenever it is opened.
read_images() {
	hostd_sim status | sed 's/.*"reply_bytes":\([0-9]*\).*/\1/'
}
pid=$(cat "$T/hostd.pid")
reader=$(pgrep -P "$pid" -f -- '--role reader')
images=$(read_images)
before=$(connections)
since=$(guest_now)
many $execs USR2
equal "guest_reads_on_after_${execs}_restarts_by_exec" $execs $done
equal one_process_was_all_of_them "$pid" "$(cat "$T/hostd.pid")"
no_stall $exec_most restarts_by_exec_stall_no_guest
by_exec=$gap
equal its_reader_went_on "$reader" "$(pgrep -P "$pid" -f -- '--role reader')"
equal the_device_was_not_opened_again "$images" "$(read_images)"
equal qemu_never_lost_its_connection "$before" "$(connections)"
check other_peer_was_never_disconnected stop other 60
cat "$T/other.log"

# Killed, and nobody has kept the sockets: QEMU connects again within its
# second, its request is lost, and a push makes up for it.
since=$(guest_now)
many $kills KILL
equal "guest_reads_on_after_${kills}_kills" $kills $done
no_stall $((down + 2000)) kills_stall_no_guest
pushed a_push_repairs_it_within_2_s
echo "longest read over restarts by exec: $by_exec ms; an agent that opens the" \
	"device serves within $down ms"
check an_exec_takes_less_than_opening_the_device test "$by_exec" -lt "$down"
refuse qemu_connected_again 1 test "$before" = "$(connections)"
check a_push_made_up_for_its_request \
	test "$(hostd_get consumers.1.pushed)" -gt 0
hostd_stop
check no_block_came_twice_so_far "$wild" unique "$T/red.bytes" "$T/other.bytes"

# Under a service manager that keeps them.
rm -f "$T/hostd.last"
mkdir -p "$T/run"
served=$(serving_times)
had=$(received)
# Another device: the same noise once more would make the same blocks.
start keeper "$B/onerng-sim" run --seed 2 --control "$T/sim.sock" -- \
	"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" \
	-c "$T/hostd.conf"
hostd_up || exit 1
check host_agent_serves_under_a_service_manager wait_for 60 serves_anew
check guest_reads_on_from_it wait_for 30 reads_on
kept() {
	grep -q "^peer-$red" "$T/store"
}
check its_connection_is_kept wait_for 10 kept
before=$(connections)
since=$(guest_now)
many $stores KILL TERM
equal "guest_reads_on_after_${stores}_kills_and_restarts" $stores $done
no_stall $((down + 500)) kept_sockets_stall_no_guest
pushed the_guest_gets_more_within_2_s
equal qemu_kept_its_connection "$before" "$(connections)"

check no_block_came_twice "$wild" unique "$T/red.bytes" "$T/other.bytes"
cat "$T/.check"
vm_off red
hostd_stop

#!/bin/sh
# SIGTERM ends the host agent, its readers and its watcher within a second,
# whatever a transfer, a reader or a peer is doing
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/sign.sh"

peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
tries=2 late_most=3000
hostd_conf a=$a
printf '[agent]\nidle_pause=5\n' >>"$T/hostd.conf"

device_is() {
	[ "$(hostd_get devices.0.state)" = "$1" ]
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

agent_is_there() {
	test -s "$T/hostd.pid"
}

all_gone() {
	for one in $family; do
		gone "$one" || return
	done
}

# end_once: $took ms until the agent and all of its children were gone, less
# what the looks at it took in excess of their pauses: as long as that, at most
# late_most, this machine kept a process waiting.
end_once() {
	hostd_hold
	core=$(cat "$T/hostd.pid") || return
	family="$core $(pgrep -P "$core" | tr '\n' ' ')"
	begun=$(now_ms)
	at=$begun late=0
	kill -s TERM "$core"
	while ! all_gone && [ $((at - begun)) -lt 10000 ]; do
		sleep 0.02
		was=$at at=$(now_ms)
		[ $((at - was)) -le 30 ] || late=$((late + at - was - 30))
	done
	[ $late -le $late_most ] || late=$late_most
	took=$((at - begun - late))
}

# again: a new agent; the device is as it was at first.
again() {
	hostd_sim clear >/dev/null 2>&1
	hostd_sim plug >/dev/null 2>&1
	opened=$(opens)
	hostd_release
	wait_for 30 agent_is_there
}

# while_is NAME COMMAND...: SIGTERM once the command has succeeded, each time.
while_is() {
	what=$1 worst=0 tried=''
	shift
	for _ in $(seq $tries); do
		again || break
		"$@" >"$T/while.log" 2>&1 || {
			not_ok "$what" "was not reached: $(tail -n 1 \
				"$T/while.log")"
			hostd_ctl status
			return
		}
		took=10000
		end_once
		tried="$tried $took"
		[ $took -le $worst ] || worst=$took
	done
	# The look at it is one process of many, and may have been lucky.
	if [ $worst -le 1500 ] && [ -n "$tried" ]; then
		ok "$what"
	else
		not_ok "$what" "took$tried ms"
	fi
}

streams() {
	wait_for 30 hostd_state serving
}

is_read() {
	streams && start reader "$peer" read "$(hostd_socket $a)" 100000 64 \
		"$T/got" && wait_for 10 test -s "$T/got"
}

is_flooded() {
	streams && start flood "$peer" flood "$(hostd_socket $a)" 1000000 60 &&
		wait_for 10 grep -q sent "$T/flood.log"
}

paused() {
	wait_for 60 device_is paused
}

opens() {
	grep -c 'checking: reading the firmware image' "$T/keeper.log"
}

one_more_opens() {
	[ "$(opens)" -gt "$opened" ]
}

# It takes more than a second, to ask for the state may, too.
images() {
	wait_for 30 one_more_opens
}

# faulty FAULT STATE: while it runs, until it is noticed.
faulty() {
	# shellcheck disable=SC2086 # a fault and its arguments
	streams && hostd_sim fault $1 && wait_for 30 device_is "$2"
}

# starts_faulty FAULT: from the first moment on.
starts_faulty() {
	# shellcheck disable=SC2086
	streams && hostd_sim fault $1 &&
		hostd_sim unplug && wait_for 20 hostd_state no-device &&
		opened=$(opens) && hostd_sim plug && images && sleep 1
}

rungs() {
	grep -c "($1 of 4)" "$T/keeper.log"
}

one_more_rung() {
	[ "$(rungs "$1")" -gt "$climbed" ]
}

# ladder RUNG FAULT: at the moment when it is tried.
ladder() {
	streams || return
	climbed=$(rungs "$1")
	# shellcheck disable=SC2086
	hostd_sim fault $2 && wait_for 60 one_more_rung "$1"
}

bus_reset() {
	streams && hostd_sim fault bus-reset
}

stuck_reader() {
	streams && pkill -STOP -P "$(cat "$T/hostd.pid")"
}

unplugged() {
	streams && hostd_sim unplug
}

rehearses() {
	streams && kill -s USR2 "$(cat "$T/hostd.pid")"
}

hostd_start --rate 150000 || exit 1
end_once
while_is "while it streams to a peer" is_read
stop reader
while_is "while a peer asks and does not read" is_flooded
stop flood
while_is "while it reads the image" images
while_is "while the device is paused" paused
while_is "while the device takes no command" faulty out-nak running
while_is "while the device is silent" faulty "silence never" recovering
while_is "while it waits for a slow device" starts_faulty "slow-start 30000"
while_is "while a reader and the watcher do not run" stuck_reader
while_is "as the device leaves" unplugged
# Where it answers nothing, DTR is a control transfer that does not end.
while_is "in a control transfer" ladder 2 "suspend keep 60000"
while_is "as the device is reset" ladder 4 "silence never"
while_is "in a bus reset" bus_reset
while_is "as another program is about to take over" rehearses

# orderly NAME: each end so far.
orderly() {
	equal "every end was orderly, $1" \
		"$(grep -c 'ended with status' "$T/keeper.log")" \
		"$(grep -c 'ended with status 0$' "$T/keeper.log")"
}

again
check "it serves after them" streams
orderly "with a device"
hostd_stop

# A gpgv that does not end.
signed_image() {
	sign_key ed ed25519 && sign_keyring "$T/ring" ed &&
		sign_flash ed 3 "$T/flash" && sign_end
}

slow_gpgv() {
	mkdir "$T/slow"
	printf '#!/bin/sh\n: >"%s"\nexec sleep 60\n' "$T/asked" >"$T/slow/gpgv"
	chmod 755 "$T/slow/gpgv"
	echo "$T/slow:$PATH" >"$T/hostd.path"
}

verifies() {
	wait_for 60 test -e "$T/asked" && rm "$T/asked"
}

if command -v gpg >/dev/null && check "an image is signed" signed_image; then
	slow_gpgv
	printf '[source]\nfirmware=require\nfirmware_keyring=%s\n' "$T/ring" \
		>>"$T/hostd.conf"
	rm -f "$T/hostd.last"
	hostd_start --firmware 3 --image "$T/flash" || exit 1
	wait_for 60 verifies
	end_once
	while_is "while gpgv runs" verifies
	orderly "with gpgv"
	again && hostd_up
	hostd_stop
	rm "$T/hostd.path"
else
	skip "while gpgv runs" "gpg is not installed"
fi

# A read of the kernel's hardware RNG that does not end.
fault() {
	echo "$1" >"$T/fault.new" && mv "$T/fault.new" "$T/fault"
}

blocked() {
	fault good
	wait_for 60 device_is running && fault silent && sleep 1
}

if timeout 60 "$B/tests/integration/devprobe" read /dev/hwrng 16 |
	grep -qx 16; then
	hostd_conf a=$a
	printf '[agent]\nidle_pause=0\n[hwrng chip]\n' >>"$T/hostd.conf"
	rm -f "$T/hostd.last" "$T/sim.sock"
	fault good
	export HWRNG_FAULT="$T/fault" LD_PRELOAD="$B/tests/lib/preload/hwrngfault.so"
	hostd_real || exit 1
	unset LD_PRELOAD
	end_once
	while_is "while a read of the hardware RNG blocks" blocked
	orderly "with a hardware RNG"
	again && hostd_up
	hostd_stop
else
	skip "while a read of the hardware RNG blocks" "there is none"
fi

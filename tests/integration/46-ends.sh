#!/bin/sh
# SIGTERM ends the host agent, its readers and its watcher within a second,
# whatever a transfer, a reader or a peer is doing
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
tries=3
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

# end_once: $took ms until the agent and all of its children were gone.
end_once() {
	hostd_hold
	core=$(cat "$T/hostd.pid") || return
	family="$core $(pgrep -P "$core" | tr '\n' ' ')"
	begun=$(now_ms)
	kill -s TERM "$core"
	while ! all_gone; do
		[ $(($(now_ms) - begun)) -lt 10000 ] || return
		sleep 0.02
	done
	took=$(($(now_ms) - begun))
}

# again: a new agent; the device is as it was at first.
again() {
	hostd_sim clear >/dev/null
	hostd_sim plug >/dev/null 2>&1
	opened=$(opens)
	hostd_release
	wait_for 30 agent_is_there
}

# while_is NAME COMMAND...: SIGTERM once the command has succeeded.  A loaded
# machine may be late; one that waits for what never comes is late each time.
while_is() {
	what=$1 best=10000 tried=''
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
		[ $took -ge $best ] || best=$took
		[ $best -gt 1000 ] || break
	done
	if [ $best -le 1000 ]; then
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
while_is "as another program is about to take over" rehearses
again
check "it serves after them" streams
ends=$(grep -c 'ended with status' "$T/keeper.log")
equal "every end was orderly" "$ends" \
	"$(grep -c 'ended with status 0$' "$T/keeper.log")"
hostd_stop

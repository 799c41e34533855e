#!/bin/sh
# Restarts under peers that read all the time: stalls, lost connections, bytes
# lost or given twice.
#
# BENCH_RESTARTS restarts by exec (100; 1,000 take about 12 minutes), each as
# soon as the one before has served; three peers, one request open each, as a
# Linux guest has.  system/42-restart-guest.sh has the guest.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/bench/bench.sh

restarts=${BENCH_RESTARTS:-100}
peer=$B/tests/integration/egdpeer
stall_ms=2000
peers="a b c"

uuid() {
	printf '6f6e6572-6e67-4000-8000-00000000000%s' "$1"
}

# said PEER FIELD: a number of its last line.
said() {
	sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$T/$1.log"
}

served=0
serves_again() {
	[ "$(grep -c ': state: serving$' "$T/keeper.log")" -gt "$served" ]
}

restart() {
	served=$(grep -c ': state: serving$' "$T/keeper.log")
	kill -USR2 "$(cat "$T/hostd.pid")" && wait_for 60 serves_again
}

hostd_conf a="$(uuid a)" b="$(uuid b)" c="$(uuid c)"
hostd_start --rate 57600 && wait_for 60 hostd_state serving || exit 1
for name in $peers; do
	start "$name" "$peer" steady "$(hostd_socket "$(uuid "$name")")" 64 \
		"$T/got.$name" 20
done
done=0
begin_ms=$(clock_ms)
while [ $done -lt "$restarts" ]; do
	restart || break
	done=$((done + 1))
	[ $((done % 50)) -ne 0 ] || echo "$done of $restarts"
done
each_ms=$((($(clock_ms) - begin_ms) / (done + !done)))
sleep 2

lost=0 stalls=0 slowest=0 surplus=0
for name in $peers; do
	stop "$name" 30 || lost=$((lost + 1))
	took=$(said "$name" slowest) more=$(said "$name" more)
	[ "${took:-99999}" -le $stall_ms ] || stalls=$((stalls + 1))
	[ "${took:-0}" -le "$slowest" ] || slowest=$took
	surplus=$((surplus + (${more:-9999} > 64)))
done
"$B/tests/integration/egdwild" unique "$T"/got.*
twice=$?
hostd_stop

bench restarts-by-exec "$done" "of $restarts, $each_ms ms each" ">= $restarts"
bench restart-peers-lost "$lost" "connections" "<= 0"
bench restart-slowest-read "$slowest" "ms" "<= $stall_ms"
bench restart-stalled-peers "$stalls" "of 3, no read over $stall_ms ms" "<= 0"
bench restart-peers-out-of-step "$surplus" \
	"of 3, got other than what they asked and one block ahead" "<= 0"
bench restart-blocks-twice "$twice" "(0: none)" "<= 0"

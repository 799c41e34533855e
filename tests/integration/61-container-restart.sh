#!/bin/sh
# containers' terminals over hand-overs by exec, restarts and kills under a store
# of descriptors: a reader sees no end, no byte twice, none lost, and its
# device's state
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/tty.sh"

wild=$B/tests/integration/ttywild
egdwild=$B/tests/integration/egdwild
egdpeer=$B/tests/integration/egdpeer
execs=5 stores=3
[ -z "${SOAK:-}" ] || execs=100 stores=20

serving() {
	hostd_state serving
}

# terminals N: so many were taken over.
terminals() {
	[ "$(grep -c 'taken over: /dev/pts/' "$T/keeper.log")" -ge "$1" ]
}

readers_start() {
	rm -f "$T/plain.log" "$T/virt.log" "$T/sock.log"
	start plain "$wild" steady "$(tty_node plain)" "$T/got.plain"
	start virt "$wild" steady "$(tty_node virt)" "$T/got.virt"
	start sock "$egdpeer" steady "$T/run/lxc/plain/egd.sock" 64 \
		"$T/got.sock" 5
}

readers_stop() {
	for name in plain virt sock; do
		check "$name read on" stop $name 10
		cat "$T/$name.log"
	done
}

# Counts of status go on, so what came over any number of orderly restarts is
# what was delivered.
count_from() {
	tty_mark virt || not_ok "$1: it is counted from here"
}

count_to() {
	tty_comes_out "$1: what came over all of them is what was delivered" virt
}

# Over one hand-over that finds bytes unread they are all there after it, and so
# are those that the next agent delivers.
bytes_wait() {
	[ "$(tty_waits virt)" -gt 0 ]
}

held_start() {
	count_from "$1"
	sleep 0.5
	tty_hold virt
	check "$1: bytes wait in a terminal" wait_for 20 bytes_wait
}

held_end() {
	tty_counts "$1: what waited still waits" virt
	tty_go_on virt
	tty_comes_out "$1: what came is what was delivered" virt
}

say() {
	# shellcheck disable=SC2016 # that shell's own
	timeout 60 sh -c 'echo "$1" >"$2"' sh "$2" "$1"
}

hostd_conf
# peers of sockets are in no container here
sed -i 's/^\[agent\]/&\ncheck_peer=no/' "$T/hostd.conf"
cat >>"$T/hostd.conf" <<'END'
[container virt]
[container plain]
device=plain
socket=yes
[container idle]
[container seed]
device=plain
class=seed
END

hostd_start --rate 150000 || exit 1
check "the agent serves" wait_for 30 serving
v=$(tty_node virt) i=$(tty_node idle) s=$(tty_node seed)
say "$v" cmdO
say "$i" cmd6
say "$i" cmdO
equal "a seed is given" 64 \
	"$(timeout 5 cat "$s" | head -c 128 | wc -c)"
cp "$T/run/lxc/virt.facts" "$T/facts"
readers_start
sleep 1
pid=$(cat "$T/hostd.pid")
since=$(hostd_get consumers.1.since)
count_from exec
n=0
while [ $n -lt $execs ]; do
	n=$((n + 1))
	kill -USR2 "$pid"
	wait_for 20 terminals $((4 * n)) || break
	[ $((n % 2)) -ne 0 ] || wait_for 30 serving
done
check "$execs hand-overs by exec" terminals $((4 * execs))
equal "by one process" "$pid" "$(cat "$T/hostd.pid")"
check "the agent serves on" wait_for 30 serving
count_to exec
equal "counted since the first process" "$since" \
	"$(hostd_get consumers.1.since)"
held_start "by exec"
kill -USR2 "$pid"
wait_for 20 terminals $((4 * n + 4))
wait_for 30 serving
held_end "by exec"
readers_stop
check "facts are the same" cmp "$T/facts" "$T/run/lxc/virt.facts"
equal "a device that runs runs on" 640 \
	"$(timeout 60 cat "$i" | head -c 640 | wc -c)"
equal "a seed is not given again" 0 "$(timeout 1 cat "$s" | wc -c)"

# An image in the middle of which the agent is replaced.
exec 7<>"$i"
timeout 60 dd bs=4096 count=8 of="$T/image" <&7 2>/dev/null &
dd=$!
echo cmdX >&7
wait $dd
kill -USR2 "$pid"
check "a hand-over amid an image" wait_for 20 terminals $((4 * execs + 8))
cat >"$T/whole.py" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
at = data.find(bytes.fromhex("feedbeef2014"))
image = data[at + 13:at + 13 + 262144]
label = image.rstrip(b"\xff") if len(image) == 262144 else b""
print("whole" if len(label) < 1000 and label.startswith(b"onerng-virt") else
      "%d bytes at %d" % (len(image), at))
END
whole() {
	timeout 1 cat <&7 >>"$T/image"
	[ "$(python3 "$T/whole.py" "$T/image" | tee "$T/whole")" = whole ]
}
check "leaves it whole" wait_for 10 whole || cat "$T/whole"
exec 7<&-
check "no byte came twice" "$egdwild" unique "$T/got.plain" "$T/got.virt" \
	"$T/got.sock"
hostd_stop

# A service manager that keeps descriptors.
rm -f "$T/hostd.last" "$T"/got.*
: >"$T/keeper.log"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" -c "$T/hostd.conf"
hostd_up || exit 1
check "the agent serves under a service manager" wait_for 30 serving
say "$(tty_node virt)" cmdO
readers_start
stored() {
	[ "$(grep -c "^$1" "$T/store")" -eq "$2" ]
}
# four terminals, a socket of a container, the host's
check "the store has terminals and sockets" wait_for 10 stored listen- 8
sleep 2
nodes=$(cat "$T"/run/lxc/*.facts | grep node=)
n=0
for signal in TERM KILL; do
	# a kill may fall between a write and its count
	[ $signal = KILL ] || count_from $signal
	while [ $n -lt $stores ]; do
		n=$((n + 1))
		before=$(grep -c 'taken over: /dev/pts/' "$T/keeper.log")
		hostd_end $signal
		wait_for 20 terminals $((before + 4)) || break
		wait_for 30 serving
		sleep 0.5
	done
	equal "$stores times $signal" $stores $n
	[ $signal = KILL ] || count_to $signal
	held_start "$signal"
	before=$(grep -c 'taken over: /dev/pts/' "$T/keeper.log")
	hostd_end $signal
	wait_for 20 terminals $((before + 4))
	hostd_up
	wait_for 30 serving
	held_end "$signal"
	n=0
done
equal "terminals are the same" "$nodes" \
	"$(cat "$T"/run/lxc/*.facts | grep node=)"
hostd_hold
hostd_end TERM
say "$(tty_node idle)" cmd4
say "$(tty_node idle)" cmdO
check "readers stay while there is no agent" running virt
hostd_release
hostd_up
check "it serves again" wait_for 30 serving
sleep 1
readers_stop
silent() {
	[ "$(timeout 1 cat "$(tty_node "$1")" | wc -c)" = 0 ]
}
check "what was written meanwhile counts" wait_for 10 silent idle
say "$(tty_node idle)" cmd0
equal "all of it" 64 "$(timeout 60 cat "$(tty_node idle)" | head -c 64 | wc -c)"
check "no byte came twice over all restarts" "$egdwild" unique "$T/got.plain" \
	"$T/got.virt" "$T/got.sock"

# What is configured no longer is let go of.
sed -i '/^\[container idle\]/d' "$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "a terminal that is not wanted leaves the store" \
	wait_for 10 stored listen- 7
hostd_stop

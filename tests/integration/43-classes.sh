#!/bin/sh
# classes of service and policies without a device, through the daemon
# timeout: 900
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

# 64 consumers of class drbg read 68 KiB each, eight of them as a guest does and
# the others 16 requests at a time; SOAK=1: 16 MiB, 1 GiB together.
need python3
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as domain set does"
peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
load=$B/tests/bench/egdload
count=64 rounds=18 limit=120
[ -z "${SOAK:-}" ] || rounds=4370 limit=700

uuid() {
	printf '6f6e6572-6e67-4000-8000-%012d' "$1"
}

S() {
	hostd_socket "$(uuid "$1")"
}

# domain N KEY=VALUE...: consumers.N of the status, since 0 is the host.
domain() {
	printf '[domain d%s]\nuuid=%s\n' "$1" "$(uuid "$1")"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

get() {
	hostd_get "consumers.$1.$2"
}

# is N KEY VALUE
is() {
	[ "$(get "$1" "$2")" = "$3" ]
}

# least N KEY NUMBER
least() {
	[ "$(get "$1" "$2")" -ge "$3" ]
}

# A wish for a new seed is granted only while the pool is half full.
read_and_reseeded() {
	sleep 1
	timeout 120 "$peer" read "$(S "$1")" 1000 50 "$T/more" &&
		least "$1" drbg.reseeds 1
}

# flood NAME SECONDS N...: what each got, in $T/NAME.json
flood() {
	flood_name=$1 flood_seconds=$2
	shift 2
	for flood_n; do
		set -- "$@" "flood:$(S "$flood_n")"
		shift
	done
	timeout 240 "$load" -w 2000 -d "$flood_seconds" "$@" \
		>"$T/$flood_name.json"
}

# bytes NAME FIRST LAST: their sum
bytes() {
	python3 -c 'import json, sys
peers = json.load(open(sys.argv[1]))["peers"]
print(sum(p["bytes"] for p in peers[int(sys.argv[2]):int(sys.argv[3])]))' \
		"$T/$1.json" "$2" "$3"
}

# raw_given: to the two of class raw that ask for all they can get.
raw_given() {
	echo $(($(get 1 delivered) + $(get 2 delivered)))
}

# rate_holds: within 2 %.  A machine that keeps somebody waiting as the time
# begins or ends gets more tries.
rate_holds() {
	for _ in 1 2 3 4; do
		flood limited 10 5
		limited=$(bytes limited 0 1)
		echo "limit 500000, got $limited bytes in 10 s"
		[ "$limited" -le 490000 ] || [ "$limited" -ge 510000 ] || return 0
	done
	return 1
}

# true_of EXPRESSION
true_of() {
	awk "BEGIN { exit !($1) }"
}

# asks N HEX: what comes until nothing does for two seconds, then "open" or
# "closed"
asks() {
	timeout 60 "$peer" raw "$(S "$1")" "$2" 2000
}

{
	printf '[agent]\nrun_dir=%s\nstate_dir=%s\nidle_pause=0\npool=4096\n' \
		"$T/run" "$T/state"
	printf '[source]\nfirmware=off\n'
	domain 1
	domain 2
	domain 3 class=drbg
	domain 4 class=seed
	domain 5 class=drbg rate=50000 burst=50000
	domain 6 when_absent=hold class=drbg
	domain 7 when_absent=kernel class=drbg
	domain 8 when_absent=refuse
	domain 9 when_absent=kernel
	domain 10 class=drbg rate=20000 when_absent=kernel
	for n in $(seq 11 $((10 + count))); do
		domain "$n" class=drbg
	done
} >"$T/hostd.conf"
mkdir -p "$T/run"
hostd_start --rate 57600 || exit 1
check "a device serves" wait_for 60 hostd_state serving

# Shares of what the device made meanwhile, which is less where the machine is
# busy.
made=$(hostd_get pool.blocks_taken) raw=$(raw_given)
flood beside 5 1 2 3
made=$((64 * ($(hostd_get pool.blocks_taken) - made))) raw=$(($(raw_given) - raw))
drbg=$(bytes beside 2 3)
echo "raw $raw of $made bytes that were made, drbg $drbg bytes in 5 s"
check "raw consumers keep their share beside one of class drbg" \
	true_of "$raw > 0.9 * $made"
check "equally" true_of "$(json peers.0.bytes <"$T/beside.json") > \
	0.8 * $(json peers.1.bytes <"$T/beside.json")"
check "which gets far more" true_of "$drbg > 2 * $raw"
equal "and was seeded once" 1 "$(get 3 drbg.seeds)"
equal "a raw consumer has no DRBG" null "$(get 1 drbg)"

check "a rate holds for class drbg within 2 %" rate_holds

# No block twice: raw ones and those of every DRBG in one set.
since=$(date +%s)
start raw1 "$peer" steady "$(S 1)" 240 "$T/out.raw1" 0
start raw2 "$peer" steady "$(S 2)" 240 "$T/out.raw2" 0
pids=
for n in $(seq 11 $((10 + count))); do
	set -- bulk "$(S "$n")" "$rounds"
	[ $((n % 8)) -ne 0 ] || set -- read "$(S "$n")" $((rounds * 16))
	timeout "$limit" "$peer" "$@" 240 "$T/out.$n" &
	pids="$pids $!"
done
failed=0
for pid in $pids; do
	wait "$pid" || failed=$((failed + 1))
done
equal "$count consumers of class drbg read $((rounds * 3840)) bytes each" \
	0 "$failed"
check "a raw consumer reads meanwhile" stop raw1 30
check "and another one" stop raw2 30
echo "$(stat -c %s "$T"/out.* | awk '{ all += $1 } END { print all }') bytes," \
	"$(stat -c %s "$T"/out.raw* | awk '{ all += $1 } END { print all }')" \
	"of them raw, in $(($(date +%s) - since)) s"
check "no 16-byte block came twice" timeout "$limit" \
	"$peer" unique "$T"/out.*
check "a DRBG is seeded again when the pool has plenty" \
	wait_for 60 read_and_reseeded 11
rm -f "$T"/out.*

# Class seed.
equal "class seed gives 64 bytes, then holds" "128 open" \
	"$(asks 4 024002400240 | tee "$T/seed1" |
		awk '{ print length($1), $2 }')"
equal "another process gets 64 bytes again" "128 open" \
	"$(asks 4 02400240 | tee "$T/seed2" |
		awk '{ print length($1), $2 }')"
refuse "others" 1 cmp -s "$T/seed1" "$T/seed2"
equal "the same process gets nothing more" "64 0" \
	"$(timeout 60 python3 - "$(S 4)" <<'END'
import socket
import sys

got = []
for i in range(2):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        s.sendall(b"\2\x40\2\x40")
        s.settimeout(2)
        n = 0
        try:
            while n < 128:
                n += len(s.recv(256))
        except TimeoutError:
            pass
        got.append(n)
print(*got)
END
	)"

# Live changes, in mid-stream.
start stream "$peer" read "$(S 2)" 100000 64 "$T/stream" 1
check "a stream of class raw" wait_for 10 least 2 delivered 128
stream_pid=$(get 2 peer.pid)
check "domain set" hostd_ctl domain set d2 --class drbg --rate 900000
equal "is seen in the status" drbg "$(get 2 class)"
equal "as an override" true "$(get 2 override)"
check "the DRBG serves the stream" wait_for 10 least 2 drbg.seeds 1
check "for people, too" sh -c "hostd=\$1; \"\$hostd\" -s \"\$2\" status |
	grep -q '^domain  *d2  *drbg\\*'" sh "$B/onerngctl" "$T/run/control.sock"
check "by UUID, back again" hostd_ctl domain set "$(uuid 2)" --class raw
check "limits alone" hostd_ctl domain set host --weight 3
equal "of the host" 3 "$(get 0 weight)"
sed -i "/uuid=$(uuid 2)/a class=drbg" "$T/hostd.conf"
check "reload" hostd_reload
equal "changes the class in mid-stream" drbg "$(get 2 class)"
equal "ends overrides" "false 1" "$(get 2 override) $(get 0 weight)"
check "and the stream goes on" wait_for 10 least 2 drbg.seeds 2
equal "of the same peer" "$stream_pid" "$(get 2 peer.pid)"
check "which had no gap" running stream
stop stream
check "no block came twice across the changes" "$wild" unique "$T/stream"
refuse "an unknown class" 2 hostd_ctl domain set d2 --class best
refuse "an unknown domain" 1 hostd_ctl domain set nobody --class raw
refuse "nothing to change" 2 hostd_ctl domain set d2
refuse "no domain" 2 hostd_ctl domain set --class raw
refuse "two domains" 2 hostd_ctl domain set d1 d2 --class raw
chmod 711 "$T" "$T/run"
chmod 666 "$T/run/control.sock"
equal "only root changes something" \
	'{"ok":false,"error":"only root may change something"}' \
	"$(timeout 60 python3 - "$T/run/control.sock" <<'END'
import os
import socket
import sys

os.setgroups([])
os.setresuid(65534, 65534, 65534)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"cmd":"consumer-set","consumer":"d1","class":"drbg"}\n')
print(s.makefile().readline().strip())
END
	)"

# No device.
start refused "$peer" flood "$(S 8)" 0 60
start kernel "$peer" read "$(S 10)" 100000 64 "$T/kernel" 1
check "two peers are connected" wait_for 10 is 8 connected true
check "one of them reads" wait_for 10 least 10 delivered 128
equal "from its DRBG" drbg "$(get 10 supply)"
check "unplug" hostd_sim unplug
check "no device" wait_for 20 hostd_state no-device
check "refuse: the peer is closed" wait_for 10 is 8 connected false
check "with a reason in the log" grep -q \
	"domain d8: peer pid [0-9]* closed: no device serves" "$T/keeper.log"
equal "and a new one, too" " closed" "$(asks 8 0240)"
equal "hold: a consumer of class drbg waits" " open" "$(asks 6 0240)"
check "kernel: the stream goes on" wait_for 10 least 10 kernel_bytes 6400
equal "marked in the status" kernel "$(get 10 supply)"
equal "once in the log" 1 \
	"$(grep -c "domain d10: no device serves" "$T/keeper.log")"
check "and for people" sh -c "\"\$1\" -s \"\$2\" status |
	grep -q \"now the kernel's\"" sh "$B/onerngctl" "$T/run/control.sock"
# What a departed device made is no longer in the pool.
check "a raw one gets the kernel's, too" \
	timeout 120 "$peer" read "$(S 9)" 100 64 "$T/kernel9"
check "counted apart" least 9 kernel_bytes 6400
start holds "$peer" read "$(S 1)" 1 64 "$T/held"
check "hold: what is owed waits" wait_for 10 least 1 owed 64
load_before=$(awk '{ print $14 + $15 }' "/proc/$(cat "$T/hostd.pid")/stat")
sleep 2
load_after=$(awk '{ print $14 + $15 }' "/proc/$(cat "$T/hostd.pid")/stat")
check "nobody spins meanwhile" true_of "$load_after - $load_before < 60"
check "plug" hostd_sim plug
check "a device serves again" wait_for 60 hostd_state serving
check "hold: what was owed arrives" ended holds 10
check "kernel: its DRBG serves again" wait_for 10 is 10 supply drbg
kernel_bytes=$(get 10 kernel_bytes)
sleep 0.5
equal "and the count stands" "$kernel_bytes" "$(get 10 kernel_bytes)"
equal "refuse: comes back" "128 open" \
	"$(asks 8 0240 | awk '{ print substr($1, 1, 128), $2 }' |
		awk '{ print length($1), $2 }')"
stop kernel
check "no block came twice across the absence" "$wild" unique "$T/kernel"
hostd_stop

#!/bin/sh
# a thousand domains and a thousand peers; one that starts goes ahead of them
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild

hostd_conf
printf '[agent]\npool=1048576\n' >>"$T/hostd.conf"
i=1000
while [ $i -lt 2000 ]; do
	printf '[domain d%d]\nuuid=00000000-0000-0000-0000-00000000%d\n' $i $i
	i=$((i + 1))
done >>"$T/hostd.conf"

# The agent has to raise the soft limit itself.
prlimit --pid $$ --nofile=256:
hostd_start --rate 150000 || exit 1
check "the agent serves" wait_for 30 hostd_state serving
equal "all sockets are there" 1000 \
	"$(find "$T/run/kvm" -name '*.sock' | wc -l)"
equal "1,000 peers get three blocks each" "1000 connected" \
	"$(timeout 120 "$peer" many "$T/run/kvm" 3 "$T/all")"
equal "192,000 bytes" 192000 "$(wc -c <"$T/all")"
check "no 16 bytes were delivered twice" "$wild" unique "$T/all"
rss=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' \
	"/proc/$(cat "$T/hostd.pid")/status")
if ldd "$B/onerng-hostd" | grep -q libasan; then
	skip "with less than 64 MiB" "the sanitizer needs memory itself"
elif [ "$rss" -le 65536 ]; then
	ok "with less than 64 MiB"
else
	not_ok "with less than 64 MiB" "$rss KiB"
fi
check "status answers" hostd_ctl status

# A start among 100 that flood, whose share of a slow device is a block a second
# each: its first 1 KiB is there before any of them has had 8, not when they have
# had 16.
given() {
	hostd_ctl status --json | python3 -c '
import json, sys
print(sum(c["delivered"] for c in json.load(sys.stdin)["consumers"]
          if "d1001" <= c["name"] <= "d1100"))'
}
# What a start gives them, too, is behind them.
flooding() {
	[ "$(given)" -ge $((100 * 64 * 64)) ] &&
		[ "$(hostd_get pool.bytes)" -le 64 ]
}
socket() {
	hostd_socket "00000000-0000-0000-0000-00000000$1"
}
set --
for i in $(seq 1001 1100); do
	set -- "$@" "flood:$(socket "$i")"
done
start flood "$B/tests/bench/egdload" -w 1000 -d 250 "$@"
check "100 domains flood" wait_for 40 flooding
hostd_sim fault slow 14400 >/dev/null
before=$(given)
check "one that starts and asks for 1 KiB gets it" timeout 60 "$peer" bulk \
	"$(socket 1000)" 1 64 "$T/first"
others=$((($(given) - before) / 64))
echo "the others got $others blocks meanwhile"
check "ahead of the others" test $others -lt 800
stop flood 5 KILL
hostd_stop

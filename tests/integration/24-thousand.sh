#!/bin/sh
# a thousand domains and a thousand peers
# timeout: 240
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
hostd_stop

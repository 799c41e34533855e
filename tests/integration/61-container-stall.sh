#!/bin/sh
# a container that stops reading for seconds and goes on gets every byte that was
# delivered, in the order in which it was made
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/tty.sh"
need python3

# The device begins with it anew behind its end, at another place of a block.
head -c 2000003 /dev/urandom >"$T/noise"
hostd_conf
printf '[container slow]\ndevice=plain\n' >>"$T/hostd.conf"
began=$(date +%s)
hostd_start --no-stir --noise "file=$T/noise" || exit 1
check "the agent serves" wait_for 30 hostd_state serving
start slow "$B/tests/integration/ttywild" steady "$(tty_node slow)" \
	"$T/got.slow"
wait_for 10 test -s "$T/got.slow"
tty_from=0 tty_mark=0
for stall in 1 2; do
	sleep 1
	tty_hold slow
	tty_counts "stall $stall: what came is what was delivered" slow
	sleep 3
	tty_counts "stall $stall: also seconds later" slow
	# one block now and then, until what a terminal takes is full
	waits=$(tty_waits slow)
	if [ "$waits" -gt 0 ] && [ "$waits" -le 4096 ]; then
		ok "stall $stall: as much waits as a terminal takes"
	else
		not_ok "stall $stall: as much waits as a terminal takes" \
			"$waits bytes"
	fi
	tty_go_on slow
done
sleep 1
tty_hold slow
tty_counts "and goes on to be" slow
tty_go_on slow
stop slow
hostd_stop

# Noise goes by while nobody wants it, which begins another run.
"$B/tests/integration/whence" "$T/got.slow" "$T/noise" >"$T/whence"
cat "$T/whence"
equal "every block is whole" "unknown 0" "$(grep unknown "$T/whence")"
# a run is behind the one before, but where the noise began anew; how often that
# was depends on how busy the machine is, about twice in a minute
# shellcheck disable=SC2016 # awk's own
turns=$(awk '$1 != "unknown" { n += $2 < at; at = $2 } END { print n }' \
	"$T/whence")
if [ "$turns" -le $((($(date +%s) - began) / 30 + 1)) ]; then
	ok "in the order in which they were made"
else
	not_ok "in the order in which they were made" "$turns turns"
fi

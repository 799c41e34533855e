#!/bin/sh
# onerng-guestd reads a OneRNG as a terminal
# timeout: 180
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"
need python3

verify() {
	timeout 60 "$G" --once --no-feed --deadline 2 -s "$1"
}

for mode in good deaf hangup narrow; do
	start "tty.$mode" "$B/tests/integration/tty_peer" "$T/tty.$mode" $mode
	wait_for 10 grep -q ready "$T/tty.$mode.log" ||
		skip_all "no pty can be made here"
done

check "terminal that sends is verified" verify "tty:$T/tty.good"
says "it was told to run" tty.good "took cmdO"
check "and to pause at the end" wait_for 5 grep -q "took cmdo" \
	"$T/tty.good.log"
check "and can be opened again" verify "tty:$T/tty.good"
refuse "terminal that never sends" 1 verify "tty:$T/tty.deaf"
refuse "terminal that hangs up" 1 verify "tty:$T/tty.hangup"
refuse "terminal with half of every byte missing" 3 verify "tty:$T/tty.narrow"
refuse "hwrng that is a silent terminal" 1 verify "hwrng:$T/tty.deaf"

start service "$G" -s "tty:$T/tty.good" --no-feed \
	--status-file "$T/service.json"
check "service verifies a terminal" wait_for 10 \
	status_above "$T/service.json" windows 0
runs=$(grep -c "took cmdO" "$T/tty.good.log")
check "it pauses between rounds" wait_for 5 status_is "$T/service.json" \
	state idle
kill -s USR2 "$(pid_of service)"
check "and reads on" wait_for 10 status_above "$T/service.json" windows 1
equal "after telling it to run again" $((runs + 1)) \
	"$(grep -c "took cmdO" "$T/tty.good.log")"
stop service
equal "it ends" 0 $?

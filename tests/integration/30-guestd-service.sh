#!/bin/sh
# onerng-guestd as a service: never hangs, tells its state, ends at once
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"
need python3

mode=
[ -n "$may_feed" ] || mode=--no-feed
mkfifo "$T/fifo"

# guestd NAME OPTION...: a service with its status in $T/NAME.json.
guestd() {
	guestd_name=$1
	shift
	# shellcheck disable=SC2086 # one option or none
	start "$guestd_name" "$G" --status-file "$T/$guestd_name.json" \
		-l debug $mode "$@"
}

# windows NAME MORE_THAN: so many windows were verified.
windows() {
	wait_for 20 status_above "$T/$1.json" windows "$2"
}

send_signal() {
	kill -s "$1" "$(pid_of "$2")"
}

stopped() {
	stop "$1"
	equal "$2" 0 $?
}

# --- a good source
egd good
guestd good -s "egd:$T/egd.good"
check "first round is made at once" windows good 0
check "state is idle then" wait_for 20 status_is "$T/good.json" state idle
equal "start-up window was verified" 1024 \
	"$(status_of "$T/good.json" verified_bytes)"
design=new
[ "$(cat /proc/sys/kernel/random/poolsize)" -le 256 ] || design=old
equal "kernel's design is told" $design \
	"$(status_of "$T/good.json" kernel.design)"
equal "it is the agent's own process id" "$(pid_of good)" \
	"$(status_of "$T/good.json" pid)"
send_signal USR2 good
check "SIGUSR2 makes a round at once" windows good 1
equal "window behind start-up is a feed long" 1088 \
	"$(status_of "$T/good.json" verified_bytes)"
if [ -n "$may_feed" ]; then
	equal "both were fed" 128 "$(status_of "$T/good.json" fed_bytes)"
fi
check "--status" "$G" --status --status-file "$T/good.json"
"$G" --status --status-file "$T/good.json" >"$T/status.log"
says "status in rngd's words" status "bits received from HRNG source: 8704"
says "and in ours" status "bytes verified: 1088 in 2 windows"
"$G" --status --json --status-file "$T/good.json" >"$T/status.json"
check "--status --json is the file" cmp "$T/status.json" "$T/good.json"
send_signal USR1 good
check "SIGUSR1 prints statistics" wait_for 5 grep -q \
	"bits received from HRNG source: 8704" "$T/good.log"
says "with the FIPS tests" good "FIPS 140-2(2001-10-10) Monobit: 0"
stop egd.good
egd good
send_signal USR2 good
check "server that was restarted is found again" windows good 2
equal "with a start-up test" 2112 "$(status_of "$T/good.json" verified_bytes)"
says "the loss was told" good "the server closed"
says "and its end" good "works again"
stopped good "SIGTERM ends it with status 0"
check "status file is removed at the end" test ! -e "$T/good.json"
refuse "--status without an agent" 1 "$G" --status --status-file "$T/good.json"

# --- sources that fail
guestd late -s "egd:$T/egd.late"
check "server that is not there is waited for" wait_for 10 \
	status_above "$T/late.json" source_failures 1
start egd.late "$B/tests/integration/egd_server" "$T/egd.late" good
check "and used once it is there" windows late 0
stopped late "it ends"
equal "one failure is one warning" 1 \
	"$(grep -c 'trying again until it works' "$T/late.log")"

egd drop
guestd drop -s "egd:$T/egd.drop"
check "connection that breaks is made again" windows drop 0
equal "nothing of the broken window counts" 1024 \
	"$(status_of "$T/drop.json" verified_bytes)"
stopped drop "it ends"

egd replay
guestd replay -s "egd:$T/egd.replay"
check "first connection is good" windows replay 0
stop egd.replay
egd replay
send_signal USR2 replay
check "stream replayed over a new connection is refused" wait_for 20 \
	status_above "$T/replay.json" failures.duplicate 0
equal "and not counted as verified" 1024 \
	"$(status_of "$T/replay.json" verified_bytes)"
stopped replay "it ends"

egd zero
guestd zero -s "egd:$T/egd.zero"
check "zeros are refused again and again" wait_for 20 \
	status_above "$T/zero.json" failures.rct-byte 1
equal "and never verified" 0 "$(status_of "$T/zero.json" verified_bytes)"
equal "nor fed" 0 "$(status_of "$T/zero.json" fed_bytes)"
stopped zero "it ends"

# --- a source that never answers: a FIFO without a writer blocks its opener
guestd stuck -s "hwrng:$T/fifo" --deadline 1 --ready-timeout 1
check "deadline of a silent source" wait_for 20 \
	status_above "$T/stuck.json" source_failures 1
says "is told" stuck "silent for 1 s after 0 of 1024 bytes"
stopped stuck "SIGTERM ends it while its reader hangs"
guestd stuck2 -s "hwrng:$T/fifo" --deadline 600
check "it waits" wait_for 10 status_is "$T/stuck2.json" state reading
send_signal USR1 stuck2
check "and answers SIGUSR1 while it waits" wait_for 5 grep -q "stats: Entropy" \
	"$T/stuck2.log"
reader=$(pgrep -P "$(pid_of stuck2)" | tail -n 1)
send_signal KILL stuck2
check "its reader dies with it" wait_for 10 gone "$reader"
refuse "status of an agent that was killed is stale" 1 \
	"$G" --status --status-file "$T/stuck2.json"
log_of stale "$G" --status --status-file "$T/stuck2.json"
says "and says why" stale "the agent that wrote it is gone"

# --- readiness
manager
NOTIFY_SOCKET=$T/notify
export NOTIFY_SOCKET
guestd ready -s "egd:$T/egd.late" --ready-timeout 300
check "ready after the first round" wait_for 20 grep -q READY=1 "$T/manager.log"
says "and says what it does" manager ing
stopped ready "it ends"
check "stopping is told" wait_for 5 grep -q STOPPING=1 "$T/manager.log"
: >"$T/manager.log"
guestd unready -s "hwrng:$T/fifo" --ready-timeout 1
check "ready after the time-out, with a silent source" wait_for 20 \
	grep -q "READY=1 STATUS=waiting" "$T/manager.log"
stopped unready "it ends"
unset NOTIFY_SOCKET

# --- no /run: a warning, once
start norun "$G" -s "egd:$T/egd.late" --status-file "$T/no/where.json" \
	--interval 1 ${mode:+"$mode"}
check "a missing folder for the status is a warning" wait_for 10 \
	grep -q "status file $T/no/where.json" "$T/norun.log"
send_signal USR2 norun
sleep 1
equal "given once" 1 "$(grep -c 'status file' "$T/norun.log")"
stopped norun "it ends"

# --- the feeder
if [ -n "$may_feed" ]; then
	guestd fed -s "egd:$T/egd.late"
	check "the feeder feeds" wait_for 20 status_above "$T/fed.json" feeds 0
	feeder=$(pgrep -P "$(pid_of fed)" | head -n 1)
	equal "its system calls are filtered" 2 \
		"$(sed -n 's/^Seccomp:[[:blank:]]*//p' "/proc/$feeder/status")"
	equal "it has CAP_SYS_ADMIN alone" 0000000000200000 \
		"$(sed -n 's/^CapEff:[[:blank:]]*//p' "/proc/$feeder/status")"
	equal "the agent has CAP_DAC_OVERRIDE alone" 0000000000000002 \
		"$(sed -n 's/^CapPrm:[[:blank:]]*//p' \
			"/proc/$(pid_of fed)/status")"
	kill -s KILL "$feeder"
	ended fed 10
	equal "without its feeder the agent fails" 1 $?
	says "and says so" fed "feeder: died"
else
	skip "the feeder" "this machine may not feed its kernel"
fi

# --- a real-time clock whose driver is loaded later than the agent starts
if [ -n "$may_feed" ] && unshare --mount true 2>/dev/null; then
	mkdir "$T/class"
	# shellcheck disable=SC2016 # expanded inside
	start late unshare --mount sh -c \
		'mount --bind "$1" /sys/class && shift && exec "$@"' sh "$T/class" \
		"$G" -s hwrng:/dev/urandom --interval 1 \
		--status-file "$T/late.json"
	check "without a real-time clock it feeds" windows late 0
	mkdir -p "$T/class/rtc/rtc0"
	# It stands still, so it falls behind by more than it may.
	date +%s >"$T/class/rtc/rtc0/since_epoch"
	check "one that comes later is watched" wait_for 30 \
		grep -q 'real-time clock: it jumped' "$T/late.log"
	stopped late "and it ends"
else
	skip "late real-time clock" "no feeding or no mount namespaces here"
fi

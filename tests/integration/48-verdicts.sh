#!/bin/sh
# a failure is never cleared by another process: verdicts and counted failures
# over an exec, restarts and kills, with and without a store of descriptors;
# departure clears them, and who claims the device
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

a=11111111-1111-1111-1111-111111111111
file=$T/run/failures.json

logged() {
	grep -q "$1" "$T/keeper.log"
}

# device STATE [TEXT]: of the one at 1-1.
device() {
	[ "$(hostd_get devices.0.state)" = "$1" ] &&
		hostd_get devices.0.detail | grep -q "${2:-}"
}

within_hour() {
	[ "$(hostd_get devices.0.health.failures_within_hour)" = "$1" ]
}

# fails: the device does, for good; its noise is well again behind it.
fails() {
	hostd_sim noise stuck=85 >/dev/null
	wait_for 60 device failed "for good"
	hostd_sim noise ideal >/dev/null
}

# still TITLE: it is failed, and from before.
still() {
	check "$1: it is still failed" wait_for 30 device failed \
		"for good, before a restart: replug it, or onerngctl device claim 1-1"
	equal "$1: status says since when" "$at" \
		"$(hostd_get devices.0.health.final.at)"
	equal "$1: and that it is from before" true \
		"$(hostd_get devices.0.health.final.before_restart)"
	equal "$1: nothing is served" 0 "$(hostd_get pool.bytes)"
}

hostd_restart() {
	hostd_end "$1"
	hostd_up
}

exec_agent() {
	exec_n=$(grep -c 'takes over$' "$T/keeper.log")
	exec_up=$(grep -c ': state: ' "$T/keeper.log")
	kill -USR2 "$(cat "$T/hostd.pid")"
	wait_for 20 exec_done
}

exec_done() {
	[ "$(grep -c 'takes over$' "$T/keeper.log")" -gt "$exec_n" ] &&
		[ "$(grep -c ': state: ' "$T/keeper.log")" -gt "$exec_up" ]
}

hostd_conf a=$a
hostd_start --rate 150000 || exit 1
check "the device runs" wait_for 30 device running
equal "nothing counts against it" null "$(hostd_get devices.0.health.final)"
refuse "what did not fail cannot be claimed" 1 hostd_ctl device claim 1-1

check "it fails for good" fails
at=$(hostd_get devices.0.health.final.at)
equal "just now" 0 $((($(date +%s) - at) / 60))
equal "by this process" false \
	"$(hostd_get devices.0.health.final.before_restart)"
check "status tells what to do" device failed \
	"for good: replug it, or onerngctl device claim 1-1"
equal "the file is the agent's alone" 600 "$(stat -c %a "$file")"
kill -HUP "$(cat "$T/hostd.pid")"
sleep 1
check "a reload does not clear it" device failed "for good"

check "a hand-over by exec" exec_agent
still exec
check "a restart" hostd_restart TERM
still restart
check "a kill" hostd_restart KILL
still kill
check "people read it, too" sh -c "'$B/onerngctl' -s '$T/run/control.sock' \
	status | grep -q 'failed at 2.*, before the agent was restarted'"
kill -HUP "$(cat "$T/hostd.pid")"
sleep 1
check "a reload does not clear it there either" device failed "before"

check "it is let go" hostd_ctl device release 1-1
check "and taken back" hostd_ctl device claim 1-1
check "which alone does not clear it" device failed "for good"
check "a claim of what failed does" hostd_ctl device claim onerng0
check "it runs" wait_for 30 device running
check "nothing is left of it" test ! -e "$file"
check "another restart" hostd_restart KILL
check "it runs on" wait_for 30 device running

# Who departed while nobody looked is not the one that comes.
check "it fails again" fails
hostd_hold
hostd_end TERM
check "the file stays without an agent" test -s "$file"
hostd_sim unplug >/dev/null
hostd_sim plug >/dev/null
hostd_release
hostd_up
check "one that was plugged in meanwhile runs" wait_for 30 device running
check "and the log says why" logged "1-1: what failed there has departed"

check "that one fails" fails
hostd_sim unplug >/dev/null
check "it departs" wait_for 20 device gone
check "and is forgotten" test ! -e "$file"
hostd_sim plug >/dev/null
check "one that is plugged in then runs" wait_for 30 device running

# Failures that are borne are counted over every kind of restart.
count=0
borne() {
	count=$((count + 1))
	hostd_sim fault repeat 64 >/dev/null
	wait_for 30 within_hour $count && wait_for 30 device running
}
for how in kill exec restart; do
	check "failure $((count + 1)) is borne" borne
	case $how in
	kill) hostd_restart KILL ;;
	exec) exec_agent ;;
	restart) hostd_restart TERM ;;
	esac
	check "it runs after a $how" wait_for 30 device running
	equal "a $how forgets no failure" $count \
		"$(hostd_get devices.0.health.failures_within_hour)"
done
hostd_sim fault repeat 64 >/dev/null
check "the fourth within an hour is one too many" wait_for 30 device failed \
	"dup failed 4 times within an hour: replug it"
check "it is claimed" hostd_ctl device claim 1-1
check "and runs with a clean sheet" wait_for 30 device running
check "none counts" within_hour 0

# A full disk: here what is written first cannot be.
mkdir "$T/run/failures.new"
check "it fails, which cannot be written" fails
check "the log says what that means" \
	logged "failures.json: .*: a restart forgets failures of devices"
kill -USR2 "$(cat "$T/hostd.pid")"
check "no exec forgets it" wait_for 10 \
	logged "restart: failures of devices cannot be kept: .* goes on"
check "it stays failed" device failed "for good"
rmdir "$T/run/failures.new"
check "it is written once that can be" wait_for 10 test -s "$file"
at=$(hostd_get devices.0.health.final.at)
hostd_restart KILL
still "full disk"

# What makes no sense is dropped, by line.
hostd_hold
hostd_end TERM
printf '[\n{"place":"1-1"},\n' >"$file"
hostd_release
hostd_up
check "garbage is said to be" logged "failures.json:3:.*: dropped"
check "and keeps nobody from the device" wait_for 30 device running
hostd_stop

# Under a service manager that keeps descriptors.
rm -rf "$T/run" "$T/hostd.last"
hostd_conf a=$a
: >"$T/keeper.log"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" -c "$T/hostd.conf"
hostd_up || exit 1
check "it runs under a service manager" wait_for 30 device running
check "it fails there" fails
at=$(hostd_get devices.0.health.final.at)
for signal in KILL TERM; do
	check "$signal" hostd_restart $signal
	still "store, $signal"
done
check "it is claimed there" hostd_ctl device claim 1-1
check "and runs there" wait_for 30 device running
hostd_stop

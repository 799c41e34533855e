#!/bin/sh
# a baseline is the board's: over a stop, a kill, an exec, a replug and at
# another port; another board learns its own; claims; a directory that is
# lacking, garbage
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

file=$T/state/baselines.json
flash=$T/flash

logged() {
	grep -q "$1" "$T/keeper.log"
}

# at PORT KEY: what status says of the device there.
at() {
	hostd_ctl status --json 2>/dev/null | python3 -c '
import json, sys
for d in json.load(sys.stdin)["devices"]:
    if d["port"] == sys.argv[1]:
        for key in sys.argv[2].split("."):
            d = d[key]
        print(json.dumps(d).strip("\""))' "$1" "$2"
}

base() {
	at "$1" "health.trend.baseline.$2"
}

is() {
	[ "$(at "$1" "$2")" = "$3" ]
}

# learnt PORT P: it has a baseline of P(1) = P, to two places.
learnt() {
	[ "$(base "$1" since)" != null ] &&
		[ "$(printf %.2f "$(base "$1" p1)")" = "$2" ]
}

# judged PORT N: so many windows were, in this arrival.
judged() {
	[ "$(at "$1" health.trend.windows)" -ge "$2" ] 2>/dev/null
}

# stays PORT: it is judged, by what was known, and well.
stays() {
	wait_for 60 judged "$1" 4 && [ "$(base "$1" recalled)" = true ] &&
		is "$1" health.trend.verdict ok
}

drifts() {
	wait_for 60 is "$1" health.trend.verdict warning &&
		is "$1" health.trend.reason p1-drift && is "$1" state running
}

# restart TERM|KILL [COMMAND...]: which is done while there is none.  What is in
# RUN_DIR goes as with `systemctl stop`.
restart() {
	hostd_hold
	hostd_end "$1"
	[ "$1" = KILL ] || rm -rf "$T/run"
	shift
	[ $# = 0 ] || "$@" >/dev/null
	hostd_release
	hostd_up
}

exec_agent() {
	exec_n=$(grep -c ': state: ' "$T/keeper.log")
	kill -USR2 "$(cat "$T/hostd.pid")"
	wait_for 20 exec_done
}

exec_done() {
	logged 'takes over$' &&
		[ "$(grep -c ': state: ' "$T/keeper.log")" -gt "$exec_n" ]
}

# board N NOISE [IMAGE]: one with these is plugged in there.
board() {
	hostd_sim "@$1" unplug
	hostd_sim "@$1" noise "$2"
	[ -z "${3:-}" ] || hostd_sim "@$1" image "$3"
	hostd_sim "@$1" plug
}

hostd_conf
# a new baseline would not be told from 0.65 by any test
printf '[agent]\nidle_pause=0\n[source]\nbit_min_entropy=0.5\n' >>"$T/hostd.conf"
printf '[device red]\nport=1-1\n[device blue]\nport=1-2\n' >>"$T/hostd.conf"
# stirred bits have less of a bias
hostd_start --devices 2 --no-stir --rate 300000 --noise bias=0.5125 || exit 1
board 2 bias=0.56 >/dev/null

check "a board's baseline is learnt" wait_for 60 learnt 1-1 0.51
equal "by this process" false "$(base 1-1 recalled)"
check "another one's is its own" wait_for 60 learnt 1-2 0.56
check "which is no reason to warn" is 1-2 health.trend.verdict ok
check "it is written" wait_for 10 grep -q "$(at 1-2 unit)" "$file"
equal "for the agent alone" "600 700" \
	"$(stat -c %a "$file") $(stat -c %a "$T/state")"
unit=$(at 1-1 unit)
since=$(base 1-1 since)
p1=$(base 1-1 p1)
hostd_ctl status >"$T/said"
equal "people read since when" 2 "$(grep -c 'baseline since 2[^,]*$' "$T/said")"

check "stopped and started" restart TERM
check "the board is well" stays 1-1
check "so is the other" stays 1-2
equal "since then" "$since $p1" "$(base 1-1 since) $(base 1-1 p1)"
hostd_ctl status >"$T/said"
check "people read that it was known" \
	grep -q "baseline since .*, known from before" "$T/said"
refuse "nothing was warned of" 1 logged "left its baseline"

check "it drifts while there is no agent" \
	restart TERM hostd_sim @1 noise bias=0.65
check "which is seen" drifts 1-1
check "and logged" wait_for 10 \
	logged "red: raw noise left its baseline: p1-drift"
check "the other one is well" stays 1-2
for how in exec KILL; do
	if [ $how = exec ]; then
		check "$how" exec_agent
	else
		check "$how" restart $how
	fi
	check "$how: it is seen" drifts 1-1
done
wait_for 60 judged 1-1 40
check "it does not creep" drifts 1-1
equal "not at all" "$since $p1" "$(base 1-1 since) $(base 1-1 p1)"
board 1 bias=0.65 >/dev/null
check "a replug is no excuse" drifts 1-1

# The simulator's first board has the unit of mkimage's; others by its ID.
"$B/tests/integration/mkimage" flash 3 /dev/null >"$flash"
cp "$flash" "$T/erased"
cp "$flash" "$T/other"
# 16 bytes from 0x3ff80 on
head -c 16 /dev/zero | tr '\0' '\377' |
	dd of="$T/erased" bs=16 seek=16376 conv=notrunc 2>/dev/null
printf x | dd of="$T/other" bs=1 seek=262016 conv=notrunc 2>/dev/null
hostd_sim @1 unplug >/dev/null
board 2 bias=0.65 "$flash" >/dev/null
check "nor is another port" drifts 1-2
equal "it is the same board" "$unit $since" "$(at 1-2 unit) $(base 1-2 since)"
board 1 bias=0.65 "$T/other" >/dev/null
check "another board at its port learns its own" wait_for 60 learnt 1-1 0.65
refuse "it is another" 1 is 1-1 unit "$unit"
check "and well" is 1-1 health.trend.verdict ok
board 1 bias=0.60 "$T/erased" >/dev/null
check "one that has no ID is learnt at its arrival" wait_for 60 learnt 1-1 0.60
equal "it is nobody" "" "$(at 1-1 unit)"
hostd_ctl status >"$T/said"
check "people read that" grep -q ", forgotten when it goes" "$T/said"
check "after a restart" restart KILL
check "it is learnt again" wait_for 60 learnt 1-1 0.60
equal "anew" false "$(base 1-1 recalled)"
hostd_sim @1 unplug >/dev/null

# The board is at 1-2 now.
check "it is still seen there" drifts 1-2
printf '[source]\nmin_entropy=3.5\n' >>"$T/hostd.conf"
check "a reload with another H" hostd_reload
check "is no excuse either" drifts 1-2
equal "nor does it forget" "$since $p1" "$(base 1-2 since) $(base 1-2 p1)"
refuse "it needs no claim" 1 hostd_ctl device claim blue
check "its noise can be taken as it is" \
	hostd_ctl device claim --new-baseline blue
check "that is learnt" wait_for 60 learnt 1-2 0.65
check "and well" is 1-2 health.trend.verdict ok
check "restarted" restart TERM
check "it stays so" stays 1-2

# A claim forgives a failure and forgets no baseline.
fails() {
	hostd_sim @2 noise stuck=85 >/dev/null
	wait_for 60 is 1-2 state failed
	hostd_sim @2 noise bias=0.5125 >/dev/null
}
check "it fails for good" fails
check "it is claimed" hostd_ctl device claim blue
check "its noise is another than it was" drifts 1-2
check "it fails again" fails
check "restarted with that" restart KILL
check "it is failed" wait_for 60 is 1-2 state failed
check "claimed with the noise that it has" \
	hostd_ctl device claim --new-baseline blue
check "it is known by that" wait_for 60 learnt 1-2 0.51
equal "from now on" "ok false" \
	"$(at 1-2 health.trend.verdict) $(base 1-2 recalled)"

check "it is let go" hostd_ctl device release blue
check "taken back with the noise that it has" \
	hostd_ctl device claim --new-baseline blue
check "it is learnt" wait_for 60 learnt 1-2 0.51
equal "anew" false "$(base 1-2 recalled)"
refuse "a board that is not there has no noise" 1 \
	hostd_ctl device claim --new-baseline red

# Somebody else's file in the way.
check "restarted without its directory" restart TERM sh -c \
	"rm -r '$T/state' && : >'$T/state'"
check "it serves" wait_for 60 learnt 1-2 0.51
check "the log says what is lacking" wait_for 10 logged \
	"baselines.json: Not a directory: a restart forgets baselines"
check "so does status" sh -c "'$B/onerngctl' -s '$T/run/control.sock' status |
	grep -q '^PROBLEM .*state_dir: .*Not a directory'"
rm "$T/state"
check "it is made once it can be" wait_for 10 test -s "$file"
solved() {
	[ "$(hostd_get problems)" = "[]" ]
}
check "no problem is left" wait_for 10 solved
equal "it was said once" 1 "$(grep -c 'a restart forgets baselines' \
	"$T/keeper.log")"
garble() {
	printf '[\n{"unit":1},\n' >"$file"
}
check "restarted with garbage" restart TERM garble
check "which is said" logged "baselines.json:3:.*: dropped"
check "it serves and learns" wait_for 60 learnt 1-2 0.51
check "which is kept" wait_for 10 grep -q '"since"' "$file"
hostd_stop

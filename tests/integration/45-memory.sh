#!/bin/sh
# what the agent's memory holds at the instant it is released, at its end and
# when another program takes its place; that nothing of it is in what the agent
# logs, tells and writes
# timeout: 300
# shellcheck disable=SC2016 # awk
# The pool is full of blocks that nobody took, and the simulated noise is a
# known file, so that raw samples are found too, wherever they lie.  As it hands
# over, DRBGs of a domain and of an open terminal have a batch made, and a capture
# has samples that its stopped peer does not take.  memcpy(3)
# leaves the last bytes it moved in vector registers, which a signal's frame (or
# lazy binding) saves to the stack: that much, of 8 registers, is no leak of a
# stage.  A register of 32 bytes holds 17 places, one of 64 (AVX-512) 49.
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

uuid=3d1c7a52-0e55-4d5e-9b7e-5f3a1c2b4d60
drbg=3d1c7a52-0e55-4d5e-9b7e-5f3a1c2b4d61
look=$B/tests/integration/memlook
peer=$B/tests/integration/egdpeer
[ "$(id -u)" -eq 0 ] || skip_all "needs root, to read another's memory"
head -c 4000000 /dev/urandom >"$T/noise"

# A sanitizer keeps what was freed, and its own maps: it is not looked into.
if grep -qa __asan_init "$B/onerng-hostd"; then
	skip_all "sanitized programs keep what they freed"
fi

full() {
	[ "$(hostd_get pool.bytes)" = "$(hostd_get pool.capacity)" ]
}

# A window that has just ended leaves none behind for a moment.
raw_is_seen() {
	"$look" snapshot "$pid" "$T/secmem" || return
	! "$look" scan "$T/secmem" 0 "$T/noise"
}

# watch NAME PID: follows a process.
watch() {
	start "$1" "$look" watch "$2" "$T/noise" "$T/served"
	wait_for 30 grep -q "^watching" "$T/$1.log" && return
	cat "$T/$1.log"
	return 1
}

# saw NAME EVENT RELEASED: its end, with nothing in it.
saw() {
	ended "$1" 30
	cat "$T/$1.log"
	check "$1: secmem was released" awk -v least="$3" \
		'$1 == "released" { n = $2 } END { exit !(n >= least) }' \
		"$T/$1.log"
	check "$1: all of it was zeros" \
		grep -q '^released [0-9]* unclean 0 ' "$T/$1.log"
	check "$1: no secret is left" grep -q "^$2 hits 0 " "$T/$1.log"
	check "$1: no more than registers on its stack" awk -v most=$places \
		'/ hits / { n = $5 } END { exit !(n <= most) }' "$T/$1.log"
}

# hold: what a hand-over may leave behind is there.
hold() {
	start drbg "$peer" steady "$(hostd_socket $drbg)" 64 "$T/served" 60000
	start capture "$B/onerngctl" -s "$T/run/control.sock" capture \
		--raw 4000000 "$T/captured"
	check "a capture is under way" wait_for 10 captured 1
	kill -s STOP "$(pid_of capture)"
	check "its samples wait" wait_for 30 captured 200000
	exec 7<>"$(sed -n 's/^node=//p' "$T/run/lxc/tty.facts")"
	check "a terminal has a DRBG, too" wait_for 10 terminal_is_served
	check "a DRBG has a batch" wait_for 10 grep -q . "$T/served"
}

captured() {
	[ "$(hostd_get devices.0.health.captured)" -ge "$1" ]
}

terminal_is_served() {
	hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
    if c["kind"] == "container":
        sys.exit(c["delivered"] == 0)'
}

hostd_conf one=$uuid two=$drbg
cat >>"$T/hostd.conf" <<'END'
class=drbg
[container tty]
device=plain
class=drbg
[agent]
idle_pause=0
log_level=debug
END
check "the agent starts" hostd_start --noise "file=$T/noise" || exit 1
check "it serves" wait_for 60 hostd_state serving || exit 1
check "a domain reads" "$peer" read "$(hostd_socket $uuid)" 200 64 "$T/served"
check "the pool is full" wait_for 60 full

places=$((8 * 17))
! grep -qm1 -w avx512f /proc/cpuinfo || places=$((8 * 49))

# What is looked for is there while the agent works: this can fail.
pid=$(cat "$T/hostd.pid")
check "raw samples are seen in secmem" wait_for 30 raw_is_seen
refuse "the copy is seen in itself" 1 "$look" scan "$T/secmem" 0 "$T/secmem"
head -c 100000 /dev/urandom >"$T/other"
check "bytes from elsewhere are not" "$look" scan "$T/secmem" 0 "$T/other"

hold
check "hand-over is watched" watch exec "$pid"
kill -s USR2 "$pid"
saw exec exec 1
check "the next program serves" wait_for 60 hostd_state serving
equal "in the same process" "$pid" "$(hostd_get pid)"
check "behind a start-up test of its own" test \
	"$(hostd_get devices.0.health.startup_samples)" -ge 4096
kill -s CONT "$(pid_of capture)"
ended capture 10
timeout 10 head -c 20000 <&7 >"$T/read"
equal "whoever has the terminal open is served on" 20000 "$(stat -c %s "$T/read")"
exec 7>&-

check "a domain reads again" \
	"$peer" read "$(hostd_socket $uuid)" 200 64 "$T/served"
check "the pool is full again" wait_for 60 full
check "the end is watched" watch exit "$pid"
kill -s TERM "$pid"
saw exit exit 4

# A reader's end: its transfers and messages.
wait_for 60 hostd_state serving
kill -s USR1 "$(cat "$T/hostd.pid")"
hostd_ctl status --json >"$T/status.json"
hostd_ctl status >"$T/status"
mkdir "$T/kept"
find "$T/run" "$T/state" -type f -exec cp --backup=numbered {} "$T/kept" \;
reader=$(pgrep -P "$(cat "$T/hostd.pid")" -f 'role reader')
check "a reader's end is watched" watch reader "$reader"
kill -s TERM "$(cat "$T/hostd.pid")"
saw reader exit 3
hostd_stop

# quiet SECRET... -- FILE...: none of these holds eight bytes in a row of those, as
# they are, in hex or in base64.
cat >"$T/quiet.py" <<'END'
import base64, re, sys
at = sys.argv.index("--")
found = {}
def take(name, data):
    for i in range(len(data) - 7):
        found[data[i:i + 8]] = name
for name in sys.argv[at + 1:]:
    with open(name, "rb") as f:
        text = f.read()
    take(name, text)
    for word in re.findall(rb"(?:[0-9a-fA-F]{2}[ :,-]?){8,}", text):
        take(name, bytes.fromhex(re.sub(rb"[ :,-]", b"", word).decode()))
    for word in re.findall(rb"[A-Za-z0-9+/]{11,}", text):
        for skip in range(4):
            part = word[skip:]
            take(name, base64.b64decode(part[:len(part) // 4 * 4]))
print(len(found), "places")
for name in sys.argv[1:at]:
    with open(name, "rb") as f:
        secret = f.read()
    for i in range(len(secret) - 7):
        if secret[i:i + 8] in found:
            sys.exit(f"{found[secret[i:i + 8]]} has byte {i} of {name}")
END
quiet() {
	python3 "$T/quiet.py" "$T/noise" "$T/served" -- "$@"
}
check "debug messages were logged" grep -q 'onerng 1-1: state ' "$T/keeper.log"
check "statistics, too" grep -q 'stats: bits sent' "$T/keeper.log"
check "files were written" test -n "$(ls "$T/kept")"
check "no sample and no byte that was served is in a log, a status or a file" \
	quiet "$T/keeper.log" "$T/status" "$T/status.json" "$T"/kept/*
head -c 1000 "$T/served" | tail -c 13 >"$T/some"
for how in cat "od -A n -t x1" "base64"; do
	# shellcheck disable=SC2086 # words
	{
		echo "debug: onerng0: "
		$how <"$T/some"
	} >"$T/loud"
	refuse "one would be seen: ${how%% *}" 1 quiet "$T/loud"
done

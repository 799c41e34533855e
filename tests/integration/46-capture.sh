#!/bin/sh
# onerngctl capture: raw samples as the device made them, none of them served;
# what ends a capture early, and what that leaves
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

uuid=5b0e8d0c-83b1-4a55-8d57-1f4c1f0a4600
look=$B/tests/integration/memlook
peer=$B/tests/integration/egdpeer
S=$T/run/control.sock
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as the command does"
head -c 8000000 /dev/urandom >"$T/noise"

said() {
	"$@" >"$T/said" 2>&1
}

# capture WORD...
capture() {
	said timeout 240 "$B/onerngctl" -s "$S" capture "$@"
}

# is_noise FILE: a piece of the noise, in one part.
is_noise() {
	python3 -c 'import sys
data, noise = (open(f, "rb").read() for f in sys.argv[1:])
sys.exit(not data or data not in noise)' "$1" "$T/noise"
}

under_way() {
	[ "$(hostd_get devices.0.health.captured)" -gt "$1" ]
}

# leaves_nothing NAME FILE
leaves_nothing() {
	equal "$1 leaves no file" "" "$(ls "$2" "$2.json" 2>/dev/null)"
}

# begin NAME BYTES: a capture in the background that has samples.
begin() {
	begin_at=$(hostd_get devices.0.health.captured)
	start "$1" "$B/onerngctl" -s "$S" capture --raw "$2" "$T/$1.bin"
	wait_for 30 under_way "$begin_at"
}

hostd_conf a=$uuid
hostd_start --no-stir --noise "file=$T/noise" || exit 1
wait_for 60 hostd_state serving
start reader "$peer" steady "$(hostd_socket $uuid)" 64 "$T/served" 1

check "300,000 samples" capture --device onerng0 --raw 300000 "$T/raw"
equal "size" 300000 "$(stat -c %s "$T/raw")"
equal "both files are root's alone" "600 600" \
	"$(stat -c %a "$T/raw" "$T/raw.json" | tr '\n' ' ' | sed 's/ $//')"
check "they are the device's, in one row" is_noise "$T/raw"
equal "SHA-256" "$(sha256sum <"$T/raw" | cut -d ' ' -f 1)" \
	"$(json sha256 <"$T/raw.json")"
for pair in name=onerng0 port=1-1 bytes=300000 bits_per_sample=8 \
	health_before.verdict=ok health_after.verdict=ok \
	"assess=ea_non_iid -i -a -v raw 8"; do
	equal "its record has ${pair%%=*}" "${pair#*=}" \
		"$(json "${pair%%=*}" <"$T/raw.json")"
done
equal "health tests saw them" 300032 \
	"$(json health_after.captured <"$T/raw.json")"

capture --raw 1 "$T/one" --json
equal "one sample of the only device, as JSON" 1 "$(json bytes <"$T/said")"
check "by port" capture "$T/more" --raw 513 --device 1-1

refuse "an existing file" 1 capture --raw 10 "$T/raw"
check "says so" grep -q "$T/raw: File exists" "$T/said"
check "and does not touch it" is_noise "$T/raw"
: >"$T/other.json"
refuse "an existing record" 1 capture --raw 10 "$T/other"
equal "leaves the record" "$T/other.json" "$(ls "$T/other"*)"
refuse "no number" 2 capture "$T/x"
refuse "none" 2 capture --raw 0 "$T/x"
refuse "too many" 2 capture --raw 67108865 "$T/x"
refuse "no file" 2 capture --raw 10
refuse "two operands" 2 capture --raw 10 a b
refuse "an unknown device" 1 capture --device onerng7 --raw 10 "$T/x"
check "says where to look" grep -q "no device onerng7: see" "$T/said"
leaves_nothing "it" "$T/x"
if command -v setpriv >/dev/null; then
	chmod 755 "$T" "$T/run"
	chmod 666 "$S"
	mkdir -m 777 "$T/open"
	refuse "not root" 1 said setpriv --reuid 65534 --clear-groups \
		timeout 60 "$(for_others "$B/onerngctl")" -s "$S" capture --raw 10 "$T/open/x"
	check "says who may" grep -q "only root" "$T/said"
fi

check "a long one" begin long 4000000
refuse "another at the same time" 1 capture --raw 10 "$T/x"
check "says why" grep -q "another capture is under way" "$T/said"
leaves_nothing "it" "$T/x"
stop long 10 INT
check "an interrupted one says so" grep -q "interrupted" "$T/long.log"
leaves_nothing "it" "$T/long.bin"

check "another long one" begin leaving 4000000
hostd_sim unplug >/dev/null
refuse "a departure ends it" 1 ended leaving 20
check "with the reason" grep -q "onerng0: gone" "$T/leaving.log" ||
	cat "$T/leaving.log"
leaves_nothing "it" "$T/leaving.bin"
refuse "no device" 1 capture --raw 10 "$T/x"
hostd_sim plug >/dev/null
wait_for 60 hostd_state serving

if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # for the inner shell
	refuse "a full disk" 1 said unshare -m sh -c '
		mkdir "$1/small" && mount -t tmpfs -o size=64k tmpfs "$1/small" ||
			exit 9
		"$2/onerngctl" -s "$3" capture --raw 200000 "$1/small/x"
		status=$?
		ls "$1/small"
		exit $status' sh "$T" "$B" "$S"
	check "says so" grep -q "No space left on device; what was" "$T/said"
	equal "and leaves no file" "" "$(grep '^x' "$T/said")"
else
	skip "a full disk" "no mount namespaces"
fi

check "a failing device" begin bad 4000000
hostd_sim noise stuck=7 >/dev/null
refuse "ends it" 1 ended bad 20
check "with the test's name" grep -q "health test rct" "$T/bad.log" ||
	cat "$T/bad.log"
hostd_sim noise "file=$T/noise" >/dev/null

hostd_sim power-cycle >/dev/null
check "it serves again" wait_for 90 hostd_state serving
check "and again is captured" capture --raw 1000 "$T/last"
check "one more long one" begin dying 4000000
hostd_end KILL
refuse "the agent's death ends it" 1 ended dying 20
check "says that" grep -q "the agent ended" "$T/dying.log"

stop reader 10
check "the domain was served" test "$(stat -c %s "$T/served")" -gt 1000
check "no captured sample was served" "$look" scan "$T/served" 0 "$T/raw" \
	"$T/more" "$T/last"
hostd_stop

#!/bin/sh
# the kernel's hardware RNG as a source: served from, and every way in which it
# can fail
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

[ -c /dev/hwrng ] || skip_all "this machine has no /dev/hwrng"
timeout 60 "$B/tests/integration/devprobe" read /dev/hwrng 16 | grep -qx 16 ||
	skip_all "/dev/hwrng of this machine cannot be read"
peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111

# fault WORD: what its reads do from now on.
fault() {
	echo "$1" >"$T/fault.new" && mv "$T/fault.new" "$T/fault"
}

# says STATE TEXT: its state, with that in its detail.
says() {
	[ "$(hostd_get devices.0.state)" = "$1" ] &&
		hostd_get devices.0.detail | grep -q "$2"
}

runs() {
	says running ''
}

# served: a peer gets blocks, which are counted as this source's.
served() {
	served_before=$(hostd_get devices.0.bytes_served)
	timeout 240 "$peer" read "$(hostd_socket $a)" 4 64 "$T/bytes" 30 &&
		[ "$(hostd_get devices.0.bytes_served)" -gt "$served_before" ]
}

# noticed NAME WORD TEXT: it is, as trouble that passes; and it does pass.
noticed() {
	fault "$2"
	check "$1 is noticed" wait_for 40 says recovering "$3"
	fault good
	check "$1 passes" wait_for 60 runs
	check "$1: it is served from again" served
}

hostd_conf one=$a
printf '[agent]\nidle_pause=0\npool=4096\n[hwrng chip]\n' >>"$T/hostd.conf"
fault none
HWRNG_FAULT=$T/fault LD_PRELOAD=$B/tests/lib/preload/hwrngfault.so
export HWRNG_FAULT LD_PRELOAD
hostd_real || exit 1
unset LD_PRELOAD
check "the kernel's hardware RNG runs" wait_for 40 runs
equal "under its label" chip "$(hostd_get devices.0.name)"
check "it is served from" served
# From here on it is not the machine's that counts, nor how fast that is.
fault good

noticed "a read that fails" eio "cannot read .*Input/output error"
noticed "a source that has nothing" eagain "silence: .* gives nothing"
noticed "an empty read" empty "silence: .* gives nothing"
noticed "a read that does not end" silent "silence: .* waiting for it"

fault slow
raw=$(hostd_get devices.0.raw_bytes)
slowly() {
	[ "$(hostd_get devices.0.raw_bytes)" -ge $((raw + 64)) ]
}
check "40 bytes a second flow on" wait_for 30 slowly
check "and are no trouble" runs

fault enodev
check "a source that departed is gone" wait_for 30 says gone departed
fault good
check "and used again when it is back" wait_for 60 runs
check "departed: it is served from again" served

fault stuck
check "bytes that are all the same fail their tests" wait_for 60 \
	says failed ''
fault good
hostd_end KILL
hostd_up
check "a kill does not forgive" wait_for 30 \
	says failed "before a restart: onerngctl"
kill -HUP "$(cat "$T/hostd.pid")"
sleep 1
check "nor does a reload" says failed ''
check "it can be claimed" hostd_ctl device claim chip
check "and is used again" wait_for 60 runs

fault eio
check "a read that fails again and again fails for good" wait_for 150 \
	says failed "30 times"
check "the agent goes on" hostd_ctl status
hostd_stop

#!/bin/sh
# onerng-guestd --verify: report and status; what a container may and may not
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"
need python3

peer() {
	start "$1" "$B/tests/integration/tty_peer" "$T/$1" "$2"
	wait_for 10 grep -q ready "$T/$1.log" ||
		skip_all "no pty can be made here"
}

# verify NAME STATUS VERDICT OPTION...
verify() {
	verify_name=$1 verify_status=$2 verify_verdict=$3
	shift 3
	log_of "$verify_name" "$G" --verify "$@"
	equal "$verify_name: status $verify_status" "$verify_status" $?
	says "$verify_name: verdict" "$verify_name" "verdict: $verify_verdict"
}

# --- the verdict, wherever it runs
for mode in good deaf hangup narrow; do
	peer tty.$mode $mode
done
verify good 0 verified "tty:$T/tty.good"
says "it reports in rngd's words" good 'FIPS 140-2 successes: '
says "and fed nothing" good 'bits sent to kernel pool: 0'
equal "eight FIPS 140-2 blocks were tested" 8 "$(awk \
	'/^FIPS 140-2 (succ|fail)/ { n += $NF } END { print n }' "$T/good.log")"
timeout 60 "$G" --verify "tty:$T/tty.good" --json >"$T/good.json" 2>"$T/err"
equal "the same as JSON" "0 20480" \
	"$? $(status_of "$T/good.json" verified_bytes)"
verify narrow 3 'verification failed: ' "tty:$T/tty.narrow"
verify deaf 7 'silent for 1 s after 0 of 1024 bytes' "tty:$T/tty.deaf" \
	--deadline 1
verify hangup 7 '' "tty:$T/tty.hangup"
verify missing 4 'No such file' "tty:$T/nothing"
echo of somebody >"$T/file"
verify left_over_file 4 'not a terminal device' "tty:$T/file"
equal "and nothing is written into it" "of somebody" "$(cat "$T/file")"
if [ -r /sys/class/misc/hw_random/rng_current ]; then
	wanted=5
	read -r driver </sys/class/misc/hw_random/rng_current
	[ "$driver" != none ] || wanted=4
else
	wanted=4
fi
verify driver $wanted 'rng_current' hwrng:/dev/urandom \
	--expect-rng no-such-driver
for mode in good silent blocks; do
	egd $mode
done
verify egd_blocks 0 verified "egd:$T/egd.blocks" --deadline 2
for size in 32 63 64 65 255 256 511; do
	check "egd_blocks: windows of $size bytes" timeout 60 "$G" \
		--bytes $size --deadline 2 --verify "egd:$T/egd.blocks"
done
verify egd 0 verified "egd:$T/egd.good"
verify egd_silent 7 'silent for 1 s' "egd:$T/egd.silent" --deadline 1
verify egd_missing 4 '' "egd:$T/nothing"
timeout 60 "$G" --verify "tty:$T/tty.good" >/dev/full 2>"$T/err"
equal "a report that cannot be written is a failure" 1 $?

# --- in a container's place: process 1 of a PID namespace has container=
in_container() {
	# shellcheck disable=SC2016 # expanded inside
	timeout 60 unshare --mount --pid --fork --mount-proc -- \
		env container=test sh -c '"$@"; exit $?' sh "$@"
}

# contained LOG STATUS WORDS COMMAND...
contained() {
	log_name=$1 log_status=$2 log_words=$3
	shift 3
	in_container "$@" >"$T/$log_name.log" 2>&1
	equal "$log_name: status $log_status" "$log_status" $?
	says "$log_name: says so" "$log_name" "$log_words"
}

if [ "$(id -u)" -ne 0 ] || ! in_container true 2>/dev/null; then
	skip container "namespaces are not allowed here"
	exit 0
fi
contained contained_verify 0 'verdict: verified' \
	"$G" --verify "tty:$T/tty.good"
contained contained_once 0 'nothing to feed' "$G" --once -s "tty:$T/tty.good"
if [ -n "$may_feed" ]; then
	contained feed_host 0 'fed 64 bytes' "$G" --once --feed-host \
		-s "tty:$T/tty.good"
	says "whose kernel it feeds" feed_host "is the host's kernel"
	contained feed_host_without_rights 8 CAP_SYS_ADMIN setpriv \
		--bounding-set=-all --inh-caps=-all "$G" --once --feed-host \
		-s "tty:$T/tty.good"
	contained feed_host_in_a_user_namespace 8 'user namespace' \
		unshare -r "$G" --once --feed-host -s "egd:$T/egd.good"
else
	skip feed_host "this machine may not feed its kernel"
fi

# --- the service as its unit runs it, with a device that comes, goes, comes
unit=packaging/systemd/onerng-guestd-container.service
options=$(sed -n 's/^ExecStart=[^ ]* \(.*\)/\1/p' $unit |
	sed "s|/dev/onerng|$T/tty.late|; s|\$FEED|--no-feed|; s|\$OPTIONS||")
manager
# shellcheck disable=SC2086 # a list of options
start service env NOTIFY_SOCKET="$T/notify" unshare --mount --pid --fork \
	--mount-proc --kill-child -- env container=test \
	"$G" $options --status-file "$T/service.json" -l debug
check "without a device the service is ready at once" wait_for 20 \
	grep -q READY=1 "$T/manager.log"
check "and waits" wait_for 20 grep -q 'trying again until it works' \
	"$T/service.log"
# appeared NUMBER: so often it was noticed that something came.
appeared() {
	[ "$(grep -c 'something happened to it' "$T/service.log")" -ge "$1" ]
}
: >"$T/tty.later"
refuse "what else comes there is no device" 1 appeared 1
sleep 4 # its pauses are long by then
peer tty.late good
check "a device that comes late is noticed" wait_for 60 appeared 1
check "and verified" wait_for 60 \
	status_above "$T/service.json" verified_bytes 1023
stop tty.late
rm -f "$T/tty.late"
again=$(($(grep -c 'something happened to it' "$T/service.log") + 1))
kill -s USR2 "$(pgrep -P "$(pid_of service)")"
check "one that goes is missed" wait_for 20 \
	grep -q 'other end\|No such file\|Input/output\|hung up' "$T/service.log"
peer tty.late good
check "its return is noticed" wait_for 60 appeared $again
check "and it is verified anew" wait_for 60 \
	status_above "$T/service.json" verified_bytes 2047
equal "nothing was fed" 0 "$(status_of "$T/service.json" fed_bytes)"
check "it runs on" running service

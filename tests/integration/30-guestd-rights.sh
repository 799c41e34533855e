#!/bin/sh
# onerng-guestd without a right or with one too many, in a container's place, on
# the real /dev/hwrng
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"
need setpriv unshare

chmod 755 "$T"
head -c 4096 /dev/urandom >"$T/good"
# Others must reach the program, which may lie below a closed folder.
cp "$G" "$T/guestd"
chmod 755 "$T/guestd"

nobody() {
	timeout 240 setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}

without=$B/tests/integration/without

# What the status in $T/rights.json says: feed, sandbox, others.
rights() {
	for rights_key in feed sandbox others; do
		status_of "$T/rights.json" "rights.$rights_key"
	done | tr '\n' ',' | sed 's/,$//'
}

# unfit NAME WORDS RIGHTS COMMAND...: the program, started by COMMAND, ends with
# status 8, says WORDS, and has fed nothing; --status tells it, too.
unfit() {
	unfit_name=$1 unfit_words=$2 unfit_rights=$3
	shift 3
	rm -f "$T/rights.json"
	# Not --once: what a service leaves is read by --status.
	log_of unfit "$@" "$G" -s "file:$T/good" --status-file "$T/rights.json"
	equal "$unfit_name: status 8" 8 $?
	says "$unfit_name: what is missing is named" unfit \
		"no rights: $unfit_words"
	equal "$unfit_name: in the status" "no rights 0 $unfit_rights" \
		"$(status_of "$T/rights.json" state) $(
			status_of "$T/rights.json" fed_bytes
		) $(rights)"
	log_of unfit "$G" --status --status-file "$T/rights.json"
	equal "$unfit_name: --status ends with 8" 8 $?
	says "$unfit_name: and says why" unfit "state: no rights: $unfit_words"
	log_of unfit "$@" "$G" --require=60 -s "file:$T/good"
	equal "$unfit_name: no admission" 8 $?
	says "$unfit_name: for that reason" unfit \
		"not admitted: no rights: $unfit_words"
}

if [ -n "$may_feed" ]; then
	check "all rights" timeout 240 "$G" --once -s "file:$T/good" \
		--status-file "$T/rights.json"
	equal "all rights: in the status" "permitted,on,given up" "$(rights)"
	eperm="feeder: may not feed: Operation not permitted: it needs CAP_SYS_ADMIN"
	unfit "no CAP_SYS_ADMIN" "$eperm: " \
		"refused,on,unknown" \
		setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin
	unfit "user namespace of a service" \
		"$eperm in the initial user namespace" \
		"refused,on,unknown" unshare -r
	unfit "capabilities that stay" "feeder: capabilities cannot be given up" \
		"unknown,unknown,kept" "$without" caps-effect
	unfit "no filter" "feeder: system calls cannot be filtered: " \
		"unknown,refused,unknown" "$without" filter
	unfit "a filter without effect" \
		"feeder: its filter of system calls has no effect" \
		"unknown,refused,unknown" "$without" filter-effect
	check "--sandbox off feeds without" timeout 240 "$without" filter "$G" \
		--sandbox off --once -s "file:$T/good" \
		--status-file "$T/rights.json"
	equal "and the status says so" "permitted,off,given up" "$(rights)"
	log_of off "$G" --sandbox off --once -s "file:$T/good"
	says "and the log" off "without a filter of system calls"
	refuse "--sandbox off gives no right to feed" 8 timeout 240 \
		setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$G" \
		--sandbox off --once -s "file:$T/good"
	log_of stays "$without" caps-effect "$G" --no-feed --once \
		-s "file:$T/good"
	equal "capabilities that stay, nothing to feed: status 8" 8 $?
	says "capabilities that stay are named there, too" stays \
		"no rights: capabilities cannot be given up"
	check "nothing to feed needs no filter" timeout 240 \
		"$without" filter "$G" --no-feed --once -s "file:$T/good" \
		--status-file "$T/rights.json"
	equal "and the status says that" "not wanted,not wanted,given up" \
		"$(rights)"

	refuse "feeding without root fails" 8 nobody "$T/guestd" --once \
		-s "file:$T/good"
	check "verifying needs no right" nobody "$T/guestd" --once --no-feed \
		-s "file:$T/good"
	refuse "no right to open the source" 1 nobody "$T/guestd" --once \
		--no-feed -s file:/proc/1/mem
	refuse "no locked memory" 8 prlimit --memlock=0 \
		setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock \
		--reuid 65534 --regid 65534 --clear-groups -- \
		"$T/guestd" --once --no-feed -s "file:$T/good"
	log_of memlock prlimit --memlock=0 \
		setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$T/guestd" --once --no-feed -s "file:$T/good"
	says "what to do about it" memlock LimitMEMLOCK
else
	skip "rights" "this machine may not feed its kernel"
fi

# With a process 1 of its own it is a container's; else see above.
if unshare -r --pid --fork --mount-proc true 2>/dev/null; then
	log_of userns unshare -r --pid --fork --mount-proc \
		"$G" --once -s "file:$T/good"
	equal "in a container's user namespace there is nothing to feed" 0 $?
	says "and it says so" userns "its kernel is the host's"
else
	skip "user namespace" "not allowed here"
fi

# Process 1 of a new PID namespace with container= in its environment.
in_container() {
	# shellcheck disable=SC2016 # expanded inside
	timeout 240 unshare --mount --pid --fork --mount-proc -- \
		env container=test sh -c '"$@"; exit $?' sh "$@"
}

if [ "$(id -u)" -eq 0 ] && in_container true 2>/dev/null; then
	check "in a container --once ends well" in_container \
		"$G" --once -s "file:$T/good"
	log_of container unshare --mount --pid --fork --mount-proc -- \
		env container=test sh -c '"$@"; exit $?' sh \
		"$G" -s "file:$T/good"
	equal "and so does the service" 0 $?
	says "because there is nothing to feed" container "nothing to feed"
	in_container "$G" --require=60 -s "file:$T/good" >"$T/require.log" 2>&1
	equal "--require is no admission there" 1 $?
	says "and says why" require "not admitted: this is a container"
	check "--no-feed requires the rest" in_container \
		"$G" --require=60 --no-feed -s "file:$T/good"
	check "--no-feed verifies there all the same" in_container \
		"$G" --once --no-feed -s "file:$T/good"
	refuse "and finds what is bad" 1 in_container \
		"$G" --once --no-feed -s "file:$T/nothing"
else
	skip "container" "namespaces are not allowed here"
fi

current=/sys/class/misc/hw_random/rng_current
if [ -r /dev/hwrng ] && [ -r $current ] && [ "$(cat $current)" != none ]; then
	name=$(cat $current)
	# 1024 bytes each, of a device that others use, too.
	check "the real /dev/hwrng ($name) is verified" timeout 300 "$G" \
		--once --no-feed --deadline 250
	check "it is the one expected" timeout 300 "$G" --once --no-feed \
		--deadline 250 --expect-rng "$name"
	refuse "it is not another one" 3 timeout 240 "$G" --once --no-feed \
		--expect-rng "$name.other"
	log_of expect "$G" --once --no-feed --expect-rng other
	says "both are named" expect "rng_current is $name, expected other"
else
	skip "the real /dev/hwrng" "there is none"
fi

if [ -x "$B/onerng-guestd-static" ]; then
	check "the static program verifies" timeout 240 \
		"$B/onerng-guestd-static" --once --no-feed -s "file:$T/good"
	feeding "the static program feeds" timeout 240 \
		"$B/onerng-guestd-static" --once -s "file:$T/good"
	readelf -d "$B/onerng-guestd-static" >"$T/dynamic" 2>&1
	refuse "it needs no library" 1 grep NEEDED "$T/dynamic"
else
	skip "static program" "not built (make guest-static)"
fi

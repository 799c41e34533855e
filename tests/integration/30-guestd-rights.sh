#!/bin/sh
# onerng-guestd without rights, in a container's place, on the real /dev/hwrng
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

if [ -n "$may_feed" ]; then
	refuse "feeding without root fails" 1 nobody "$T/guestd" --once \
		-s "file:$T/good"
	log_of nobody setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$T/guestd" --once -s "file:$T/good"
	says "what is missing is named" nobody CAP_SYS_ADMIN
	check "verifying needs no right" nobody "$T/guestd" --once --no-feed \
		-s "file:$T/good"
	refuse "no right to open the source" 1 nobody "$T/guestd" --once \
		--no-feed -s file:/proc/1/mem
	refuse "no locked memory" 1 prlimit --memlock=0 \
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

if unshare -r true 2>/dev/null; then
	check "in a user namespace there is nothing to feed" \
		timeout 240 unshare -r "$G" --once -s "file:$T/good"
	log_of userns unshare -r "$G" --once -s "file:$T/good"
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
	refuse "--require is no admission there" 1 in_container \
		"$G" --require=60 -s "file:$T/good"
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

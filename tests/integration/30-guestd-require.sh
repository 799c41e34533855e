#!/bin/sh
# onerng-guestd --require: admitted, or refused with the status of what lacks
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"

feed=
[ -n "$may_feed" ] || feed=--no-feed

# require LOG STATUS WORDS OPTION...: ends with it, and says why.
require() {
	require_log=$1 require_status=$2 require_words=$3
	shift 3
	# shellcheck disable=SC2086 # one option or none
	log_of "$require_log" "$G" ${feed:+"$feed"} "$@"
	equal "$require_log: status $require_status" "$require_status" $?
	says "$require_log: says which" "$require_log" "$require_words"
}

head -c 4096 /dev/urandom >"$T/good"
head -c 4096 /dev/zero >"$T/zero"
tr '\000-\377' '\000-\037' <"$T/good" >"$T/biased"
head -c 512 "$T/good" | cat - "$T/good" | head -c 4096 >"$T/replayed"
head -c 1000 "$T/good" >"$T/short"
mkfifo "$T/silent"

require admitted 0 'admitted: source' --require=60 -s "file:$T/good"
require device 0 'admitted: source' --require=60 -s hwrng:/dev/urandom
equal "nothing is written but when asked" '' "$(ls "$T"/*.json 2>/dev/null)"
require told 0 'admitted: source' --require=60 -s "file:$T/good" \
	--status-file "$T/told.json"
check "status file tells it has ended" status_is "$T/told.json" state ended
check "and what was verified" status_is "$T/told.json" verified_bytes 1024

require missing 4 'not admitted: no device: ' --require=1 \
	-s "hwrng:$T/nothing"
require no_device 4 'not a character device' --require=1 -s "hwrng:$T/good"
require no_server 4 'is the host agent running?' --require=1 \
	-s "egd:$T/nothing"

if [ -r /sys/class/misc/hw_random/rng_current ]; then
	wanted=5 words='not admitted: wrong driver: '
	read -r driver </sys/class/misc/hw_random/rng_current
	[ "$driver" != none ] || wanted=4 words='not admitted: no device: '
else
	wanted=4 words='not admitted: no device: '
fi
require driver $wanted "$words" --require=1 -s hwrng:/dev/urandom \
	--expect-rng no-such-driver

# What is wrong for good does not wait until the time is over.
require zero 3 'verification failed: rct-byte' --require=300 -s "file:$T/zero"
require biased 3 'verification failed: ' --require=300 -s "file:$T/biased"
require replayed 3 'verification failed: duplicate' --require=300 \
	-s "file:$T/replayed"

require silent 7 'no bytes in time: ' --require=1 -s "hwrng:$T/silent"
says "silent: says how far it came" silent '0 of 1024 bytes came'
require short 7 'after 1000 of 1024 bytes' --require=1 -s "file:$T/short"
require ended 7 'no bytes in time: ' --require=1 -s hwrng:/dev/null
egd drop
require drop 0 'the server closed' --require=60 -s "egd:$T/egd.drop"

# A device that comes while it waits is good enough.
start waits "$G" ${feed:+"$feed"} --require=60 -s "egd:$T/egd.good"
check "what is not there yet is waited for" wait_for 20 \
	grep -q 'trying again' "$T/waits.log"
egd good
ended waits 30
equal "and admitted once it is there" 0 $?

start ends "$G" --no-feed --require=300 -s "hwrng:$T/silent"
check "it waits" wait_for 20 takes 15 ends
stop ends
equal "SIGTERM is no admission" 1 $?

for words in '--require=0' '--require=301' '--require=x' '--require --once' \
	'--require --status'; do
	# shellcheck disable=SC2086 # a command line
	refuse "$words" 2 timeout 10 "$G" $words
done

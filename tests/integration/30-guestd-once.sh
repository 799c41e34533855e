#!/bin/sh
# onerng-guestd --once: what is fed, what is refused, and with which status
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"

verify() {
	timeout 60 "$G" --once --no-feed "$@"
}

head -c 4096 /dev/urandom >"$T/good"
head -c 4096 /dev/zero >"$T/zero"
head -c 512 "$T/good" | cat - "$T/good" | head -c 4096 >"$T/dup"
head -c 1023 "$T/good" >"$T/short"
head -c 1024 "$T/good" >"$T/exact"
: >"$T/empty"
{ head -c 900 "$T/good"; head -c 900 /dev/zero; } >"$T/late"
tr '\000-\377' '\000-\037' <"$T/good" >"$T/narrow"

feeding "good file is fed" timeout 60 "$G" --once -s "file:$T/good" \
	--status-file "$T/once.json"
if [ -n "$may_feed" ]; then
	check "status file of --once tells it has ended" \
		status_is "$T/once.json" state ended
	equal "64 bytes were fed" 64 "$(status_of "$T/once.json" fed_bytes)"
	equal "256 bits were credited" 256 \
		"$(status_of "$T/once.json" credited_bits)"
	equal "the kernel was reseeded" 1 "$(status_of "$T/once.json" reseeds)"
	equal "the kernel is ready" 1 "$(status_of "$T/once.json" kernel.ready)"
	check "the kernel's counter could be read" \
		status_above "$T/once.json" kernel.entropy_avail 0
	check "--status reads it after the end" \
		"$G" --status --status-file "$T/once.json"
	for size in 32 33 511 512; do
		check "feeds of $size bytes" timeout 60 "$G" --once \
			--bytes $size -s "file:$T/good"
	done
	check "no credit at all" timeout 60 "$G" --once --credit 0 \
		-s "file:$T/good"
	check "credit of 8 bits a byte" timeout 60 "$G" --once --bytes 512 \
		--credit 4096 -s "file:$T/good"
fi

check "good file is verified" verify -s "file:$T/good"
check "exactly a start-up window is enough" verify -s "file:$T/exact"
refuse "zeros" 3 verify -s "file:$T/zero"
refuse "repeated blocks" 3 verify -s "file:$T/dup"
refuse "32 values only" 3 verify -s "file:$T/narrow"
refuse "zeros behind a good start" 3 verify -s "file:$T/late"
refuse "one byte short of a window" 1 verify -s "file:$T/short"
refuse "empty file" 1 verify -s "file:$T/empty"
refuse "file that is not there" 1 verify -s "file:$T/nothing"
refuse "folder as a file" 1 verify -s "file:$T"
refuse "device as a file" 1 verify -s file:/dev/zero

log_of dup "$G" --once --no-feed -s "file:$T/dup"
says "failed test is named" dup "verification failed: duplicate"
says "nothing was fed" dup "nothing of them fed"
log_of short "$G" --once --no-feed -s "file:$T/short"
says "what is missing is told" short "after 1023 of 1024 bytes"

refuse "hwrng that is a regular file" 1 verify -s "hwrng:$T/good"
refuse "hwrng that is not there" 1 verify -s "hwrng:$T/nothing"
refuse "hwrng that ends" 1 verify -s hwrng:/dev/null
refuse "hwrng of zeros" 3 verify -s hwrng:/dev/zero
check "hwrng: a good character device" verify -s hwrng:/dev/urandom
log_of chr "$G" --once --no-feed -s "hwrng:$T/good"
says "regular file is no hwrng" chr "not a character device"
refuse "tty that is no terminal" 1 verify -s tty:/dev/null
refuse "tty that is not there" 1 verify -s "tty:$T/nothing"

for mode in good ahead pieces; do
	egd $mode
	check "EGD server: $mode" verify -s "egd:$T/egd.$mode"
done
feeding "EGD server feeds the kernel" timeout 60 "$G" --once \
	-s "egd:$T/egd.good"
egd zero
refuse "EGD server that sends zeros" 3 verify -s "egd:$T/egd.zero"
egd drop
refuse "EGD server that drops in mid-read" 1 verify -s "egd:$T/egd.drop"
check "and is good the next time" verify -s "egd:$T/egd.drop"
egd silent
refuse "EGD server that never answers" 1 verify --deadline 1 \
	-s "egd:$T/egd.silent"
egd slow
refuse "EGD server that stops in mid-reply" 1 verify --deadline 1 \
	-s "egd:$T/egd.slow"
stop egd.good
refuse "EGD server that is dead" 1 verify -s "egd:$T/egd.good"
log_of dead "$G" --once --no-feed -s "egd:$T/egd.good"
says "what to do about a dead server" dead "is the host agent running?"
refuse "EGD path that is no socket" 1 verify -s "egd:$T/zero"
refuse "EGD path longer than a socket's" 1 verify -s "egd:/$(printf %0200d 0)"

#!/bin/sh
# arrival and departure are seen by reader and watcher, at any moment
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/reader.sh

again='state running 20'

# departs NAME MOMENT N: unplugged there by the device itself, then replugged.
departs() {
	check "departure $1" on -- "ctl fault unplug-at $2 $3" reader \
		'state gone 20' 'exit 0 5' 'ctl plug' reader 'ident 3 10' \
		"$again" "$flows" stop 'exit 0 5'
}
departs "at the first control request" control 1
departs "at a later control request" control 2
departs "at the first command" write 1
departs "at a later command" write 6
departs "within the image's header" dump 5
departs "within the image" dump 100000
departs "at the image's last byte" dump 262157
departs "in the middle of a transfer" read 391111

check "departure by hand while streaming" \
	on -- reader "$starts" "$flows" 'ctl unplug' 'state gone 10' 'exit 0 5'
check "departure while paused" \
	on -- reader "$starts" pause 'state paused 20' 'none 1' 'ctl unplug' \
	'state gone 10' 'exit 0 5'
check "departure while the core judges the firmware" \
	on -- hold reader 'ident 3 20' 'none 1' 'ctl unplug' 'state gone 10' \
	'exit 0 5'
check "departure while it waits for the device" \
	on -- 'ctl fault slow-start 30000' reader 'state checking 10' \
	'none 1' 'ctl unplug' 'state gone 10' 'exit 0 5'
check "departure on the ladder" \
	on -- reader "$starts" 'ctl fault silence never' 'state recovering 5' \
	'ctl unplug' 'state gone 10' 'exit 0 5'
check "a power cycle is a departure, and the new one starts from nothing" \
	on -- reader "$starts" "$flows" 'ctl power-cycle' 'state gone 10' \
	'exit 0 5' reader 'ident 3 10' "$again" "$flows" stop 'exit 0 5'

# Two devices have the same serial "00": only the port tells them apart.
check "two devices stream at the same time; one departs, the other flows on" \
	timeout 240 "$B/onerng-sim" run --devices 2 --control "$T/sim" \
	--rate 20000 --noise "file=$T/noise" -- sh -c "
	'$peer' -p 1-1 -c '$T/sim' reader '$starts' '$flows' 'ctl @1 unplug' \
		'state gone 10' 'exit 0 5' &
	'$peer' -p 1-2 -c '$T/sim' reader '$starts' 'samples 120000 30' \
		stop 'exit 0 5' &&
	wait \$!"
check "two devices differ in id" timeout 240 "$B/onerng-sim" run --devices 2 \
	-- sh -c "
	'$peer' -p 1-1 reader 'ident 3 20' stop 'exit 0 5' >'$T/1' &&
	'$peer' -p 1-2 reader 'ident 3 20' stop 'exit 0 5' >'$T/2' &&
	! cmp -s '$T/1' '$T/2'"

check "the watcher reports what is there, and what leaves and arrives, once" \
	on --devices 2 -- watcher 'arrived any 5' 'arrived any 5' 'nothing 3' \
	'ctl @1 unplug' 'left 1-1 5' 'nothing 3' \
	'ctl @1 plug' 'arrived 1-1 5' 'nothing 3' close 'exit 0 5'
check "the watcher sees a first arrival" \
	on --absent -- watcher 'nothing 1' 'ctl plug' 'arrived 1-1 5' \
	'ctl unplug' 'left 1-1 5' term 'exit 0 5'
check "the watcher sees a quick power cycle as both" \
	on -- watcher 'arrived 1-1 5' 'nothing 1' 'ctl power-cycle' \
	'left 1-1 5' 'arrived 1-1 5' 'nothing 3' close 'exit 0 5'

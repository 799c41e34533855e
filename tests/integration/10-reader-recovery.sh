#!/bin/sh
# the reader recovers a silent or failing device by the ladder, rung by rung
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/reader.sh

# recovers NAME FAULT RUNG: the last rung that was needed, none beyond it.
recovers() {
	check "$1" on -- reader "$starts" "$flows" "ctl fault $2" \
		"state recovering 25 ($3 of 4)" 'state running 10' \
		"$flows" stop 'exit 0 5'
	equal "$1: $3 reports" "$3" "$(grep -c recovering: "$T/.check")"
}

recovers "silence cured by commands" 'silence command' 1
recovers "silence cured by DTR" 'silence dtr' 2
recovers "silence cured by SET_INTERFACE" 'silence interface' 3
recovers "silence cured by a bus reset" 'silence reset' 4
recovers "a halted endpoint" 'halt in' 3
recovers "a transfer error" 'error-in 1' 1
recovers "a packet larger than asked for" 'overflow 1' 1
recovers "DTR dropped by a second opener" second-opener 2

check "silence without cure fails after the last rung, with advice" \
	on -- reader "$starts" "$flows" 'ctl fault silence never' \
	'state recovering 5 (1 of 4)' 'state recovering 10 (2 of 4)' \
	'state recovering 10 (3 of 4)' 'state recovering 10 (4 of 4)' \
	'state failed 10 plug it in again' 'exit 1 5'
check "a source that is stuck ends in silence, and so" \
	on -- reader "$starts" loose 'ctl fault stuck-source 0' \
	'state recovering 10' 'state failed 30 source may be dead' 'exit 1 5'
check "silence in the middle of the stream's start climbs too" \
	on -- 'ctl fault silence dtr 280000' reader \
	'state recovering 20 (2 of 4)' 'state running 10' "$flows" \
	stop 'exit 0 5'
check "a device that fails again and again fails for good" \
	on -- reader "$starts" 'ctl fault error-in 100' 'state failed 30' \
	'exit 1 5'

# fine NAME FAULT STEP...: nothing to recover from.
fine() {
	fine_name=$1 fine_fault=$2
	shift 2
	check "$fine_name" on -- reader "$starts" "$flows" "$@" \
		"ctl fault $fine_fault" 'samples 60000 15' stop 'exit 0 5'
	equal "$fine_name: no recovery" 0 \
		"$(grep -c recovering: "$T/.check")"
}
fine "short packets within the stream are taken" 'short 13 50'
fine "zero-length packets within the stream are passed over" 'short 0 10'
# Packets that wait in the device are lost: a gap.
fine "a bus reset without loss of power" bus-reset loose
fine "a packet lost to a toggle out of step is a gap, no end" toggle loose
check "a device slowed down to 1 kB/s flows on" \
	on -- reader "$starts" "$flows" 'ctl fault slow 1000' \
	'rate 100 30000 3' 'rate 300 3000 5' stop 'exit 0 5'

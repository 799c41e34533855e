#!/bin/sh
# what the reader finds at open never gets into the samples
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/reader.sh

# found NAME FAULT...: the device was left so by an earlier owner.
found() {
	found_name=$1
	shift
	check "$found_name" on -- "ctl fault $*" reader 'ident 3 40' \
		"$starts" 'samples 40000 15' stop 'exit 0 5'
}

found "a stale FIFO and pool are thrown away" stale
for at in 0 13 63 64 100000 262093 262144 262156; do
	found "a dump left at byte $at never continues as noise" mid-dump $at
done
for stale in 0 3000 7168; do
	found "the burst behind a reply, $stale stale bytes, is thrown away" \
		burst $stale
done
for text in c cm cmd cmdS cmdS12; do
	found "garbage in the parser is ended: $text" parser $text
done
found "a second opener's traces do no harm" second-opener
found "a halted endpoint is recovered" halt in
found "a toggle out of step is recovered" toggle
found "short packets within the image and the stream are taken" short 13 50
found "zero-length packets within them too" short 0 50
found "lost bytes of commands are made good" out-drop 61
found "a slow start of 3 s is waited for" slow-start 3000
check "a slow start of 20 s is waited for" \
	on -- 'ctl fault slow-start 20000' reader 'ident 3 45' "$starts" \
	"$flows" stop 'exit 0 5'
check "an image and a stream at 1 kB/s" on --rate 1000 -- reader "$starts" \
	'rate 300 3000 5' stop 'exit 0 5'
check "a stream at 100 B/s is no silence" on --rate 100 -- reader "$starts" \
	'rate 20 1000 10' stop 'exit 0 5'

for burst in '' '--no-bugs'; do
	check "firmware 3 ${burst:-with its burst}" \
		on $burst -- reader "$starts" "$flows" stop 'exit 0 5'
done
check "a reader killed within the image leaves none of it to the next" \
	on -- reader 'state checking 10' 'none 0.3' kill reader "$starts" \
	"$flows" stop 'exit 0 5'
check "a reader killed while streaming leaves nothing stale to the next" \
	on -- reader "$starts" "$flows" kill reader 'skipped 10000' "$starts" \
	"$flows" stop 'exit 0 5'

check "no sample comes before the core has judged the firmware" \
	on -- hold reader 'ident 3 20' 'none 3' run "$starts" "$flows" stop \
	'exit 0 5'
check "one that is told to stop then gives the device back" \
	on -- hold reader 'ident 3 20' 'none 1' stop 'exit 0 5'
check "an empty port is a departure" \
	on --absent -- reader 'state gone 10 departed' 'exit 0 5'
refuse "a port that is none is refused" 2 \
	"$B/onerng-hostd" --role reader --port 1-1:1.0
check "a device that never answers fails with advice" \
	on -- 'ctl fault silence never' reader 'state failed 60 plug' 'exit 1 5'

# held SECONDS STEP...: another program has claimed the device so long.
held() {
	held_for=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	timeout 240 "$B/onerng-sim" run -- sh -c '
		"$1" hold 1-1 "$2" >"$3" &
		holder=$! peer=$4
		until grep -q held "$3"; do sleep 0.1; done
		shift 4
		"$peer" "$@"
		status=$?
		kill $holder 2>/dev/null
		exit $status' sh "$B/tests/integration/usbpeer" "$held_for" \
		"$T/held" "$peer" "$@"
}

# A machine that lets the other program go on for too long is asked again.
claims_later() {
	for _ in 1 2 3; do
		held 0.5 reader "$starts" stop 'exit 0 5' && return
	done
	return 1
}
check "a device that another program has claimed fails with advice" \
	held 300 reader 'state failed 6 another' 'exit 1 5'
check "it is claimed once the other lets go within the second" claims_later

check "a device whose node is missing fails with advice" \
	timeout 240 "$B/onerng-sim" run -- sh -c "
	rm \"\$UMOCKDEV_DIR\"/dev/bus/usb/001/002
	'$peer' reader 'state failed 8 /dev/bus/usb' 'exit 1 5'"

# disguised NAME OFFSET OCTAL [TAIL]: a descriptor byte is another; more follow.
disguised() {
	check "$1 is refused" timeout 240 "$B/onerng-sim" run -- sh -c "
	for f in \"\$UMOCKDEV_DIR\"/sys/devices/*/*/usb1/1-1/descriptors; do
		printf '\\$3' | dd of=\"\$f\" bs=1 seek=$2 conv=notrunc
		printf '${4:-}' >>\"\$f\"
		[ -z '${4:-}' ] || printf '\\003' |
			dd of=\"\$f\" bs=1 seek=22 conv=notrunc
	done
	'$peer' reader 'state failed 8 refused' 'exit 1 5' &&
	'$B/tests/integration/usbpeer' driver 1-1 kernel"
}
disguised "a device of another class" 4 003
disguised "a keyboard as third interface" 20 114 \
	'\011\004\002\000\000\003\001\001\000'
disguised "a keyboard for the control interface" 32 003
disguised "storage for the data interface" 67 010
disguised "an interrupt endpoint for bulk IN" 74 003
disguised "a small packet for bulk IN" 75 040
disguised "two endpoints IN" 80 206
disguised "a malformed descriptor" 62 001

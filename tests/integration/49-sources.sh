#!/bin/sh
# several sources under one agent: OneRNGs by their labels, one of which fails,
# and hwrngs that are none
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as a self-test does"

peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111

# device LABEL PATH: a value of its status.
device() {
	for device_n in 0 1 2; do
		[ "$(hostd_get "devices.$device_n.name")" = "$1" ] || continue
		hostd_get "devices.$device_n.$2"
		return
	done
}

# is LABEL STATE
is() {
	[ "$(device "$1" state)" = "$2" ]
}

both_run() {
	is left running && is right running
}

# made LABEL: bytes of it reached a consumer.
made() {
	[ "$(device "$1" blocks)" -gt 0 ] &&
		[ "$(device "$1" bytes_served)" -gt 0 ]
}

# says LABEL STATE TEXT: its state, with that in its detail.
says() {
	is "$1" "$2" && device "$1" detail | grep -q "$3"
}

labels() {
	printf '[device left]\nport=1-1\n[device %s]\nport=1-2\n' "$1"
}

# hwrng PATH: the configuration has that one.
hwrng() {
	{
		cat "$T/base.conf"
		printf '[hwrng chip]\npath=%s\n' "$1"
	} >"$T/hostd.conf"
	hostd_reload
}

hostd_conf one=$a
printf '[agent]\nidle_pause=0\npool=4096\n' >>"$T/hostd.conf"
cp "$T/hostd.conf" "$T/plain.conf"
labels right >>"$T/hostd.conf"
cp "$T/hostd.conf" "$T/base.conf"

hostd_start --devices 2 || exit 1
check "two devices run, by their labels" wait_for 60 both_run
check "their log lines carry them" grep -q "right: arrived at port 1-2" \
	"$T/keeper.log"
equal "the label stands beside the port" 1-2 "$(device right port)"
equal "and the kind" onerng "$(device right kind)"
start reader "$peer" read "$(hostd_socket $a)" 1000000 64 "$T/bytes"
check "blocks of the one are served" wait_for 30 made left
check "and of the other" wait_for 30 made right
check "a self-test takes a label" hostd_ctl selftest right
check "or a port" hostd_ctl selftest 1-1
refuse "but no other name" 1 hostd_ctl selftest onerng0

hostd_sim @1 noise stuck=0 >/dev/null
check "a device that is stuck fails" wait_for 60 is left failed
check "the other one serves on" is right running
equal "the agent serves" serving "$(hostd_get state)"
left=$(device left bytes_served) right=$(device right bytes_served)
more_of_right() {
	[ "$(device right bytes_served)" -gt "$right" ]
}
check "only from the other one" wait_for 30 more_of_right
equal "nothing from the failed one" "$left" "$(device left bytes_served)"
hostd_sim @1 noise ideal >/dev/null
stop reader

{
	cat "$T/plain.conf"
	labels east
} >"$T/hostd.conf"
hostd_reload
check "a reload renames" wait_for 30 is east running
check "and tries the silent one again" wait_for 60 is left running
cp "$T/plain.conf" "$T/hostd.conf"
hostd_reload
check "without a label it has its number" wait_for 30 is onerng1 running

printf '[device a]\nport=1-1\n[device b]\nport=1-1\n' >"$T/bad.conf"
refuse "two labels for a port are refused" 3 "$B/onerng-hostd" -t \
	-c "$T/bad.conf"
"$B/onerng-hostd" -t -c "$T/bad.conf" >"$T/said" 2>&1
check "with file and line" grep -q "bad.conf:4: port: device a has this port" \
	"$T/said"

# What is not the kernel's hardware RNG is not used, and the agent says why.
ln -s /dev/urandom "$T/link"
: >"$T/file"
mkfifo "$T/fifo"
hwrng /dev/urandom
check "the kernel's own pool is refused" wait_for 30 says chip failed \
	"kernel's own pool (1:9)"
equal "as what it is" hwrng "$(device chip kind)"
hwrng /dev/random
check "under its other name" wait_for 30 says chip failed "pool (1:8)"
hwrng "$T/link"
check "and behind a link" wait_for 30 says chip failed "pool (1:9)"
if mknod "$T/node" c 1 9 2>/dev/null; then
	hwrng "$T/node"
	check "and as a node elsewhere" wait_for 30 says chip failed "pool (1:9)"
else
	skip "and as a node elsewhere" "this machine may make no node"
fi
hwrng "$T/file"
check "a file is refused" wait_for 30 says chip failed "a regular file"
hwrng "$T/fifo"
check "a FIFO is refused" wait_for 30 says chip failed "a FIFO"
hwrng /dev/ptmx
check "a terminal is refused" wait_for 30 says chip failed "a terminal"
hwrng /dev/zero
check "other devices are refused" wait_for 30 says chip failed "device 1:5"
hwrng "$T/nothing"
check "one that is not there is gone, not failed" wait_for 30 says chip gone \
	"is not there"
: >"$T/nothing"
check "once it is there it is looked at" wait_for 30 says chip failed \
	"a regular file"
check "the OneRNGs serve all the time" both_run
cp "$T/base.conf" "$T/hostd.conf"
hostd_reload
check "without its section it is not used" wait_for 30 says chip gone \
	"not used"
hostd_stop

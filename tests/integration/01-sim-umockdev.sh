#!/bin/sh
# The simulated OneRNG through the real libusb: enumeration, streaming, faults,
# departure in the middle of a read, arrival, two devices, and the simulator's
# own manners as a wrapper of a command.
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"

sim=$B/onerng-sim
probe=$B/tests/integration/usbprobe
control=$T/control
export sim probe control
mkdir "$T/tmp"

# run [OPTION...] -- COMMAND...
run() {
	TMPDIR=$T/tmp timeout 240 "$sim" run --control "$control" "$@"
}

# told OUTPUT-FILE TEXT
told() {
	grep -q -- "$2" "$1"
}

# As a wrapper.
refuse exit_status_is_the_commands 7 run -- sh -c 'exit 7'
refuse signal_of_the_command_is_passed_on 143 run -- \
	sh -c 'kill -s TERM $$'
refuse missing_command_is_127 127 run -- "$T/none"
refuse no_command_is_usage 2 run
refuse bad_rate_is_usage 2 run --rate 1000001 -- true
refuse bad_noise_is_an_error 125 run --noise loud -- true
refuse control_without_simulator_is_an_error 1 \
	"$sim" ctl "$T/nobody" status
refuse control_socket_in_no_folder_is_an_error 125 \
	"$sim" run --control "$T/none/s" -- true
start sleeper env TMPDIR="$T/tmp" "$sim" run --control "$control" -- sleep 600
check simulator_listens wait_for 20 test -S "$control"
# shellcheck disable=SC2016 # for the inner shell
check status_is_json sh -c '"$sim" ctl "$control" status |
	python3 -c "import json, sys; json.load(sys.stdin)"'
refuse unknown_control_word_is_an_error 1 "$sim" ctl "$control" reboot
stop sleeper 10
equal terminate_is_forwarded 143 $?
equal nothing_is_left_behind "" "$(ls "$T/tmp" && ls "$control" 2>/dev/null)"

# Enumeration.
run --devices 2 -- "$probe" list >"$T/list" 2>&1
check first_device_at_1-1 told "$T/list" \
	'^device 1-1 address 2 serial 00 driver 1$'
check second_device_at_1-2 told "$T/list" \
	'^device 1-2 address 3 serial 00 driver 1$'
equal absent_device_is_not_listed "" "$(run --absent -- "$probe" list)"

# Streaming.
for size in 64 512 4096; do
	run -- "$probe" read 1-1 60000 $size 4 >"$T/read" 2>&1
	check "streams_in_transfers_of_$size" told "$T/read" \
		'^read 60000 .* status 0 '
done
# What was pooled before cmd1 is whitened and shows no bias; nor would what a
# pool that is full stirs, because a busy machine reads late.
run --noise bias=0.75 --rate 100000 --no-stir -- "$probe" read 1-1 300000 >"$T/read" 2>&1
check bias_arrives told "$T/read" ' ones 0\.7[345]'
run --rate 150000 -- "$probe" read 1-1 300000 >"$T/read" 2>&1
check streams_at_150_kB_s told "$T/read" '^read 300000 .* status 0 '
# shellcheck disable=SC2016 # for the inner shell
run -- sh -c 'for port in 1-1; do ("$probe" read $port 5000; true); done' \
	>"$T/read" 2>&1
check streams_behind_shells told "$T/read" '^read 5000 .* status 0 '

# Departure in the middle of a read, arrival, while somebody watches.
cat >"$T/plug.sh" <<'EOF'
"$probe" watch 300 >"$1/watch" &
watch=$!
while ! grep -q watching "$1/watch"; do sleep 0.1; done
"$probe" read 1-1 1000000 >"$1/first" &
read=$!
until "$sim" ctl "$control" status | grep -q '"pool_bytes":[1-9][0-9]\{4\}'; do
	sleep 0.1
done
"$sim" ctl "$control" unplug
wait $read
echo "status $?" >>"$1/first"
"$sim" ctl "$control" plug
"$probe" wait arrival 1-1 0.1 >/dev/null
"$probe" read 1-1 20000 >"$1/second"
"$sim" ctl "$control" fault unplug-at read 3000
"$probe" read 1-1 20000 >"$1/third"
"$sim" ctl "$control" fault replug 300
until [ "$(grep -c 1-1 "$1/watch")" -ge 4 ]; do sleep 0.1; done
"$probe" read 1-1 20000 >"$1/fourth"
kill $watch
EOF
run -- sh "$T/plug.sh" "$T" >"$T/plug.log" 2>&1
check departure_ends_the_read_with_no_device told "$T/first" ' status 5 '
check reader_notices told "$T/first" '^status 1$'
check replugged_device_streams told "$T/second" '^read 20000 .* status 0 '
check departure_at_a_byte told "$T/third" '^read 3008 .* status 5 '
check device_streams_after_replug told "$T/fourth" '^read 20000 .* status 0 '
equal events_reach_a_watcher_beside_readers \
	"left 2 arrived 3 left 3 arrived 4 " \
	"$(sed -n 's/^\([a-z]*\) 1-1 address \([0-9]*\)$/\1 \2/p' "$T/watch" |
		tr '\n' ' ')"

# Two devices with one serial number.
cat >"$T/two.sh" <<'EOF'
"$probe" read 1-1 60000 >"$1/one" &
one=$!
sleep 0.3
"$sim" ctl "$control" @2 unplug
wait $one
"$probe" list >"$1/left"
"$probe" read 1-2 1000 >"$1/two"
"$sim" ctl "$control" @2 plug
"$probe" read 1-2 1000 >"$1/again"
EOF
run --devices 2 -- sh "$T/two.sh" "$T" >"$T/two.log" 2>&1
check other_device_is_unaffected told "$T/one" '^read 60000 .* status 0 '
equal only_the_first_is_left 1 "$(wc -l <"$T/left")"
check removed_device_is_not_found told "$T/two" NO_DEVICE
check second_device_comes_back told "$T/again" '^read 1000 .* status 0 '

# Faults that libusb must see.
cat >"$T/fault.sh" <<'EOF'
ctl() { "$sim" ctl "$control" "$@" >/dev/null; }
try() {
	name=$1
	shift
	ctl fault "$@"
	"$probe" read 1-1 4000 >"$dir/$name"
	ctl clear
}
dir=$1
try silence silence
try halt halt
try overflow overflow
try error error-in
try short short 5 4
try out out-nak
try request error-control
"$probe" read 1-1 4000 >"$dir/healthy"
# A reader killed while it waits must not keep the device.
"$probe" read 1-1 100000000 >/dev/null & victim=$!
sleep 0.5
kill -s KILL $victim
wait $victim
"$probe" read 1-1 4000 >"$dir/successor"
EOF
run -- sh "$T/fault.sh" "$T" >"$T/fault.log" 2>&1
check silence_times_out told "$T/silence" '^read 0 .* status 2 '
check halt_is_a_stall told "$T/halt" ' status 4 '
check oversized_packet_is_an_overflow told "$T/overflow" ' status 6 '
check injected_error_is_an_error told "$T/error" ' status 1 '
check short_packets_end_transfers told "$T/short" '^read 4000 .* status 0 '
check refused_out_times_out told "$T/out" 'TIMEOUT'
check control_error_is_reported told "$T/request" '^failed: start'
check cleared_device_is_healthy told "$T/healthy" '^read 4000 .* status 0 '
check killed_reader_frees_the_device told "$T/successor" \
	'^read 4000 .* status 0 '
equal no_testbed_is_left "" "$(ls "$T/tmp")"

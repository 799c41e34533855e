#!/bin/sh
# every fault of a noise source: seen by what, how soon, and nothing of it served
# timeout: 900
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
export PYTHONDONTWRITEBYTECODE=1

# Each round has a source at each port: good noise, then the fault.  The peer's
# bytes are traced back to the samples they were made of: see matrix.py.
peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
a=11111111-1111-1111-1111-111111111111
A=$(hostd_socket $a)
seed=${SEED:-$(date +%s)}
echo "seed $seed"

# FAULT TESTS OUTCOME
cat >"$T/faults" <<'END'
none - never
constant-0 rct-bit permanent
constant-170 rct-byte permanent
constant-255 rct-bit permanent
aa55 dup/apt-byte failed
counter dup four
text dup four
clear-240 apt-bit/rct-bit failed
bias-0.60 trend/rct-bit/apt-bit failed
bias-0.70 apt-bit/rct-bit failed
bias-0.80 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
bias-0.90 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
repeat_once dup once
zero_once rct-bit once
serial-0.60 trend/rct-bit failed
serial-0.65 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
serial-0.70 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
serial-0.90 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
tone-1.8 trend/rct-bit/rct-byte/apt-bit/apt-byte failed
drift-0.65 trend/rct-bit/apt-bit failed
drift-0.80 trend/rct-bit/apt-bit failed
period-64 dup four
period-512 dup four
period-2048 dup four
period-4096 dup four
period-16384 dup four
period-65520 dup four
period-65536 dup four
repeat-100 dup four
zero-100 rct-bit four
clear-128 - never
set-1 - never
bias-0.51 - never
bias-0.52 - never
bias-0.55 - never
serial-0.51 - never
serial-0.55 - never
period-262144 - never
lfsr16 - never
lfsr32 - never
cipher - never
run-26 rct-byte permanent
rise-0.25 rct-byte/apt-byte failed
END
# The last two: SP 800-90B 4.5 for H = 4, one value more than 100/H times in a
# row, and one whose probability rises to 2^(-H/2).  And what passes for good:
DATA=${ONERNG_REFERENCE_DATA:-../shared/data}
export DATA
for file in truerand_8bit onerng-random_data; do
	if [ -r "$DATA/$file.bin" ]; then
		echo "data_$file - never" >>"$T/faults"
	else
		skip "fault data_$file: never" "there is no $DATA/$file.bin"
	fi
done

status() {
	hostd_ctl status --json >"$1"
}

ended_all() {
	status "$T/now" &&
		python3 tests/lib/matrix.py ended "$T/before" "$T/now" "$T/round"
}

drained() {
	[ "$(hostd_get pool.bytes)" = 0 ]
}

absent() {
	hostd_state no-device
}

each_port() {
	while read -r port fault _; do
		"$@" "${port#1-}" "$fault"
	done <"$T/round"
}

# The firmware lets eight bytes 00 or FF in a row pass and keeps back the others,
# which 47-device-faults.sh has as silence (F01); here its detector is broken.
load_noise() {
	hostd_sim "@$1" clear
	case $2 in
	constant-0 | constant-255) hostd_sim "@$1" fault unfiltered ;;
	esac
	hostd_sim "@$1" noise "once=$T/noise/$2"
	hostd_sim "@$1" plug
}

unload() {
	hostd_sim "@$1" unplug
}

# round: the lines of $T/round.
round() {
	mkdir "$T/noise"
	cut -d ' ' -f 2 "$T/round" |
		xargs python3 tests/lib/noise.py "$seed" "$T/noise"
	status "$T/before"
	from=$(($(wc -c <"$T/keeper.log") + 1))
	: >"$T/got"
	start reader "$peer" gulp "$A" "$T/got"
	each_port load_noise >/dev/null
	check "all faults of the round have shown" wait_for 300 ended_all
	wait_for 60 drained
	stop reader
	tail -c "+$from" "$T/keeper.log" >"$T/log"
	cut -d ' ' -f 2 "$T/round" | sed "s,^,$T/noise/," |
		xargs "$B/tests/integration/whence" "$T/got" >"$T/whence"
	python3 tests/lib/matrix.py judge "$T/before" "$T/now" "$T/round" \
		"$T/log" "$T/whence" >"$T/judged" || not_ok "judged" "it was not"
	while IFS='|' read -r verdict name reason; do
		case $verdict in
		ok) ok "$name" ;;
		not_ok) not_ok "$name" "$reason" ;;
		row) echo "$name" >>"$T/table" ;;
		again)
			echo "$name: was disturbed"
			echo "$name" >>"$T/faults"
			;;
		esac
	done <"$T/judged"
	check "no 16 bytes were served twice" "$wild" unique "$T/got"
	each_port unload >/dev/null
	check "no device is left" wait_for 30 absent
	rm -r "$T/noise"
}

hostd_conf a=$a
printf '[agent]\nidle_pause=0\npool=2097152\n' >>"$T/hostd.conf"
hostd_start --absent --no-stir --devices 10 --rate 60000 || exit 1
tries=0
while [ -s "$T/faults" ]; do
	tries=$((tries + 1))
	if ! hostd_sim status >/dev/null; then
		not_ok "the simulator answers" "it has ended"
		break
	fi
	if [ "$tries" -gt 8 ]; then
		not_ok "all faults were tried" "always disturbed: $(cat "$T/faults")"
		break
	fi
	sed 10q "$T/faults" | awk '{ print "1-" NR, $0 }' >"$T/round"
	sed -i 1,10d "$T/faults"
	round
done
hostd_stop

echo "fault          seen by            after  served of its window"
cat "$T/table"

#!/bin/sh
# every fault of a device, through the agent: noticed by what, what it does
# then, how it comes back; its neighbour serves on
# timeout: 600
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
need python3
export PYTHONDONTWRITEBYTECODE=1

# F14 to F24, found at open, are shown elsewhere: stale bytes, unfinished dumps
# and bursts by 10-reader-open.sh, images and signatures by 41-firmware-hostd.sh.
# Faults that are in the noise from the start are those of 44-fault-matrix.sh.
peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
A=$(hostd_socket $a)
seed=${SEED:-$(date +%s)}
workers=8
echo "seed $seed"

# make_noise: for each port, and one to go on with.
make_noise() {
	python3 -c 'import random, sys
for name in sys.argv[3:]:
    with open(f"{sys.argv[2]}/{name}", "wb") as f:
        f.write(random.Random(name + sys.argv[1]).randbytes(262144))' \
		"$seed" "$T/noise" 1 $(seq 2 $((workers + 1))) spare
}

neighbour_serves() {
	[ "$(hostd_get devices.0.state)" = running ]
}

# What the peer got is traced back to the noise (whence.c): a block that is
# made of anything else than samples in a row has to be that of a gap.  Noise
# that leans is the simulator's own, served from until it is seen and in no file:
# 44-fault-matrix.sh traces such bytes.
round() {
	: >"$T/got"
	start reader "$peer" gulp "$A" "$T/got"
	timeout 500 python3 tests/lib/devfault.py "$T/run/control.sock" \
		"$B/onerng-sim ctl $T/sim.sock" "$T/keeper.log" "$T/noise" \
		"$1" "$2" >"$T/judged" || not_ok "round $1" "it ended early"
	stop reader
	gaps=0
	while IFS='|' read -r verdict name reason; do
		case $verdict in
		ok) ok "$name" ;;
		not_ok) not_ok "$name" "$reason" ;;
		row) echo "$name" >>"$T/table" ;;
		gaps) gaps=$name ;;
		again) echo "again: $name" ;;
		esac
	done <"$T/judged"
	[ "$1" = lean ] || traced "$1"
}

traced() {
	# shellcheck disable=SC2046 # names without blanks
	"$B/tests/integration/whence" "$T/got" $(find "$T/noise" -type f) \
		>"$T/whence"
	unknown=$(sed -n 's/^unknown //p' "$T/whence")
	traced=$(awk '$1 != "unknown" { n += $3 } END { print n + 0 }' \
		"$T/whence")
	if [ "$traced" -gt 100 ] && [ "${unknown:-1}" -le "$gaps" ]; then
		ok "$1: $traced blocks are of good noise, $unknown have a gap"
	else
		not_ok "$1: every block is of good noise" \
			"$unknown of $traced are not, $gaps may"
	fi
}

hostd_conf a=$a
printf '[agent]\nidle_pause=0\npool=2097152\n' >>"$T/hostd.conf"
mkdir "$T/noise"
make_noise
hostd_start --absent --no-stir --devices $((workers + 1)) --rate 50000 ||
	exit 1
hostd_sim @1 noise "file=$T/noise/1" >/dev/null
hostd_sim @1 plug >/dev/null
check "the neighbour serves" wait_for 30 neighbour_serves
for name in ${ROUNDS:-noise lean open reload}; do
	case $name in
	reload) round "$name" 1 ;; # a reload is one for all
	*) round "$name" $workers ;;
	esac
done
hostd_stop

printf '%-20s %-9s %-28s %-6s %-33s %s\n' fault "noticed" "after" served \
	"states from then on" "comes back by"
cat "$T/table"

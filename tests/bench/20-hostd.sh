#!/bin/sh
# The host agent at the device's full rate: samples used, processor time,
# memory, latency and shares of its consumers.
#
# The device is simulated through umockdev, under which libusb is never idle:
# it asks again and again for transfers that a real kernel would report.  So
# the reader's processor time says nothing here and is told apart from the
# core's, and both are measured with umockdev's library loaded.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/bench/bench.sh

seconds=${BENCH_SECONDS:-20}

uuid() {
	printf '6f6e6572-6e67-4000-8000-%012d' "$1"
}

# conf COUNT: domains 1 to COUNT, all alike.
conf() {
	conf_words=
	for conf_i in $(seq "$1"); do
		conf_words="$conf_words d$conf_i=$(uuid "$conf_i")"
	done
	# shellcheck disable=SC2086 # a list of words
	hostd_conf $conf_words
}

up() {
	rm -f "$T/hostd.last"
	hostd_start "$@" && wait_for 60 hostd_state serving
}

# load NAME MODE FIRST LAST OPTION...: egdload's report goes to $T/NAME.json.
load() {
	load_name=$1 load_mode=$2 load_ids=$(seq "$3" "$4")
	shift 4
	for load_i in $load_ids; do
		set -- "$@" "$load_mode:$(hostd_socket "$(uuid "$load_i")")"
	done
	timeout $((seconds + 60)) "$B/tests/bench/egdload" "$@" \
		>"$T/$load_name.json"
}

report() {
	json "$2" <"$T/$1.json"
}

core() {
	cat "$T/hostd.pid"
}

# The agent's processes: the core and those that it started.
agent_pids() {
	core
	cat "/proc/$(core)/task/"*/children | tr ' ' '\n' | grep .
}

reader() {
	for reader_pid in $(agent_pids); do
		tr '\0' ' ' <"/proc/$reader_pid/cmdline" |
			grep -q -- '--role reader' && echo "$reader_pid"
	done
}

# snapshot NAME: both sides' counters, as close together as can be.
snapshot() {
	hostd_sim status >"$T/$1.sim"
	hostd_ctl status --json >"$T/$1.agent"
	eval "$1_ms=\$(clock_ms) $1_core=\$(cpu_ns \$(core))"
	eval "$1_reader=\$(cpu_ns \$(reader))"
}

# made NAME, used NAME: samples that the source made, and that were not lost.
made() {
	json noise_bytes <"$T/$1.sim"
}

used() {
	calc "$(json devices.0.health.conditioned <"$T/$1.agent") + \
		$(json devices.0.health.startup_samples <"$T/$1.agent")"
}

# percent NS_BEFORE NS_AFTER MS_BEFORE MS_AFTER
percent() {
	calc "($2 - $1) / 1e4 / ($4 - $3)"
}

# At one rate, all flooding: what is used, what it costs, who gets what.
full_rate() {
	conf 64
	up --rate "$1" || return
	load "flood-$1" flood 1 64 -w 4000 -d "$seconds" &
	full_rate_load=$!
	sleep 4 # until the pool is empty, the boot reserves given, all wait
	snapshot before
	sleep "$seconds"
	snapshot after
	wait $full_rate_load
	bench "samples-used-$1" "$(calc "100 * ($(used after) - \
		$(used before)) / ($(made after) - $(made before))")" "%" \
		">= 99"
	# shellcheck disable=SC2154 # set by snapshot
	bench "cpu-core-$1" "$(percent "$before_core" "$after_core" \
		"$before_ms" "$after_ms")" "% of a core" "$2"
	# shellcheck disable=SC2154
	bench "cpu-reader-$1" "$(percent "$before_reader" "$after_reader" \
		"$before_ms" "$after_ms")" "% of a core, spinning under umockdev"
	bench "jain-64-flooding-$1" "$(report "flood-$1" flood_jain)" index \
		">= 0.99"
	hostd_stop
}

# polite RATE INTERVAL_MS: one among 63 flooding, in a process of its own.
polite() {
	conf 64
	up --rate "$1" || return
	load flood flood 2 64 -w 4000 -d "$seconds" &
	polite_load=$!
	load "polite-$1" polite 1 1 -w 4000 -d "$seconds" -i "$2"
	wait $polite_load
	bench "polite-requests-$1" \
		"$(report "polite-$1" polite_us.count)" \
		"of 64 bytes in $seconds s" \
		">= $((seconds * 1000 / $2 - 2))"
	bench "polite-p50-$1" "$(report "polite-$1" polite_us.p50)" us "<= 200"
	bench "polite-p99-$1" "$(report "polite-$1" polite_us.p99)" us "<= 5000"
	hostd_stop
}

# Seven consumers of each weight; the worst deviation from its weight's share.
weights() {
	conf 21
	awk '{ print } /^uuid=/ { n++
		print "weight=" (n <= 7 ? 1 : n <= 14 ? 2 : 4) }' \
		"$T/hostd.conf" >"$T/weighted" && mv "$T/weighted" "$T/hostd.conf"
	up --rate 150000 || return
	load weights flood 1 21 -w 4000 -d "$seconds"
	bench weights-1:2:4 "$(python3 - "$T/weights.json" <<'END'
import json
import sys

peers = [p["bytes"] for p in json.load(open(sys.argv[1]))["peers"]]
groups = [sum(peers[i:i + 7]) for i in (0, 7, 14)]
shares = [w * sum(groups) / 7 for w in (1, 2, 4)]
print("%.3f" % max(100 * abs(g - s) / s for g, s in zip(groups, shares)))
END
	)" "% off" "<= 2"
	hostd_stop
}

# memory_sum Rss|Pss FILE...: MiB
memory_sum() {
	memory_kind=$1
	shift
	awk -v kind="$memory_kind:" '$1 == kind { sum += $2 }
		END { printf "%.1f", sum / 1024 }' "$@"
}

# memory COUNT BOUND: connected consumers that ask now and then.
memory() {
	conf "$1"
	up || return
	load memory polite 1 "$1" -w 5000 -d 10 -i 5000 &
	memory_load=$!
	sleep 12
	memory_all=
	for memory_pid in $(agent_pids); do
		memory_all="$memory_all /proc/$memory_pid/smaps_rollup"
	done
	memory_core=$(memory_sum Rss "/proc/$(core)/smaps_rollup")
	# shellcheck disable=SC2086 # a list of files
	memory_pss=$(memory_sum Pss $memory_all)
	# shellcheck disable=SC2086
	memory_rss=$(memory_sum Rss $memory_all)
	wait $memory_load
	bench "memory-$1-core-rss" "$memory_core" MiB "<= $2"
	bench "memory-$1-all-pss" "$memory_pss" MiB "<= $2"
	bench "memory-$1-all-rss" "$memory_rss" \
		"MiB, what processes share counted in each"
	bench "memory-$1-peers-lost" "$(report memory closed)" peers "<= 0"
	bench "memory-$1-late-reads" "$(report memory polite_us.late)" reads \
		"<= 0"
	bench "memory-$1-answered-reads" "$(report memory polite_us.count)" \
		"reads in 10 s" ">= $(($1 * 3 / 2))"
	hostd_stop
}

# Nobody asks: the pool is full and the device paused.
idle() {
	conf 10
	sed -i 's/^\[agent\]$/&\nidle_pause=2/' "$T/hostd.conf"
	up || return
	wait_for 60 test_paused || echo "the device was not paused"
	idle_core=$(core) idle_reader=$(reader)
	# No question about its status in the measured time: that is not idle.
	sleep 1
	idle_ms=$(clock_ms)
	idle_core_ns=$(cpu_ns "$idle_core") idle_reader_ns=$(cpu_ns "$idle_reader")
	sleep "$seconds"
	idle_core_ns=$(($(cpu_ns "$idle_core") - idle_core_ns))
	idle_reader_ns=$(($(cpu_ns "$idle_reader") - idle_reader_ns))
	idle_ms=$(($(clock_ms) - idle_ms))
	bench idle-core "$(calc "86400 * $idle_core_ns / 1e6 / $idle_ms")" \
		"CPU-seconds a day" "<= 5"
	bench idle-reader "$(calc "86400 * $idle_reader_ns / 1e6 / $idle_ms")" \
		"CPU-seconds a day, under umockdev"
	hostd_stop
}

# Class drbg over 1,000 connections, requests of 64 bytes.
#
# A Linux guest has one request open: virtio_rng has one buffer of 64 bytes and
# QEMU asks for no more than that.  Each then costs the core a recv() and a
# send(), and costs egdload as much, which shares the other processor with the
# device and its reader: the clock then says what the machine can do, and the
# bound is for a second of the core's own time.  With 16 requests open (guests
# with more buffers, programs) egdload keeps up, and the clock decides.
drbg() {
	drbg_run single 1000 1 ">= 200000" "" &&
		drbg_run flood 1000 16 "" ">= 200000"
}

# drbg_run MODE COUNT OPEN BOUND_OF_CORE BOUND_OF_CLOCK: the core has the first
# processor for itself, where there is another one.
drbg_run() {
	conf "$2"
	printf '[consumers]\nclass=drbg\n' >>"$T/hostd.conf"
	drbg_cpus=$(taskset -cp $$ | sed 's/.*: //')
	[ "$(nproc)" -lt 2 ] || taskset -cp "1-$(($(nproc) - 1))" $$ >/dev/null
	up || return
	taskset -cp 0 "$(core)" >/dev/null
	renice -n 19 -p "$(reader)" >/dev/null
	load drbg "$1" 1 "$2" -w 4000 -d $((2 * seconds)) &
	drbg_load=$!
	wait_for 60 drbg_connected "$2" && sleep 2
	drbg_egdload=$(last_child $drbg_load)
	drbg_ms=$(clock_ms) drbg_ns=$(cpu_ns "$(core)") drbg_bytes=$(delivered)
	drbg_egdload_ns=$(cpu_ns "$drbg_egdload")
	sleep $((seconds / 2))
	drbg_bytes=$(($(delivered) - drbg_bytes))
	drbg_egdload_ns=$(($(cpu_ns "$drbg_egdload") - drbg_egdload_ns))
	drbg_ns=$(($(cpu_ns "$(core)") - drbg_ns))
	drbg_ms=$(($(clock_ms) - drbg_ms))
	wait $drbg_load
	taskset -cp "$drbg_cpus" $$ >/dev/null
	bench "drbg-$2-open-$3" "$(calc "$drbg_bytes / 64 * 1e9 / $drbg_ns")" \
		"requests/s of the core's time" "$4"
	bench "drbg-$2-open-$3-clock" \
		"$(calc "$drbg_bytes / 64 * 1000 / $drbg_ms")" \
		"requests/s by the clock, core at $(percent 0 "$drbg_ns" 0 \
"$drbg_ms") %, egdload at $(percent 0 "$drbg_egdload_ns" 0 "$drbg_ms") %" "$5"
	bench "drbg-$2-open-$3-jain" "$(report drbg flood_jain)" index ">= 0.99"
	bench "drbg-$2-open-$3-peers-lost" "$(report drbg closed)" peers "<= 0"
	hostd_stop
}

# drbg_connected COUNT: so many peers are.
drbg_connected() {
	[ "$(hostd_ctl --json status | grep -c '"connected": true')" -ge "$1" ]
}

# last_child PID: its child's child, and so on.
last_child() {
	last_child=$1
	while last_child_next=$(cat "/proc/$last_child/task/"*/children) &&
		[ -n "$last_child_next" ]; do
		last_child=${last_child_next%% *}
	done
	echo "$last_child"
}

# What all consumers have got.
delivered() {
	hostd_ctl --json status | python3 -c 'import json, sys
print(sum(c["delivered"] for c in json.load(sys.stdin)["consumers"]))'
}

test_paused() {
	[ "$(hostd_get devices.0.state)" = paused ]
}

need python3
for part in ${BENCH_PARTS:-rate57 rate150 polite weights memory idle drbg}; do
	case $part in
	rate57) full_rate 57600 "<= 1" ;;
	rate150) full_rate 150000 "" ;;
	# Asks for less than its share: one block in 64 of 400 and 1,041 a s.
	polite) polite 57600 200 && polite 150000 100 ;;
	weights) weights ;;
	memory) memory 10 16 && memory 1000 64 ;;
	idle) idle ;;
	drbg) drbg ;;
	esac || not_ok "$part" "see above"
done

#!/bin/sh
# "make fuzz": each target under libFuzzer for FUZZ_SECONDS, one for each
# processor at a time; or the one whose name is given.  What is found new stays
# in build/fuzz/corpus, what breaks a target in build/fuzz/found.
set -u
cd "$(dirname "$0")/../.." || exit 1

: "${B:=build/fuzz}" "${FUZZ_SECONDS:=60}"
export B FUZZ_SECONDS
found=$B/found

# fuzz NAME
fuzz() {
	seeds=tests/fuzz/corpus/${1#fuzz_}
	corpus=$B/corpus/${1#fuzz_}
	log=$found/$1.log
	mkdir -p "$corpus"
	if "$B/tests/fuzz/$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 \
		-print_final_stats=1 -artifact_prefix="$found/$1-" \
		"$corpus" "$seeds" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
		cov=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
		echo "ok $1: $runs inputs in $FUZZ_SECONDS s, $cov"
	else
		echo "not ok $1: the end of $log:"
		tail -n 30 "$log"
		return 1
	fi
}

mkdir -p "$found"
if [ $# -gt 0 ]; then
	name=fuzz_${1#fuzz_}
	if [ ! -x "$B/tests/fuzz/$name" ]; then
		echo "not ok $name: no such target"
		exit 1
	fi
	fuzz "$name"
	exit
fi
for source in tests/fuzz/fuzz_*.c; do
	basename "$source" .c
done | xargs -n 1 -P "${JOBS:-$(nproc)}" "$0"

#!/bin/sh
# "make fuzz": each target under libFuzzer for FUZZ_SECONDS, one for each
# processor at a time.  What is found new stays in build/fuzz/corpus, what
# breaks a target in build/fuzz/found.
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
		echo "ok $1: $runs inputs in $FUZZ_SECONDS s"
	else
		echo "not ok $1: the end of $log:"
		tail -n 30 "$log"
		return 1
	fi
}

if [ $# -gt 0 ]; then
	fuzz "$1"
	exit
fi
mkdir -p "$found"
for source in tests/fuzz/fuzz_*.c; do
	basename "$source" .c
done | xargs -n 1 -P "${JOBS:-$(nproc)}" "$0"

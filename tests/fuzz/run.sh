#!/bin/sh
# "make fuzz": each target under libFuzzer for FUZZ_SECONDS.  What is found new
# stays in build/fuzz/corpus, what breaks a target in build/fuzz/found.
set -u
cd "$(dirname "$0")/../.." || exit 1

: "${B:=build/fuzz}" "${FUZZ_SECONDS:=60}"
found=$B/found
failed=0
mkdir -p "$found"
for program in "$B"/tests/fuzz/fuzz_*; do
	case $program in *.o | *.d) continue ;; esac
	name=$(basename "$program")
	seeds=tests/fuzz/corpus/${name#fuzz_}
	corpus=$B/corpus/${name#fuzz_}
	mkdir -p "$corpus"
	if "$program" -max_total_time="$FUZZ_SECONDS" -timeout=10 \
		-print_final_stats=1 -artifact_prefix="$found/$name-" \
		"$corpus" "$seeds" >"$found/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: //p' \
			"$found/$name.log")
		echo "ok $name: $runs inputs in $FUZZ_SECONDS s"
	else
		echo "not ok $name: the end of $found/$name.log:"
		tail -n 30 "$found/$name.log"
		failed=$((failed + 1))
	fi
done
[ "$failed" -eq 0 ]

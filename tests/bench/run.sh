#!/bin/sh
# "make bench": measures; prints figure, bound and verdict, one line each.
#
#	tests/bench/run.sh [NAME...]
#
# NAME is a script or a program here, such as 20-hostd or bench_sampler; without
# one, all of them.  Ends with 1 if a bound was missed or something did not run.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build/opt}"
B=$(realpath -m "$B")
export B

if [ $# -eq 0 ]; then
	for bench in "$B"/tests/bench/bench_*; do
		case $bench in *.o | *.d) continue ;; esac
		set -- "$@" "$(basename "$bench")"
	done
	for bench in tests/bench/[0-9]*.sh; do
		set -- "$@" "$(basename "$bench" .sh)"
	done
fi

out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.all"' EXIT
trap 'exit 130' HUP INT TERM
broken=0
for bench; do
	echo "-- $bench"
	program=$B/tests/bench/$bench
	[ -x "tests/bench/$bench.sh" ] && program=tests/bench/$bench.sh
	timeout -k 10 "${BENCH_TIMEOUT:-600}" "$program" 2>&1 | tee "$out"
	grep -q '^bench ' "$out" || broken=$((broken + 1))
	cat "$out" >>"$out.all"
done

held=$(grep -c '^bench .* pass$' "$out.all")
missed=$(grep -c '^bench .* MISSED$' "$out.all")
failed=$(grep -c '^not ok ' "$out.all")
echo "$held bounds held, $missed missed, $((failed + broken)) not measured"
[ $((missed + failed + broken)) -eq 0 ]

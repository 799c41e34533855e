# shellcheck shell=sh
# How the scripts here print what they measured; sourced after test.sh.

# bench NAME FIGURE UNIT [BOUND]: BOUND is "<= N" or ">= N"; without one it is a
# figure for the reader.  A figure that is not there has missed its bound.
bench() {
	if [ -z "${4:-}" ]; then
		printf 'bench %-34s %10s %s\n' "$1:" "${2:-none}" "$3"
		return
	fi
	if awk -v figure="${2:-none}" -v bound="$4" 'BEGIN {
		split(bound, part, " ")
		number = figure ~ /^-?[0-9.]+$/
		good = part[1] == "<=" ? figure + 0 <= part[2] + 0 : \
			figure + 0 >= part[2] + 0
		exit !(number && good) }'; then
		bench_verdict=pass
	else
		bench_verdict=MISSED
		echo "$1" >>"$T/.failed"
	fi
	printf 'bench %-34s %10s %s (bound %s) %s\n' "$1:" "${2:-none}" "$3" \
		"$4" "$bench_verdict"
}

# calc EXPRESSION: awk's, three digits behind the point.
calc() {
	awk "BEGIN { printf \"%.3f\", $1 }" 2>/dev/null
}

# cpu_ns PID: time its threads have run.
cpu_ns() {
	cat "/proc/$1/task/"*/schedstat 2>/dev/null |
		awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# Milliseconds of a clock that does not jump.
clock_ms() {
	awk '{ printf "%.0f", $1 * 1000 }' /proc/uptime
}

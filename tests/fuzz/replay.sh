#!/bin/sh
# every fuzz target survives its committed corpus, and an empty input
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"

: >"$T/empty"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	corpus=tests/fuzz/corpus/${name#fuzz_}
	if [ ! -d "$corpus" ]; then
		not_ok "$name" "$corpus does not exist"
		continue
	fi
	find "$corpus" -type f | sort >"$T/files"
	check "$name survives $(wc -l <"$T/files") files" \
		xargs -d '\n' -a "$T/files" "$B/tests/fuzz/$name" "$T/empty"
done

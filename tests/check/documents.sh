#!/bin/sh
# every test is in tests/README.md, and nothing else is
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

table=tests/README.md

tests='(unit/test_|integration/[0-9]|system/[0-9]|fuzz/fuzz_|bench/bench_|check/)'
for file in $(tree_files '*.sh' '*.c' '*.py' | grep -E "^tests/$tests"); do
	grep -qF "\`${file#tests/}\`" "$table" || echo "$file"
done | none "every test is listed in $table" "not listed"

# The first word in backquotes of a line of the table is a program.
# shellcheck disable=SC2016 # backquotes of the table
sed -n 's/^| *`\([^`]*\)`.*/\1/p' "$table" | while IFS= read -r name; do
	[ -e "tests/$name" ] || echo "$name"
done | none "every test that $table lists exists" "does not exist"

for file in $(tree_files '*.md'); do
	folder=$(dirname "$file")
	grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -v '://' |
		while IFS= read -r link; do
			[ -e "$folder/$link" ] || echo "$file: $link"
		done
done | none "every link between documents leads somewhere" "broken"

#!/bin/sh
# the form is clang-format's; no stray blanks, tabs or long lines
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

sources=$(tree_files '*.c' '*.h')

if command -v clang-format >/dev/null; then
	# shellcheck disable=SC2086 # a list of names
	clang-format --dry-run $sources 2>&1 | grep 'warning:' |
		sed 's/: warning:.*//' |
		none "C files have the form of .clang-format" \
			"run clang-format -i"
else
	skip "C files have the form of .clang-format" "no clang-format"
fi

tree_texts | xargs -d '\n' grep -nE '[[:blank:]]+$' |
	none "no line ends in a blank" "trailing blanks"

tree_texts | while IFS= read -r file; do
	[ -z "$(tail -c 1 "$file")" ] || echo "$file"
done | none "every file ends in a newline" "no newline at the end"

tree_texts | xargs -d '\n' grep -lP '\r$' |
	none "no file has carriage returns" "carriage returns"

tree_files '*.c' '*.h' '*.sh' run suite | while IFS= read -r file; do
	expand "$file" | awk -v f="$file" 'length > 100 { print f ":" NR }'
done | none "no line of code is wider than 100 columns" "too wide"

tree_files '*.c' '*.h' '*.sh' '*.md' '*.py' |
	xargs -d '\n' grep -nE '\b(TODO|FIXME|XXX)\b' |
	grep -v '^tests/check/format.sh:' |
	none "nothing is left to do in the code" "unfinished"

#!/bin/sh
# functions and files keep to their sizes
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need ctags
file_limit=600
function_limit=80

tree_files '*.c' '*.h' | xargs -d '\n' wc -l |
	awk -v limit=$file_limit \
		'$2 != "total" && $1 > limit { print $2 ": " $1 " lines" }' |
	none "no file is longer than $file_limit lines" "too long"

tree_files '*.c' | ctags -f - -L - --languages=C --kinds-C=f \
	--fields=ne --excmd=number |
	awk -F '\t' '{
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) first = substr($i, 6)
			if ($i ~ /^end:/) last = substr($i, 5)
		}
		print last - first + 1, $2 ":" first ": " $1
	}' | sort -n >"$T/sizes"
awk '{ size[NR] = $1 } END {
	if (NR) printf "functions: %d, median %d, p90 %d, longest %d lines\n",
		NR, size[int((NR + 1) / 2)], size[int(NR * 0.9 + 0.5)], size[NR]
}' "$T/sizes"
awk -v limit=$function_limit '$1 > limit { print $2, $3, $1, "lines" }' \
	"$T/sizes" |
	none "no function is longer than $function_limit lines" "too long"

#!/bin/sh
# clang builds everything without a warning
# timeout: 600
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need clang
build() {
	"${MAKE:-make}" -k -j"$(nproc)" --no-print-directory CC=clang CI=1 \
		B=build/clang "$@" 2>&1 | grep -E 'error:|\*\*\*'
}

for goal in all sim examples unit-programs fuzz-programs tool-programs \
	bench-programs; do
	build $goal | none "clang builds $goal without a warning" "warnings"
done

#!/bin/sh
# every shell script is shellcheck-clean
# timeout: 400
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need shellcheck
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
tree_scripts | xargs -n 1 -P "$(nproc)" sh -c '
	out=$0/$(echo "$1" | tr / -)
	if shellcheck "$1" >"$out" 2>&1; then
		echo "ok $1"
	else
		cat "$out"
		echo "not ok $1: $(grep -m 1 SC "$out")"
	fi' "$T" >"$T/results"
cat "$T/results"
! grep -q '^not ok ' "$T/results"

#!/bin/sh
# every shell script is shellcheck-clean
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need shellcheck
for script in $(tree_scripts); do
	check "$script" shellcheck "$script"
done

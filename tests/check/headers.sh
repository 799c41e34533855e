#!/bin/sh
# every header compiles alone, with gcc and clang
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

# The front ends of the simulated OneRNG know a transport, libvirt-xml XML.
flags=$(pkg-config --cflags umockdev-1.0 gobject-2.0 libusbredirparser-0.5 \
	libxml-2.0)

compile() {
	# shellcheck disable=SC2086 # a list of words
	printf '#include "%s"\n' "$2" |
		"$1" -std=c11 -D_GNU_SOURCE -I. $flags -Wall -Wextra -Werror \
			-fsyntax-only -xc -
}

for compiler in gcc clang; do
	command -v $compiler >/dev/null || {
		skip "headers compile alone with $compiler" "not installed"
		continue
	}
	for header in $(tree_files '*.h'); do
		check "$header compiles alone with $compiler" \
			compile $compiler "$header"
	done
done

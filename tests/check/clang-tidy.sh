#!/bin/sh
# clang-tidy has nothing to say about the programs and the simulator
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need clang-tidy

# The flags that a file's includes need, without asking make for each.
packages=$(pkg-config --cflags libusb-1.0 libevent_core jansson umockdev-1.0 \
	gobject-2.0 libusbredirparser-0.5 libxml-2.0)
export packages
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
tree_files '*.c' | grep -vE '^tests/(unit|fuzz|bench|integration|system)/' |
	xargs -n 1 -P "$(nproc)" sh -c '
		out=$0/$(echo "$1" | tr / -)
		if clang-tidy --quiet "$1" -- -std=c11 -D_GNU_SOURCE -I. \
			-DONERNG_VERSION=\"\" -DONERNG_SYSCONFDIR=\"\" \
			-DONERNG_LIBDIR=\"\" $packages >"$out" 2>&1; then
			echo "ok $1"
		else
			grep -E "(error|warning):" "$out"
			echo "not ok $(grep -m 1 -E "(error|warning):" "$out")"
		fi' "$T" >"$T/results"
cat "$T/results"
! grep -q '^not ok ' "$T/results"

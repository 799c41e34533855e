#!/bin/sh
# cppcheck has nothing to say about the programs
# timeout: 600
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need cppcheck

# Not asked: system headers, and whether a buffer that a loop fills is full,
# which it cannot tell; the compilers and the sanitizers can.
find_defects() {
	# shellcheck disable=SC2046 # a list of names
	# queue.h by name, because unknown macros are taken for syntax errors.
	cppcheck --std=c11 --language=c -j "$(nproc)" --quiet \
		--error-exitcode=1 --inline-suppr -D_GNU_SOURCE -D__x86_64__ \
		-DONERNG_VERSION='""' -DONERNG_SYSCONFDIR='""' \
		-DONERNG_LIBDIR='""' -I. \
		--include="/usr/include/$(gcc -print-multiarch)/sys/queue.h" \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=uninitvar \
		--template='{file}:{line}: {id}: {message}' \
		$(tree_files '*.c' | grep -v '^tests/unit/')
}

check "cppcheck finds nothing" find_defects

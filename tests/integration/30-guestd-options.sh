#!/bin/sh
# onerng-guestd refuses wrong options with status 2 and a reason
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"

check "--help" "$G" --help
check "--version" "$G" --version
check "-h" "$G" -h
check "-V" "$G" -V

while read -r words; do
	# shellcheck disable=SC2086 # a command line
	refuse "$words" 2 timeout 10 "$G" $words
done <<'END'
--nonsense
-x
operand
--once operand
-s
-s nonsense
-s hwrng
-s hwrng:
-s hwrng:dev/hwrng
-s :/dev/hwrng
-s HWRNG:/dev/hwrng
-s hwrngx:/dev/hwrng
-s http://host/
--once=yes
--interval
--interval 0
--interval -1
--interval 86401
--interval 5m
--interval 1.5
--interval 99999999999999999999
--bytes 31
--bytes 513
--bytes 64k
--credit -1
--credit 4097
--credit 513
--bytes 32 --credit 257
--expect-rng
--expect-rng x -s file:/dev/null
--ready-timeout 301
--ready-timeout x
--deadline 0
--deadline 601
--status-file relative
--json
--status --once
--status --no-feed
--verify
--verify nonsense
--verify file:/dev/null --status
--verify file:/dev/null --require
--verify file:/dev/null --feed-host
--feed-host --no-feed
--feed-host=yes
--sandbox
--sandbox errno
--sandbox on
--sandbox OFF
-l loud
-l 7
END

refuse "empty source" 2 "$G" -s ''
refuse "empty number" 2 "$G" --interval ''
refuse "empty name" 2 "$G" --expect-rng ''
refuse "number with a blank" 2 "$G" --bytes ' 64'

log_of why "$G" --bytes 31
says "reason is told" why "32 to 512 bytes"
says "and where there is help" why "--help"
log_of why "$G" "$(printf 'x\033[2J')"
refuse "foreign characters are not printed" 1 \
	grep -q "$(printf '\033')" "$T/why.log"

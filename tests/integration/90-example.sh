#!/bin/sh
# examples/egd-read takes bytes from a host agent, as its README says
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

uuid=11111111-2222-4333-8444-555555555555
reader=$B/examples/egd-read

hostd_conf example=$uuid
if ! hostd_start --seed 90; then
	not_ok "the host agent starts" "see above"
	exit 1
fi

# The first answer waits for the start-up test of the device.
take() {
	timeout 60 "$reader" "$(hostd_socket $uuid)" "$2" >"$T/$1"
}

check "the example reads 32 bytes" take first 32
equal "32 bytes have come" 32 "$(wc -c <"$T/first")"
# The socket is free again once the agent has seen the end of a connection.
again() {
	take second 255 && [ "$(wc -c <"$T/second")" -eq 255 ]
}
check "the example reads 255 bytes" wait_for 30 again
head -c 32 "$T/second" | cmp -s - "$T/first"
equal "they are other bytes" 1 $?
refuse "256 bytes are refused" 2 "$reader" "$(hostd_socket $uuid)" 256
refuse "a socket that is not there is an error" 1 "$reader" "$T/none" 1

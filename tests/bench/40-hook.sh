#!/bin/sh
# What libvirt's hook adds to the start of a domain when all is well: prepare,
# start and started, with an agent that has 20 domains, beyond what starting any
# process costs on this machine; and with a domain XML of 1 MB.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/bench/bench.sh

rounds=${BENCH_ROUNDS:-100}
uuid=11111111-1111-1111-1111-111111111100
export ONERNG_RUN_DIR="$T/run"

# xml BYTES: a domain with so much metadata.
xml() {
	printf "<domain type='kvm'><name>x</name><uuid>%s</uuid><metadata>" $uuid
	head -c "$1" /dev/zero | tr '\0' m
	printf "</metadata><devices><rng model='virtio'><backend model='egd' \
type='unix'><source mode='connect' path='%s'/></backend></rng></devices>\
</domain>\n" "$(hostd_socket $uuid)"
}

# calls XML OPERATION...: milliseconds for all of them, on average; one that
# does nothing costs what is not ours.
calls() {
	calls_xml=$1
	shift
	began=$(date +%s%N)
	for _ in $(seq "$rounds"); do
		for op; do
			"$program" vm "$op" begin - <"$calls_xml" || return
		done
	done
	calc "($(date +%s%N) - $began) / 1000000 / $rounds"
}

set --
for i in $(seq 10 29); do
	set -- "$@" "d$i=11111111-1111-1111-1111-1111111111$i"
done
hostd_conf "$@"
hostd_start --devices 1 && wait_for 60 hostd_state serving
check "the host agent serves" hostd_state serving || exit 1
xml 2000 >"$T/small.xml"
xml 1000000 >"$T/large.xml"
program=$B/onerng-qemu-hook
start=$(calls "$T/small.xml" prepare start started)
prepare=$(calls "$T/small.xml" prepare)
large=$(calls "$T/large.xml" prepare)
program=/bin/true
nothing=$(calls "$T/small.xml" prepare start started)
hostd_stop

bench hook-start-added "$(calc "$start - $nothing")" \
	"ms for prepare, start, started" "<= 5"
bench hook-start "$start" "ms, with starting three processes"
bench true-start "$nothing" "ms, the same of /bin/true"
bench hook-prepare "$prepare" ms
bench hook-prepare-1MB "$large" ms

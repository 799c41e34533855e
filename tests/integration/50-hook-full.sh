#!/bin/sh
# The disk where the host agent keeps what libvirt's hook tells is full: domains
# start and are served, nothing is written in part, and what there was no room
# for is written once there is
# timeout: 120
#
# In mount namespaces of its own, because that disk is a small one.
if [ -z "${full_inside:-}" ] && unshare -m true 2>/dev/null; then
	export full_inside=1
	exec unshare -m --propagation private -- "$0" "$@"
fi
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
[ -n "${full_inside:-}" ] || skip_all "no mount namespaces"

hook=$B/onerng-qemu-hook
peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
c=33333333-3333-3333-3333-333333333333
export ONERNG_RUN_DIR="$T/run"

ended_all() {
	umount -l "$T/run" 2>/dev/null
	test_cleanup
}
trap ended_all EXIT

# event UUID OPERATION: what libvirt runs.
event() {
	timeout 10 "$hook" "vm-${1%%-*}" "$2" begin - <<END
<domain type='kvm'><name>x</name><uuid>$1</uuid><devices>
<rng model='virtio'><backend model='egd' type='unix'>
<source mode='connect' path='$(hostd_socket "$1")'/></backend></rng>
</devices></domain>
END
}

# comes_up UUID: each call of the hook ends with 0.
comes_up() {
	event "$1" prepare && event "$1" start && event "$1" started
}

# reads UUID: as its QEMU.
reads() {
	timeout 30 "$peer" read "$(hostd_socket "$1")" 4 64 "$T/bytes" 0 \
		-uuid "$1"
}

# No block and no inode is left.
fill() {
	head -c 4194304 /dev/zero >"$T/run/blocks" 2>/dev/null
	fill_n=0
	while touch "$T/run/inode.$fill_n" 2>/dev/null; do
		fill_n=$((fill_n + 1))
		[ $fill_n -lt 1000 ] || return 1
	done
}

# recorded KEY VALUE
recorded() {
	[ "$(json "$1" <"$T/run/domains.json" 2>/dev/null)" = "$2" ]
}

hostd_conf a=$a b=$b
mount -t tmpfs -o size=256k,nr_inodes=64,mode=755 none "$T/run" ||
	skip_all "no tmpfs can be mounted"
check "the host agent starts" hostd_start || exit 1
wait_for 30 hostd_state serving
check "a domain comes up" comes_up $a
check "which is written down" wait_for 10 recorded domains.0.phase 3
equal "as it is" 1 "$(json domains.0.generation <"$T/run/domains.json")"
check "the disk is full" fill
cp "$T/run/domains.json" "$T/before.json"

check "a domain comes up all the same" comes_up $b
equal "is known" "1 running" \
	"$(of $b domain.generation) $(of $b domain.phase)"
check "and served" reads $b
check "it is said" wait_for 10 grep -q \
	"domains.json: No space left on device: a restart forgets" \
	"$T/keeper.log"
check "another start" comes_up $b
wait_for 10 of_is $b domain.generation 2
equal "is not said again" 1 "$(grep -c 'a restart forgets' "$T/keeper.log")"
check "what is written is whole" cmp "$T/before.json" "$T/run/domains.json"
check "nothing is left beside it" sh -c "! ls '$T'/run/domains.json?*"
check "a domain whose socket has no room" event $c prepare
check "is told of" event $c start
equal "is known" vm-33333333 "$(of $c name)"
check "has none" test ! -e "$(hostd_socket $c)"
check "which is said" grep -q "no socket: .*No space left" "$T/keeper.log"
equal "the agent serves on" serving "$(hostd_get state)"
check "status is answered" hostd_ctl status

rm -f "$T/run/blocks" "$T"/run/inode.*
check "once there is room, it comes up again" comes_up $b
check "and all is written" wait_for 10 grep -q "$b" "$T/run/domains.json"
check "a domain has its socket" comes_up $c
check "on disk" wait_for 30 test -S "$(hostd_socket $c)"
sleep 1.5 # many events are written at once
hostd_end KILL
hostd_up
equal "another agent goes on with it" "1 3 2" \
	"$(of $a domain.generation) $(of $b domain.generation) $(
		of $c domain.generation)"

# An agent that starts with no room at all.
hostd_hold
hostd_end TERM
check "the disk is full again" fill
for op in prepare start started stopped release reconnect migrate restore; do
	check "without an agent: $op" event $a $op
done
rm -f "$T"/run/inode.*
hostd_release
check "an agent starts with room for sockets and for nothing else" hostd_up
check "knows what it knew" of_is $b domain.generation 3
wait_for 30 hostd_state serving
check "and serves" reads $b

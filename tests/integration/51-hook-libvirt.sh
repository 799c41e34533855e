#!/bin/sh
# a real libvirtd runs the hook: create, save, restore, kill; a domain starts all
# the same whatever happens to the agent, its folder, its socket and the hook
# timeout: 500

# In a mount namespace of its own: it has a file system that gets full.
[ -n "${HOOK_LIBVIRT_MOUNTS:-}" ] || [ "$(id -u)" -ne 0 ] ||
	HOOK_LIBVIRT_MOUNTS=yes exec unshare -m --propagation private "$0" "$@"

. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/domain.sh"
. "$(dirname "$0")/../lib/libvirtd.sh"

need python3
libvirtd_need
uuid=11111111-1111-1111-1111-111111111111
other=22222222-2222-2222-2222-222222222222
vm=my-vm-$libvirtd_run tortured=tortured-$libvirtd_run

ended_all() {
	ended_status=$?
	umount -l "$T/run" 2>/dev/null
	(exit $ended_status)
	test_cleanup
}
trap ended_all EXIT

# is KEY VALUE: of the domain.
is() {
	of_is $uuid "$1" "$2"
}

other_is() {
	of_is $other "$1" "$2"
}

domain_idle "$vm" $uuid >"$T/domain.xml"
mkdir "$T/run"
mount -t tmpfs -o size=1m,nr_inodes=256,mode=755 none "$T/run" || {
	not_ok "a small file system is mounted"
	exit 1
}
hostd_conf
check "the agent starts" hostd_start --devices 1 || exit 1
check "and serves" wait_for 60 hostd_state serving || exit 1
check "libvirtd starts" libvirtd_start || {
	tail -n 3 "$T/libvirtd.log"
	exit 1
}

check "a domain that nobody registered starts" virtd create "$T/domain.xml"
check "its QEMU is connected to its own socket" wait_for 20 is connected true
pid=$(of $uuid peer.pid)
equal "which runs as libvirt has it" "$libvirtd_user $libvirtd_group" \
	"$(stat -c '%U %G' "/proc/$pid")"
equal "and whose group the socket is for" "660 $libvirtd_group" \
	"$(stat -c '%a %G' "$(hostd_socket $uuid)")"
check "as a start" wait_for 10 is domain.origin start
check "its first" is domain.generation 1
check "it is no foreigner" is domain.foreign 0
check "it is saved" virtd save "$vm" "$T/saved"
check "the agent knows" wait_for 10 is domain.phase stopped
virtd save-image-dumpxml "$T/saved" | sed "s|$T/run/kvm|/run/x/kvm|" >"$T/new.xml"
check "its image comes from another host" \
	virtd save-image-define "$T/saved" "$T/new.xml"
check "it is restored" virtd restore "$T/saved"
check "as that" wait_for 10 is domain.origin restore
check "and counted" is domain.generation 2
check "on this host's socket" wait_for 20 is connected true
kill -s KILL "$(of $uuid peer.pid)"
check "a killed QEMU leaves nothing" wait_for 20 is connected false
check "and is told of" wait_for 20 is domain.phase stopped
kill -s STOP "$(cat "$T/hostd.pid")"
check "a domain starts while the agent is stopped" virtd create "$T/domain.xml"
kill -s CONT "$(cat "$T/hostd.pid")"
check "and is served behind that" wait_for 20 is connected true
check "and counted" wait_for 20 is domain.generation 3
check "it is destroyed" virtd destroy "$vm"
check "which is told of" wait_for 20 is domain.phase stopped

# -- whatever happens, a domain starts
printf '[domain tortured]\nuuid=%s\n' $other >>"$T/hostd.conf"
kill -s HUP "$(cat "$T/hostd.pid")"
check "another domain is configured" wait_for 10 test -S \
	"$(hostd_socket $other)"
domain_idle "$tortured" $other >"$T/tortured.xml"
hook=$T/etc/libvirt/hooks/qemu.d/50-onerng
plain_ms=

# torture CIRCUMSTANCE [down]: a start and an end under it; the agent, unless it
# is down, has the domain's QEMU.
torture() {
	began=$(date +%s%N)
	check "$1: the domain starts all the same" \
		virtd create "$T/tortured.xml"
	took=$((($(date +%s%N) - began) / 1000000))
	: "${plain_ms:=$took}"
	echo "$1: the start took $took ms, $((took - plain_ms)) ms more than" \
		"with an agent that answers"
	[ "${2:-}" = down ] ||
		check "$1: its QEMU is served" wait_for 20 other_is connected true
	check "$1: it ends" virtd destroy "$tortured"
}

# agent_dies: killed, and not started again; its sockets are left.
agent_dies() {
	hostd_hold
	hostd_end KILL
	check "the agent is killed, its socket is left" \
		test -S "$T/run/hook.sock"
}

# agent_returns: and all is as before.
agent_returns() {
	hostd_release
	hostd_up
	check "the agent serves again, $1" wait_for 60 hostd_state serving
	check "a domain starts behind that" virtd create "$T/tortured.xml"
	check "and is served" wait_for 20 other_is connected true
	check "and told of" wait_for 20 other_is domain.phase running
	virtd destroy "$tortured"
	wait_for 20 other_is connected false
}

torture "an agent that answers"

agent_dies
torture "a killed agent" down
agent_returns "killed before"

# Not a byte, not a file more.
i=0
while true >"$T/run/full.$i"; do
	i=$((i + 1))
done 2>/dev/null
head -c 2097152 /dev/zero 2>/dev/null >"$T/run/full.0"
refuse "the agent's folder takes no byte" 1 \
	sh -c "echo more >>'$T/run/full.1'"
refuse "and no file" 1 touch "$T/run/one-more"
torture "a full folder"
check "a domain that has no socket there starts all the same" \
	virtd create "$T/domain.xml"
virtd destroy "$vm"
rm -f "$T"/run/full.*
agent_returns "with room again"
check "that domain starts again" virtd create "$T/domain.xml"
check "and is served" wait_for 20 is connected true
virtd destroy "$vm"

agent_dies
rm "$T/run/hook.sock"
start mute python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
peers = []
while True:
    peers.append(s.accept())
    print("accepted", flush=True)' "$T/run/hook.sock"
wait_for 10 test -S "$T/run/hook.sock"
torture "a listener that never answers" down
check "which was asked" test "$(grep -c accepted "$T/mute.log")" -ge 3
stop mute 5 KILL
agent_returns "after a stranger at its socket"

cp "$hook" "$T/hook"
head -c 65536 /dev/urandom >"$T/garbage"
chmod 644 "$T/garbage"
{
	sed '$d' "$T/hook"
	echo "echo fed >>'$T/fed'"
	sed -n "\$s|\$| <'$T/garbage'|p" "$T/hook"
} >"$hook"
torture "garbage for a hook"
check "which was run" test "$(grep -c fed "$T/fed")" -ge 3
cat "$T/hook" >"$hook"

domain_idle "$tortured" $other "<x:x xmlns:x='urn:x'>$(head -c 3145728 /dev/zero |
	tr '\0' m)</x:x>" >"$T/tortured.xml"
torture "3 MB of metadata"
check "3 MB of metadata: the agent was told" \
	wait_for 20 other_is domain.phase stopped
libvirtd_stop
hostd_stop

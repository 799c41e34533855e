#!/bin/sh
# a real libvirtd runs the hook: create, save, restore, kill, a stopped agent
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/libvirtd.sh"

libvirtd_need
uuid=11111111-1111-1111-1111-111111111111

# is KEY VALUE: what the status says of the domain.
is() {
	[ "$(hostd_ctl domain list --json | json "consumers.0.$1")" = "$2" ]
}

cat >"$T/domain.xml" <<END
<domain type='qemu'><name>my-vm</name><uuid>$uuid</uuid>
<memory unit='MiB'>64</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>
<controller type='usb' model='none'/><memballoon model='none'/>
<rng model='virtio'><backend model='egd' type='unix'>
<source mode='connect' path='$(hostd_socket $uuid)'>
<reconnect enabled='yes' timeout='1'/></source></backend></rng>
</devices></domain>
END

hostd_conf
hostd_start --devices 1 || exit 1
wait_for 60 hostd_state serving
libvirtd_start || {
	tail -n 3 "$T/libvirtd.log"
	skip_all "libvirtd does not run here"
}

check "a domain that nobody registered starts" virtd create "$T/domain.xml"
check "its QEMU is connected to its own socket" wait_for 20 is connected true
check "as a start" wait_for 10 is domain.origin start
check "its first" is domain.generation 1
check "it is no foreigner" is domain.foreign 0
check "it is saved" virtd save my-vm "$T/saved"
check "the agent knows" wait_for 10 is domain.phase stopped
virtd save-image-dumpxml "$T/saved" | sed "s|$T/run/kvm|/run/x/kvm|" >"$T/new.xml"
check "its image comes from another host" \
	virtd save-image-define "$T/saved" "$T/new.xml"
check "it is restored" virtd restore "$T/saved"
check "as that" wait_for 10 is domain.origin restore
check "and counted" is domain.generation 2
check "on this host's socket" wait_for 20 is connected true
kill -s KILL "$(hostd_ctl domain list --json | json consumers.0.peer.pid)"
check "a killed QEMU leaves nothing" wait_for 20 is connected false
check "and is told of" wait_for 20 is domain.phase stopped
kill -s STOP "$(cat "$T/hostd.pid")"
check "a domain starts while the agent is stopped" virtd create "$T/domain.xml"
kill -s CONT "$(cat "$T/hostd.pid")"
check "and is served behind that" wait_for 20 is connected true
check "and counted" wait_for 20 is domain.generation 3
check "it is destroyed" virtd destroy my-vm
check "which is told of" wait_for 20 is domain.phase stopped
libvirtd_stop
hostd_stop

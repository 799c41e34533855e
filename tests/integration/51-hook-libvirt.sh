#!/bin/sh
# a real libvirtd runs the hook: create, save, restore, kill, a stopped agent
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

need libvirtd virsh unshare qemu-system-x86_64
[ "$(id -u)" -eq 0 ] || skip_all "not root"
[ -d /etc/libvirt ] || skip_all "no /etc/libvirt"
uuid=11111111-1111-1111-1111-111111111111
export ONERNG_RUN_DIR="$T/run"

# libvirtd in a mount namespace of its own: nothing of the machine's is touched.
cat >"$T/libvirtd.sh" <<'END'
#!/bin/sh
# libvirtd.sh FOLDER HOOK
set -eu
mount --make-rprivate /
mkdir -p "$1/etc"
cp -a /etc/libvirt /etc/passwd /etc/group "$1/etc/"
grep -q '^libvirt-qemu:' "$1/etc/passwd" || {
	echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >>"$1/etc/passwd"
	echo 'libvirt-qemu:x:64055:' >>"$1/etc/group"
}
for file in libvirt passwd group; do
	mount --bind "$1/etc/$file" "/etc/$file"
done
mount -t tmpfs none /var
mount -t tmpfs none /run
mkdir -p /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /run/libvirt
rm -rf /etc/libvirt/hooks /etc/libvirt/qemu/autostart
mkdir -p /etc/libvirt/hooks/qemu.d
printf '#!/bin/sh\nexport ONERNG_RUN_DIR=%s\nexec %s "$@"\n' "$1/run" "$2" \
	>/etc/libvirt/hooks/qemu.d/50-onerng
chmod 755 /etc/libvirt/hooks/qemu.d/50-onerng
printf 'stdio_handler="file"\nuser="root"\ngroup="root"\n' \
	>>/etc/libvirt/qemu.conf
printf '%s\n' "unix_sock_dir=\"$1\"" 'auth_unix_rw="none"' \
	'host_uuid="6f6e6572-6e67-4000-8000-0000000000aa"' \
	'log_outputs="3:stderr"' >"$1/libvirtd.conf"
exec libvirtd --config "$1/libvirtd.conf"
END

v() {
	timeout 60 virsh -c "qemu+unix:///system?socket=$T/libvirt-sock" "$@"
}

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

chmod 755 "$T"
hostd_conf
hostd_start --devices 1 || exit 1
wait_for 60 hostd_state serving
start libvirtd unshare -m sh "$T/libvirtd.sh" "$T" "$B/onerng-qemu-hook"
wait_for 60 v version || {
	tail -n 3 "$T/libvirtd.log"
	skip_all "libvirtd does not run here"
}

check "a domain that nobody registered starts" v create "$T/domain.xml"
check "its QEMU is connected to its own socket" wait_for 20 is connected true
check "as a start" wait_for 10 is domain.origin start
check "its first" is domain.generation 1
check "it is no foreigner" is domain.foreign 0
check "it is saved" v save my-vm "$T/saved"
check "the agent knows" wait_for 10 is domain.phase stopped
v save-image-dumpxml "$T/saved" | sed "s|$T/run/kvm|/run/x/kvm|" >"$T/new.xml"
check "its image comes from another host" \
	v save-image-define "$T/saved" "$T/new.xml"
check "it is restored" v restore "$T/saved"
check "as that" wait_for 10 is domain.origin restore
check "and counted" is domain.generation 2
check "on this host's socket" wait_for 20 is connected true
kill -s KILL "$(hostd_ctl domain list --json | json consumers.0.peer.pid)"
check "a killed QEMU leaves nothing" wait_for 20 is connected false
check "and is told of" wait_for 20 is domain.phase stopped
kill -s STOP "$(cat "$T/hostd.pid")"
check "a domain starts while the agent is stopped" v create "$T/domain.xml"
kill -s CONT "$(cat "$T/hostd.pid")"
check "and is served behind that" wait_for 20 is connected true
check "and counted" wait_for 20 is domain.generation 3
check "it is destroyed" v destroy my-vm
check "which is told of" wait_for 20 is domain.phase stopped
stop libvirtd 10
hostd_stop

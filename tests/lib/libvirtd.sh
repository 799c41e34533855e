# shellcheck shell=sh
# A host's libvirtd as root, with libvirt's hook, after test.sh: in a mount
# namespace of its own, where nothing of the machine's is touched, and in a PID
# namespace, so that no QEMU outlives it.  All of it is in $T; hooks and QEMUs
# find the host agent in $T/run.  It can be restarted while its QEMUs go on.
#
# QEMU runs as Debian's libvirt-qemu where that is installed, else as nobody of
# the group kvm; a host agent's sockets are of its group.  With /dev/kvm there
# and not for its QEMU, libvirt 9.0 asks QEMU what it can do at each start, which
# takes half a minute.
#
# With more than one host, "at HOST COMMAND..." runs what is here, and in
# hostd.sh, with $T/HOST in the place of $T.

libvirtd_user=nobody libvirtd_group=kvm
if getent passwd libvirt-qemu >/dev/null &&
	getent group libvirt-qemu >/dev/null; then
	libvirtd_user=libvirt-qemu libvirtd_group=libvirt-qemu
fi
# shellcheck disable=SC2034 # hostd.sh's
hostd_group=$libvirtd_group
# Two that run at once have names of their own: control groups know no other.
# shellcheck disable=SC2034 # of scripts
libvirtd_run=${T##*.}

at() {
	at_top=$T
	T=$T/$1
	mkdir -p "$T"
	shift
	"$@"
	at_status=$?
	T=$at_top
	return $at_status
}

libvirtd_need() {
	need libvirtd virsh unshare qemu-system-x86_64
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	[ -d /etc/libvirt ] || skip_all "no /etc/libvirt"
}

# $libvirtd_nice: how nice its QEMUs are; $libvirtd_number: of the host, two
# hexadecimal digits, where there are several.
libvirtd_start() {
	chmod 755 "${T%/?}" "$T"
	cat >"$T/libvirtd.sh" <<'END'
#!/bin/sh
# libvirtd.sh FOLDER HOOK NUMBER USER GROUP
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
# Two hosts have the same files here; whose they were, neither may write down.
printf 'stdio_handler="file"\nremember_owner=0\nuser="%s"\ngroup="%s"\n' \
	"$4" "$5" >>/etc/libvirt/qemu.conf
printf '%s\n' "unix_sock_dir=\"$1\"" 'auth_unix_rw="none"' \
	"host_uuid=\"6f6e6572-6e67-4000-8000-0000000000$3\"" \
	'log_outputs="3:stderr"' >"$1/libvirtd.conf"
# One that ends is followed by another, as a service would be.
while :; do
	libvirtd --config "$1/libvirtd.conf" || :
	sleep 0.2
done
END
	start libvirtd nice -n "${libvirtd_nice:-0}" \
		unshare --mount --pid --fork --kill-child --mount-proc \
		sh "$T/libvirtd.sh" "$T" "$B/onerng-qemu-hook" \
		"${libvirtd_number:-aa}" "$libvirtd_user" "$libvirtd_group"
	wait_for 60 virtd version
}

virtd_uri() {
	echo "qemu+unix:///system?socket=$T/libvirt-sock"
}

virtd() {
	timeout 400 virsh -q -c "$(virtd_uri)" "$@"
}

# The daemon's process id, as the machine sees it.
libvirtd_pid() {
	pgrep -P "$(pgrep -P "$(pid_of libvirtd)")" -x libvirtd
}

# libvirtd_restart: its QEMUs go on.
libvirtd_restart() {
	libvirtd_old=$(libvirtd_pid)
	kill -s TERM "$libvirtd_old"
	wait_for 30 gone "$libvirtd_old"
	wait_for 60 virtd version
}

# libvirtd_stop: with all that is in its namespaces; domains first, for they
# have control groups.  Not a failure.
libvirtd_stop() {
	for libvirtd_domain in $(virtd list --name); do
		virtd destroy "$libvirtd_domain"
	done
	stop libvirtd 5 KILL
	return 0
}

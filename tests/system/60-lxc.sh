#!/bin/sh
# A host with systemd, LXC and a OneRNG: what `make install` installs gives
# containers their device, under the sandboxes of the units as they are shipped,
# with Debian's kernel; the path unit and udev bring running ones up to date,
# also with the OneRNG itself
# timeout: 1800
# cpu: heavy
# shellcheck disable=SC2016 # what the guest's shell expands
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
. tests/lib/hostsystemd.sh
need qemu-system-x86_64 busybox cpio modprobe lxc-start
kernel_need standard
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0060
VM_APPEND="$VM_APPEND apparmor=0"

install_all() {
	# where onerngctl was built to find the hook
	host_install LIBDIR=/usr/local/lib/onerng install &&
		printf '[%s]\n%s\n' agent sandbox=kill source firmware=off \
			>>"$T/root/etc/onerng/hostd.conf"
}

# A container as the guest's shell makes it: NAME, its root's id on the host.
cat >"$T/make-container" <<'END'
#!/bin/sh
dir=/var/lib/lxc/$1
root=$dir/rootfs
mkdir -p $root/bin $root/dev $root/proc $root/sys $root/tmp
cp /bin/busybox $root/bin/busybox
cp PROBE $root/bin/devprobe
cat >$root/vendor <<INNER
exec 3<>/dev/ttyACM0
/bin/busybox stty raw -echo <&3
echo cmd0 >&3
echo cmdO >&3
/bin/busybox timeout 20 /bin/busybox head -c 1000 <&3 | /bin/busybox wc -c
INNER
cat >$root/hold <<INNER
trap '' HUP
exec 3<>/dev/ttyACM0
exec /bin/busybox sleep 1000
INNER
cat >$dir/config <<INNER
lxc.include = /usr/share/lxc/config/common.conf
lxc.rootfs.path = dir:$root
lxc.uts.name = $1
lxc.net.0.type = empty
lxc.autodev = 1
lxc.tty.max = 0
lxc.mount.auto = proc:mixed sys:ro
lxc.init.cmd = /bin/busybox sleep 100000
INNER
[ "$2" = 0 ] || printf 'lxc.idmap = u 0 %s 65536\nlxc.idmap = g 0 %s 65536\n' \
	$2 $2 >>$dir/config
chown -R $2:$2 $root
END
sed -i "s|PROBE|$B/tests/integration/devprobe|" "$T/make-container"
chmod +x "$T/make-container"

# probe NAME WORD...: what devprobe says in the container.
probe() {
	probe_name=$1
	shift
	# there is a terminal between
	on_host "lxc-attach -n $probe_name -- /bin/devprobe $*" | tr -d '\r'
}

why() {
	on_host "systemctl status --no-pager -n 15 $1; \
		grep -E ' (ERROR|WARN) ' /tmp/lxc.log | head -n 8"
}

serving() {
	wait_for 150 host_state serving
}

check everything_is_installed install_all || exit 1
host_systemd $uuid \
	"$T/make-container:overlay/usr/local/sbin/make-container" || exit 1
check host_agent_starts vm_run host 60 'systemctl start onerng-hostd' ||
	why onerng-hostd
check host_agent_serves serving || why onerng-hostd
check the_path_is_watched on_host 'systemctl start onerng-container-refresh.path'
check there_is_room on_host 'mkdir -p /var/lib/lxc &&
	mount -t tmpfs none /var/lib/lxc && chmod 755 /var/lib/lxc &&
	for file in /etc/subuid /etc/subgid; do
		echo root:100000:65536 >$file; done'

for id in 0 100000; do
	name=c$id
	check ${name}_is_made on_host "make-container $name $id"
	check ${name}_is_attached on_host \
		"onerngctl container attach $name --socket"
	check ${name}_starts vm_run host 60 \
		"lxc-start -n $name -l DEBUG -o /tmp/lxc.log" || {
		why onerng-hostd
		exit 1
	}
	equal ${name}_reads 500 "$(probe $name ask /dev/onerng 500)"
	equal ${name}_has_its_socket ok \
		"$(probe $name listen /dev/onerng.d/egd.sock)"
	equal ${name}_owns_it "0660 0 20" \
		"$(probe $name look /dev/onerng | cut -d' ' -f3-)"
	check the_agent_knows_of_$name vm_wait host 20 \
		'onerngctl status --json | grep -q "\"pid\": $(lxc-info -n '$name' -p -H)\b"'
done

# New ptys: the path unit runs, in its sandbox.
check agent_is_killed vm_run host 90 'systemctl stop onerng-hostd &&
	systemctl start onerng-hostd'
check it_serves_again serving || why onerng-hostd
for name in c0 c100000; do
	check ${name}_reads_again vm_wait host 30 "lxc-attach -n $name -- \
		/bin/devprobe ask /dev/onerng 500 | grep -w 500" ||
		why onerng-container-refresh
done
equal the_unit_did_it success "$(on_host \
	'systemctl show -p Result --value onerng-container-refresh')"
on_host 'journalctl -u onerng-container-refresh --no-pager | tail -n 12'

check c0_detaches on_host 'onerngctl container detach c0'
equal c0_has_none ENOENT "$(probe c0 look /dev/onerng)"
check containers_stop on_host 'lxc-stop -k -n c0; lxc-stop -k -n c100000'

# -- the OneRNG itself, passed through

# has_acm NAME [MINOR]: its node is there.
has_acm() {
	probe "$1" look /dev/ttyACM0 | grep -q "^chr 166:${2:-}"
}

has_no_acm() {
	[ "$(probe "$1" look /dev/ttyACM0)" = ENOENT ]
}

vendor_reads() {
	on_host "lxc-attach -n $1 -- /bin/busybox sh /vendor" | tr -d '\r '
}

why_not() {
	why onerng-container-refresh
	on_host 'journalctl -u onerng-hostd --no-pager -n 12 -o cat;
		grep . /run/onerng/lxc/*.facts; ls -l /dev/ttyACM*;
		grep 166 /etc/onerng/lxc/*/onerng.conf'
}

starts() {
	vm_run host 60 "lxc-start -n $1 -l DEBUG -o /tmp/lxc.log" ||
		on_host "tail -n 5 /tmp/lxc.log"
}

stops() {
	on_host "lxc-stop -k -n $1"
}

check bystander_starts starts c100000
check c0_gets_the_onerng on_host \
	'onerngctl container attach c0 --device passthrough --name ttyACM0'
check not_before_it_starts host_state serving
check c0_starts_with_it starts c0
check its_node_is_there wait_for 60 has_acm c0 || why_not
equal it_reads_as_the_vendors_script_does 1000 "$(vendor_reads c0)"
check nobody_else_has_it host_state no-device
equal the_bystander_holds 0 "$(probe c100000 ask /dev/onerng 500)"
check kernel_policy on_host \
	'onerngctl container attach c100000 --socket --when-absent kernel'
equal it_has_the_kernels_bytes 500 "$(probe c100000 ask /dev/onerng 500)"
check c0_stops stops c0
check the_agent_has_it_back serving || why_not

# Who has the old terminal open keeps its number from the next one.
check c0_starts_again starts c0
check it_is_there_again wait_for 60 has_acm c0 0 || why_not
check it_is_held_open on_host 'lxc-attach -n c0 -- /bin/busybox sh /hold
	>/dev/null 2>&1 </dev/null & sleep 3'
check it_is_unplugged host_sim unplug
check its_node_goes wait_for 60 has_no_acm c0 || why_not
check it_is_plugged_in host_sim plug
check its_node_is_the_new_one wait_for 60 has_acm c0 1 || why_not
equal which_reads 1000 "$(vendor_reads c0)"
check nobody_else_takes_it host_state no-device
check the_agent_restarts vm_run host 90 'systemctl restart onerng-hostd'
equal it_reads_on 1000 "$(vendor_reads c0)"
check nobody_takes_it_then host_state no-device

# In a container that runs: taken away, given again.
check c0_detaches_again on_host 'onerngctl container detach c0'
check the_agent_takes_it_back serving || why_not
equal no_node_is_left ENOENT "$(probe c0 look /dev/ttyACM0)"
check nor_facts on_host '! test -e /run/onerng/lxc/c0.facts'
for name in c0 c100000; do
	# once more where a busy machine did not keep the time it has
	check ${name}_gets_it_as_it_runs vm_wait host 90 "onerngctl container \
		attach $name --device passthrough --name ttyACM0" || why_not
	check ${name}_has_its_node has_acm $name || why_not
	equal ${name}_reads_at_once 1000 "$(vendor_reads $name)"
	check ${name}_has_it_alone host_state no-device
	check ${name}_gives_it_back on_host "onerngctl container detach $name"
	check the_agent_serves_behind_$name serving || why_not
done

# Stopped while no agent knows: found by its next one.
check it_is_given_again on_host 'onerngctl container attach c0
	--device passthrough --name ttyACM0'
check and_is_let_go host_state no-device
check the_agent_is_stopped vm_run host 90 'systemctl stop onerng-hostd'
check c0_stops_meanwhile stops c0
check the_agent_is_back vm_run host 90 'systemctl start onerng-hostd'
check and_serves serving || why_not
check all_stop stops c100000

#!/bin/sh
# A host in a QEMU guest, made to leave what it leaves nowhere else: a core of
# the agent and of its reader, and their pages in a swap device.  Neither holds
# a raw sample, a served byte, be it of class raw or drbg, or what secmem held;
# both hold the name of a domain, which lies in ordinary memory.  What libcrypto
# keeps of a DRBG lies there, too (SECURITY.md): it is in neither of these sets.
# timeout: 1200
# shellcheck disable=SC2016 # what the guest's shell expands
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/host.sh
need qemu-system-x86_64 busybox cpio modprobe readelf
kernel_need standard
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0044
drbg=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0046
look=$B/tests/integration/memlook
VM_BOOT_TIMEOUT=150
canary=canary-$(od -A n -N 8 -t x1 /dev/urandom | tr -d ' \n')
head -c 4000000 /dev/urandom >"$T/noise"
# Without filters: a filtered process may not even be made to leave a core.
printf '[%s]\nidle_pause=0\npool=8192\nsandbox=off\n[domain %s]\nuuid=%s\n' \
	agent "$canary" \
	d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0045 >"$T/canary.conf"
printf '[domain drbg]\nuuid=%s\nclass=drbg\n' $drbg >>"$T/canary.conf"
truncate -s 64M "$T/swap.img"
truncate -s 256M "$T/out.img"

# agent: in a control group of its own, free to leave a core if it can.
agent() {
	on_host "ulimit -c unlimited; export CANARY=$canary; $(:
		)"'sh -c "echo \$\$ >/sys/fs/cgroup/agent/cgroup.procs;
			exec hostd" & echo $! >/tmp/hostd.pid' || return
	wait_for 120 host_state serving &&
		wait_for 120 pool_full && return
	on_host 'tail -n 20 /tmp/hostd.log'
	return 1
}

pool_full() {
	host_status pool >"$T/pool" &&
		[ "$(json bytes <"$T/pool")" = "$(json capacity <"$T/pool")" ]
}

# use: two domains read, and more remains in the pool.
use() {
	on_host "$B/tests/integration/egdpeer read \
		/run/onerng/kvm/$uuid.sock 200 64 /tmp/served" &&
		on_host "$B/tests/integration/egdpeer read \
			/run/onerng/kvm/$drbg.sock 200 64 /tmp/expanded" &&
		wait_for 120 pool_full
}

# core_of NAME PID: makes the process able to leave a core, and does so.  It has
# to be found in a system call, which a busy one is not at once.
core_of() {
	on_host "rm -f /tmp/core.*;
		for i in \$(seq 40); do
			$look dumpable $2 && break; sleep 0.1;
		done;
		prlimit --core=unlimited:unlimited --pid $2 &&
		echo 0x7f >/proc/$2/coredump_filter && kill -STOP $2 &&
		$look snapshot $2 /tmp/$1.secmem && kill -ABRT $2 &&
		kill -CONT $2" || return
	vm_wait host 30 "! kill -0 $2" &&
		on_host "mv /tmp/core.* /tmp/$1.core"
}

# memory_of CORE: its memory, without the notes before that.  They hold vector
# registers, in which a memcpy(3) leaves the last 16 or 32 bytes it moved.
memory_of() {
	tail -c "+$(($(readelf -lW "$T/$1.core" |
		awk '$1 == "LOAD" { print $2; exit }') + 1))" "$T/$1.core" \
		>"$T/$1.memory"
}

# clean NAME FILE: the canary is in it; no secret is, but for what the frame of
# a signal on the stack has of those registers: 17 places for each of 8.
clean() {
	check "$1_holds_ordinary_memory" grep -qaF "$canary" "$T/$2"
	check "$1_holds_no_secret" "$look" scan "$T/$2" 136 "$T/noise" \
		"$T/served" "$T/expanded" "$T/reader.secmem" \
		"$T/agent.secmem" "$T/swapped.secmem"
}

check host_image_is_made host_image $uuid virtio_blk \
	"$T/canary.conf:overlay/etc/hostd.conf.d/canary.conf" || exit 1
check simulator_listens host_device || exit 1
check noise_is_known host_sim noise "file=$T/noise"
check host_boots vm_boot host standard "$T/host.gz" cpu=max mem=1024 root \
	usb="$T/usb.sock" -drive "file=$T/swap.img,if=virtio,format=raw" \
	-drive "file=$T/out.img,if=virtio,format=raw" || exit 1
check host_is_prepared on_host '
	echo /tmp/core.%p >/proc/sys/kernel/core_pattern &&
	mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
	mkdir /sys/fs/cgroup/agent && mkswap /dev/vda && swapon /dev/vda' ||
	exit 1

check agent_serves agent || exit 1
check a_program_can_leave_a_core on_host 'ulimit -c unlimited;
	sh -c "kill -ABRT \$\$"; ls /tmp/core.* && rm /tmp/core.*'
equal agent_has_no_core_limit_to_spend "0 0" "$(on_host '
	awk "/Max core/ { print \$5, \$6 }" /proc/$(cat /tmp/hostd.pid)/limits')"
check agent_is_aborted on_host 'kill -ABRT $(cat /tmp/hostd.pid)'
check agent_is_gone vm_wait host 20 '! kill -0 $(cat /tmp/hostd.pid)'
equal agent_leaves_no_core none "$(on_host 'ls /tmp/core.* 2>/dev/null ||
	echo none')"

# Now in spite of what it does against it.
check agent_serves_again agent || exit 1
check domain_is_served use
reader=$(on_host 'pgrep -f "[r]ole reader"')
check reader_leaves_a_core core_of reader "$reader"
check agent_holds_blocks wait_for 120 pool_full
check agent_leaves_a_core core_of agent "$(on_host 'cat /tmp/hostd.pid')"

check agent_serves_once_more agent || exit 1
check domain_is_served_again use
check agent_is_swapped_out on_host 'pid=$(cat /tmp/hostd.pid);
	reader=$(pgrep -f "[r]ole reader") && kill -STOP $pid $reader &&
	for i in 1 2 3; do
		echo 64M >/sys/fs/cgroup/agent/memory.reclaim;
	done;
	grep VmSwap /proc/$pid/status /proc/$reader/status; sync;
	test $(awk "/VmSwap/ { print \$2 }" /proc/$pid/status) -ge 100'
check secmem_is_copied on_host "$look snapshot \
	\$(cat /tmp/hostd.pid) /tmp/swapped.secmem"
check results_are_taken_out on_host 'cd /tmp &&
	tar -cf /dev/vdb *.core *.secmem served expanded && sync'
vm_off host
check results_are_there tar -C "$T" -xf "$T/out.img"
ls -l "$T"/*.core "$T"/*.secmem "$T/served" "$T/expanded"

refuse blocks_of_the_pool_would_be_seen 1 "$look" scan "$T/agent.secmem" 136 \
	"$T/agent.secmem"
for file in agent.core reader.core swap.img; do
	check "no_served_byte_is_in_$file" "$look" scan "$T/$file" 0 \
		"$T/served" "$T/expanded"
done
check memory_in_cores_is_found memory_of agent && memory_of reader
clean core_of_the_agent agent.memory
clean core_of_the_reader reader.memory
clean swap swap.img

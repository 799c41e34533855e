#!/bin/sh
# Two guests of a real libvirtd read /dev/hwrng without pause while one of them
# is saved, restored, migrated to another host and killed, the other destroyed,
# and libvirtd and the host agent restarted under them; a third has its device
# attached while it runs: no read stalls, nothing comes twice, and the agent's
# record is right behind each step.
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
. tests/lib/domain.sh
. tests/lib/libvirtd.sh
need busybox cpio modprobe
libvirtd_need
kernel_need cloud

wild=$B/tests/integration/egdwild
red=5d3a2c1e-0052-4b6f-8d70-0f1e2d3c4b01
blue=5d3a2c1e-0052-4b6f-8d70-0f1e2d3c4b02
green=5d3a2c1e-0052-4b6f-8d70-0f1e2d3c4b03

# What each guest tells goes into files that are only ever added to, whichever
# QEMU runs it: NAME.bytes, what it read; NAME.slow, a line for each slow read;
# NAME.self, a line for each time that the guest itself did not run for 100 ms.
# Times are the guest's, whose clocks stand still while an operation holds it.
cat >"$T/rc" <<'END'
# shellcheck shell=sh
# Ports come one by one.
until [ -c /dev/vport*p1 ] && [ -c /dev/vport*p2 ] && [ -c /dev/vport*p3 ]; do
	sleep 0.1
done
hwrngread /dev/zero /dev/null /dev/vport*p3 10 &
while :; do
	hwrngread /dev/hwrng /dev/vport*p1 /dev/vport*p2 10
	sleep 0.1
done
END

channel() {
	cat <<END
    <channel type='file'>
      <source path='$T/$1' append='on'/>
      <target type='virtio' name='$1'/>
    </channel>
END
}

# vm GUEST: the domain's name.
vm() {
	echo "life-$libvirtd_run-$1"
}

# domain NAME UUID: its XML, as of host a.
domain() {
	{
		domain_console "$T/$1.console" "append='on'"
		channel "$1.bytes"
		channel "$1.slow"
		channel "$1.self"
		domain_rng "$T/a/run/kvm/$2.sock"
	} | domain_guest "$(vm "$1")" "$2" 112 "" "<acpi/>"
}

without_device() {
	domain "$@" | sed '/<rng /,/<\/rng>/d'
}

# attach DOMAIN WORD...: at the host at hand.
attach() {
	timeout 60 "$B/onerngctl" -s "$T/run/control.sock" domain attach \
		--connect "$(virtd_uri)" --drop-ins "$T/hostd.conf.d" "$@"
}

# is HOST UUID PATH WANTED
is() {
	at "$1" of_is "$2" "$3" "$4"
}

# record NAME HOST UUID GENERATION CONNECTIONS ORIGIN: of a domain that runs.
record() {
	check "$1: it is connected" wait_for 20 is "$2" "$3" connected true
	equal "$1: phase, generation, connections, origin, foreigners" \
		"running $4 $5 $6 0" "$(for key in domain.phase \
			domain.generation connections domain.origin \
			domain.foreign; do
			at "$2" of "$3" $key
		done | tr '\n' ' ' | sed 's/ $//')"
}

# gone_from NAME HOST UUID: of one that does not.
gone_from() {
	check "$1: it is told of" wait_for 20 is "$2" "$3" domain.phase stopped
	check "$1: and disconnected" wait_for 20 is "$2" "$3" connected false
}

size() {
	stat -c %s "$T/$1.bytes" 2>/dev/null || echo 0
}

reads_beyond() {
	[ "$(size "$1")" -gt "$2" ]
}

# longest FILE: in what was written to it since the step began.
longest() {
	tail -n "+$(($(cat "$T/$1.before") + 1))" "$T/$1" |
		awk '$2 > most { most = $2 } END { print most + 0 }'
}

# begin GUEST...: a step begins, with these reading.
begin() {
	reading=$*
	for guest; do
		wc -l <"$T/$guest.slow" >"$T/$guest.slow.before"
		wc -l <"$T/$guest.self" >"$T/$guest.self.before"
	done
}

# reads_on NAME [MS]: the guests read, some time behind the step, and none had
# a read that took longer than 2 s, what the step itself may take of it ($2),
# and for how long the guest itself did not run, this machine being busy.
reads_on() {
	for guest in $reading; do
		check "$1: $guest reads on" wait_for 60 reads_beyond "$guest" \
			$(($(size "$guest") + 8192)) || tail -n 3 "$T/$guest.console"
		reads=$(longest "$guest.slow")
		self=$(longest "$guest.self")
		echo "$1: $guest: longest read $reads ms; it did not run for" \
			"$self ms; the step allows ${2:-0} ms"
		check "$1: $guest does not stall" test "$reads" -le \
			$((2000 + ${2:-0} + self))
	done
}

# accounts NAME GUEST BASE DELIVERED...: what the guest read since its file had
# the size BASE is what agents delivered to it, but for what was under way and
# what its kernel took for itself.
accounts() {
	accounts_name=$1
	accounts_read=$(($(size "$2") - $3))
	shift 3
	accounts_given=0
	for number; do
		accounts_given=$((accounts_given + number))
	done
	echo "$accounts_name: delivered $accounts_given, read $accounts_read"
	check "$accounts_name: what was delivered was read" test \
		$((accounts_given - accounts_read)) -ge -512 -a \
		$((accounts_given - accounts_read)) -le 2048
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# boots NAME UUID HOST
boots() {
	domain "$1" "$2" | sed "s|$T/a/run|$T/$3/run|" >"$T/$1.xml"
	boot_from=$(size "$1")
	: >"$T/$1.slow"
	: >"$T/$1.self"
	check "$1 is created" at "$3" virtd create "$T/$1.xml" || exit 1
	check "$1 reads" wait_for "$VM_BOOT_TIMEOUT" reads_beyond "$1" \
		$((boot_from + 4096)) || {
		tail -n 5 "$T/$1.console"
		exit 1
	}
	check "$1 tells how long its reads take" test -s "$T/$1.slow"
}

vm_initramfs "$T/guest.gz" cloud "virtio_pci virtio_rng virtio_console" \
	"$B/tests/system/hwrngread:bin/hwrngread" "$T/rc:rc"
cp "$KERNEL_DIR/cloud/vmlinux" "$T/vmlinux"
# QEMU listens there.
mkdir "$T/m"
chown "$libvirtd_user" "$T/m"
for guest in red blue green; do
	for what in bytes slow self; do
		: >"$T/$guest.$what"
	done
done

for host in a b; do
	at $host hostd_conf
	case $host in
	a) seed=1 libvirtd_number=0a ;;
	b) seed=2 libvirtd_number=0b ;;
	esac
	check "host $host: agent starts" at $host hostd_start --seed "$seed" ||
		exit 1
	check "host $host: libvirtd starts" at $host libvirtd_start || {
		tail -n 3 "$T/$host/libvirtd.log"
		exit 1
	}
	check "host $host: agent serves" wait_for 60 at $host \
		hostd_state serving || exit 1
done

boots red $red a
boots blue $blue a
record start a $red 1 1 start

without_device green $green >"$T/green.xml"
check green_is_created_without_a_device at a virtd create "$T/green.xml"
check green_runs wait_for "$VM_BOOT_TIMEOUT" test -s "$T/green.self" ||
	tail -n 5 "$T/green.console"
check a_device_is_attached_to_green at a attach "$(vm green)" --live ||
	cat "$T/.check"
check green_reads_it wait_for 60 reads_beyond green 4096 ||
	tail -n 5 "$T/green.console"
check attach_it_is_connected is a $green connected true
equal attach_its_qemu_is_taken_for_its_own 0 \
	"$(at a of $green domain.foreign)"
check green_is_destroyed at a virtd destroy "$(vm green)"
check attach_it_is_disconnected wait_for 20 is a $green connected false
accounts attach green 0 "$(at a of $green delivered)"

begin red blue
check red_is_saved at a virtd save "$(vm red)" "$T/saved"
gone_from save a $red
had=$(size red)
sleep 1
equal "save: nothing is read meanwhile" "$had" "$(size red)"
accounts save red 0 "$(at a of $red delivered)"
check red_is_restored at a virtd restore "$T/saved"
reads_on restore
record restore a $red 2 2 restore

begin red blue
kill -s USR2 "$(cat "$T/a/hostd.pid")"
reads_on agent_exec
record agent_exec a $red 2 2 restore

begin red blue
check libvirtd_restarts at a libvirtd_restart
reads_on libvirtd_restart
record libvirtd_restart a $red 2 2 restore

begin red blue
down=$(now_ms)
at a hostd_end TERM
base_red=$(size red) base_blue=$(size blue)
check agent_is_back wait_for 60 at a hostd_state serving
reads_on agent_restart $(($(now_ms) - down))
record agent_restart a $red 2 1 restore
record agent_restart a $blue 1 1 start

begin red blue
check red_migrates at a virtd migrate "$(vm red)" "$(at b virtd_uri)" \
	--live --unsafe --migrateuri "unix://$T/m/migration"
gone_from migration a $red
reads_on migration
record migration b $red 1 1 migrate

begin blue
kill -s KILL "$(at b of $red peer.pid)"
gone_from kill b $red
accounts kill red "$base_red" "$(at a of $red delivered)" \
	"$(at b of $red delivered)"
reads_on kill
boots red $red b
record start_after_kill b $red 2 2 start

begin red
check blue_is_destroyed at a virtd destroy "$(vm blue)"
gone_from destroy a $blue
accounts destroy blue "$base_blue" "$(at a of $blue delivered)"
reads_on destroy
boots blue $blue a
record start_after_destroy a $blue 2 2 start

for guest in red blue green; do
	echo "$guest read $(size $guest) bytes"
done
check no_block_came_twice "$wild" unique "$T/red.bytes" "$T/blue.bytes" \
	"$T/green.bytes"
for host in a b; do
	at $host libvirtd_stop
	at $host hostd_stop
done

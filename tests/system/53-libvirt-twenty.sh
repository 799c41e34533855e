#!/bin/sh
# Twenty domains of a real libvirtd start at once while one that is there
# already takes all it can get: each has its first bytes within 100 ms of
# asking, and nobody's bytes are anybody else's.
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

count=20
least_mib=4096 # for all of them at once
available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
[ "$available" -ge $least_mib ] || {
	reason="$available MiB of memory are available, not $least_mib"
	[ -n "${CI:-}" ] || skip_all "$reason"
	not_ok memory "$reason"
	exit 1
}

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
greedy=5d3a2c1e-0053-4b6f-8d70-0f1e2d3c4bff

uuid() {
	printf '5d3a2c1e-0053-4b6f-8d70-0f1e2d3c4b%02d' "$1"
}

# As little of a system as reads its first bytes, and says how long that took by
# its own clock, and how late a process of its own was meanwhile.
cat >"$T/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs devtmpfs /dev
exec >/dev/ttyS0 2>&1
for module in /modules/*.ko; do
	$b insmod "$module"
done
: >/out >/took >/late
/bin/hwrngread /dev/zero /dev/null /late 20 &
late_pid=$!
/bin/hwrngread /dev/hwrng /out /took 10000 &
until [ -s /out ]; do
	$b usleep 50000
done
kill -9 $late_pid $!
$b head -c 64 /out | $b od -A n -v -t x1
while read -r when ms; do
	echo "took $ms"
	break
done </took
while read -r when ms word; do
	[ "$word" = late ] && late=$ms
done </late
echo "late ${late:-0}"
echo has read
exec $b sleep 10000
END
chmod +x "$T/init"

# Spares an emulated guest a third of its boot.
append="nokaslr mitigations=off cryptomgr.notests acpi=off \
tsc=reliable lpj=4000000 no_timer_check"

# domain NUMBER
domain() {
	{
		domain_console "$T/$1.console"
		domain_rng "$(hostd_socket "$(uuid "$1")")"
	} | domain_guest "guest-$libvirtd_run-$1" "$(uuid "$1")" 80 "$append" \
		"<tcg><tb-cache unit='MiB'>32</tb-cache></tcg>"
}

all_are_done() {
	[ "$(grep -l 'has read' "$T"/*.console | wc -l)" -eq $count ]
}

# said_by_guests KEY: what each guest said behind it, in order; nothing of one whose time
# was less than a millisecond.
said_by_guests() {
	cat "$T"/*.console | tr -d '\r' | sed -n "s/^$1 \([0-9]*\)$/\1/p" |
		sort -n | tr '\n' ' '
}

vm_initramfs "$T/guest.gz" cloud "virtio_pci virtio_rng" "$T/init:init" \
	"$B/tests/system/hwrngread:bin/hwrngread"
cp "$KERNEL_DIR/cloud/vmlinux" "$T/vmlinux"
hostd_conf greedy=$greedy
check host_agent_starts hostd_start || exit 1
check host_agent_serves wait_for 60 hostd_state serving || exit 1
# The guests compute, which is not what is measured.
libvirtd_nice=10
check libvirtd_starts libvirtd_start || {
	tail -n 3 "$T/libvirtd.log"
	exit 1
}
start greedy "$peer" gulp "$(hostd_socket $greedy)" "$T/greedy.bytes"
check somebody_takes_all_there_is wait_for 20 test -s "$T/greedy.bytes"

# A process as nice as the agent, to know how long this machine lets one wait.
start pulse "$B/tests/system/hwrngread" /dev/zero /dev/null "$T/pulse" 5
begun=$(date +%s)
n=0
while [ $n -lt $count ]; do
	domain $n >"$T/$n.xml"
	virtd create "$T/$n.xml" >"$T/$n.log" 2>&1 &
	echo $! >"$T/$n.create"
	n=$((n + 1))
done
created=0
for job in "$T"/*.create; do
	wait "$(cat "$job")" && created=$((created + 1))
done
equal "all_are_created" $count $created || cat "$T"/[0-9]*.log
echo "created after $(($(date +%s) - begun)) s"
check all_have_read_their_first_bytes wait_for 400 all_are_done || {
	grep -L 'has read' "$T"/*.console
	exit 1
}
echo "all have read after $(($(date +%s) - begun)) s"
stop pulse 5 KILL
stop greedy 5 KILL
hostd_ctl domain list --json >"$T/list"

# How long each waited for what it asked first, by the agent's own record: 0
# where the block ahead was there before it asked.
n=0
while [ $n -le $count ]; do
	case $(json "consumers.$n.name" <"$T/list") in
	guest-*) json "consumers.$n.latency_us.first" <"$T/list" ;;
	esac
	n=$((n + 1))
done | sort -n >"$T/waited"
equal each_was_timed $count "$(wc -l <"$T/waited")"
# Four processes in a row make a block: the device's and the agent's, their
# reader, and QEMU.  Each may have to wait for a processor.
late=$(awk 'NF == 3 && $2 > most { most = $2 } END { print most + 0 }' \
	"$T/pulse")
echo "first answers after $(tr '\n' ' ' <"$T/waited")us; a process waited for" \
	"$late ms at most"
check each_had_its_first_bytes_within_100_ms test \
	"$(tail -n 1 "$T/waited")" -le $((100000 + 4 * late * 1000))
# By the guests' own clocks, in which there is whatever they were kept waiting
# for a processor: told, and no measure of ours.
echo "by the guests' clocks: first read took $(said_by_guests took)ms;" \
	"a process of theirs was late by $(said_by_guests late)ms"
cat "$T"/*.console | tr -d '\r' | grep '^ [0-9a-f ]*$' | tr -d ' \n' |
	tr a-f A-F | basenc --base16 -d >"$T/first.bytes"
equal each_read_64_bytes $((64 * count)) "$(stat -c %s "$T/first.bytes")"
check no_block_came_twice "$wild" unique "$T/greedy.bytes" "$T/first.bytes"
libvirtd_stop
hostd_stop

#!/bin/sh
# What a guest sees of /dev/hwrng: throughput and latency through us (class
# drbg) beside rng-builtin, rng-random, an EGD server that answers when asked and
# one that never lets its socket run empty, which is what QEMU's rng-egd allows
# at the most: it writes a request and reads the answer on its next turn, where
# rng-builtin does neither.
#
# One guest has all five devices and reads them in turn, several times: a round
# compares what ran within seconds, and the median of the rounds counts.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
. tests/bench/bench.sh

need qemu-system-x86_64 busybox cpio modprobe
kernel_need standard
vm_accel
uuid=6f6e6572-6e67-4000-8000-000000000001
rounds=${BENCH_ROUNDS:-7}
seconds=3

# device NUMBER BACKEND: a virtio-rng of its own, in the order of its slot.
device() {
	echo "-object $2,id=rng$1 -device virtio-rng-pci,rng=rng$1,addr=$((8 + $1))"
}

# egd NUMBER SOCKET
egd() {
	echo "-chardev socket,id=chr$1,path=$2 $(device "$1" "rng-egd,chardev=chr$1")"
}

# measure NAME NUMBER: one line "BYTES/S P50_US" in $T/NAME.figures.
measure() {
	vm_run guest 60 "echo virtio_rng.$2 >/sys/class/misc/hw_random/rng_current &&
		hwrngtime $seconds" >"$T/figures" || {
		cat "$T/figures"
		return 1
	}
	awk '{ print $1 * 64 * 1e6 / $2, $3 / 1000 }' "$T/figures" \
		>>"$T/$1.figures"
}

round() {
	measure ours 0 && measure builtin 1 && measure random 2 &&
		measure plain 3 && measure full 4
}

# median NAME COLUMN
median() {
	sort -n -k "$2,$2" "$T/$1.figures" | awk -v column="$2" '{ all[NR] = $column }
		END { printf "%.3f", all[int((NR + 1) / 2)] }'
}

# ratio NAME COLUMN: of ours to that one's in the same round, the median of all.
# For a latency turned round, so that more is better in both.
ratio() {
	paste "$T/ours.figures" "$T/$1.figures" |
		awk -v column="$2" '{ print column == 1 ? $1 / $3 : $4 / $2 }' |
		sort -n | awk '{ all[NR] = $1 }
			END { printf "%.3f", all[int((NR + 1) / 2)] }'
}

hostd_conf bench=$uuid
printf '[consumers]\nclass=drbg\n' >>"$T/hostd.conf"
hostd_start --rate 57600 && wait_for 60 hostd_state serving
check "the host agent serves" hostd_state serving || exit 1
start plain "$B/tests/integration/egd_server" "$T/plain.sock" good
start full "$B/tests/integration/egd_server" "$T/full.sock" full
check "two EGD servers listen" wait_for 10 test -S "$T/plain.sock" -a \
	-S "$T/full.sock" || exit 1
vm_initramfs "$T/guest.gz" standard "virtio_pci virtio_rng" \
	"$B/tests/bench/hwrngtime:bin/hwrngtime"
# shellcheck disable=SC2046 # lists of words
check "a guest boots" vm_boot guest standard "$T/guest.gz" \
	$(egd 0 "$(hostd_socket $uuid)") $(device 1 rng-builtin) \
	$(device 2 rng-random,filename=/dev/urandom) \
	$(egd 3 "$T/plain.sock") $(egd 4 "$T/full.sock") || exit 1
for round in $(seq "$rounds"); do
	check "round $round is measured" round || exit 1
done
vm_off guest
hostd_stop

for name in ours builtin random plain full; do
	bench "hwrng-$name" "$(calc "$(median $name 1) / 1000")" \
		"kB/s in a guest ($VM_ACCEL)"
	bench "hwrng-$name-p50" "$(median $name 2)" "us for 64 bytes"
done
bench hwrng-ours-to-full "$(ratio full 1)" "of its throughput" ">= 0.95"
bench hwrng-ours-to-full-p50 "$(ratio full 2)" "of its speed at p50" ">= 0.95"
bench hwrng-ours-to-builtin "$(ratio builtin 1)" "of its throughput" ">= 0.95"
bench hwrng-ours-to-builtin-p50 "$(ratio builtin 2)" "of its speed at p50" \
	">= 0.95"

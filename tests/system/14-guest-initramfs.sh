#!/bin/sh
# Guests whose initramfs mkinitramfs and dracut made with what install-guest
# installs: virtio_rng and the guest agent seed the kernel before udev and
# before init; without a device, with one that is silent or sends zeros, the
# boot goes on all the same; and then --require tells these apart.
# timeout: 900
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/kernel.sh
. tests/lib/vm.sh
. tests/lib/hostd.sh
. tests/lib/initramfs.sh
need qemu-system-x86_64 busybox cpio modprobe mkinitramfs dracut lsinitramfs
[ "$(id -u)" -eq 0 ] || skip_all "mkinitramfs needs root's mount namespaces"
kernel_need standard
vm_accel

uuid=d2a1f7ae-5a3f-4a7e-8c3f-0b6e2f6d0014

# said GUEST WORDS: when the guest's kernel log had them first, in ms.
said() {
	vm_run "$1" 20 dmesg | grep -F "$2" | head -n 1 |
		sed -n 's/^\[ *\([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p'
}

# before GUEST WORDS WORDS
before() {
	first=$(said "$1" "$2") second=$(said "$1" "$3")
	echo "$1: '$2' at ${first:-no} ms, '$3' at ${second:-no} ms"
	[ "${first:-999999}" -lt "${second:-0}" ]
}

# require GUEST STATUS WORDS OPTION...
require() {
	guest=$1 status=$2 words=$3
	shift 3
	vm_run "$guest" 60 "onerng-guestd $*" >"$T/require"
	equal "${guest}_admission_$status" "$status" $?
	check "${guest}_admission_${status}_says_why" grep -qF "$words" \
		"$T/require" || cat "$T/require"
}

boot() {
	guest=$1 image=$2
	shift 2
	vm_qemu "$guest" standard "$T/$image.gz" mem=384 "$@"
}

hostd_conf "red=$uuid"
check host_agent_starts hostd_start || exit 1
check the_guests_side_is_installed initramfs_install || exit 1
vm_root "$T/root"
check mkinitramfs_takes_the_hook \
	initramfs_tools "$T/tools.gz" standard "$T/root" || exit 1
check dracut_takes_the_module \
	initramfs_dracut "$T/dracut.gz" standard "$T/root" || exit 1
(mkdir "$T/order" && cd "$T/order" &&
	gzip -dc "$T/tools.gz" | cpio -id --quiet 'scripts/init-top/ORDER')
equal initramfs_tools_runs_it_before_udev "onerng udev" \
	"$(grep -oE '/(onerng|udev)' "$T/order/scripts/init-top/ORDER" |
		tr -d / | xargs)"
check host_agent_serves wait_for 60 hostd_state serving

VM_APPEND="boot=vm root=none rootfstype=tmpfs init=/init"
boot served tools rng="$(hostd_socket $uuid)"
boot bare tools
check served_guest_boots vm_up served || exit 1
check guest_without_device_boots vm_up bare

check "crng_init_done_before_init" before served "crng init done" "vm: init"
check "agent_fed_before_init" before served "onerng-guestd: fed 64 bytes" \
	"vm: init"
check "bytes_were_verified_before" before served \
	"start-up test passed on 1024 bytes" "onerng-guestd: fed"
equal status_of_the_initramfs_outlives_it "virtio_rng.0 1024 64 1" \
	"$(vm_run served 20 'cat /run/onerng-guestd.initramfs.json' \
		>"$T/early.json"
		for path in rng_current verified_bytes fed_bytes reseeds; do
			json $path <"$T/early.json"
		done | xargs)"
require served 0 'admitted: source hwrng:/dev/hwrng, virtio_rng.0' \
	--require=30 --expect-rng virtio_rng.0
require served 5 'rng_current is virtio_rng.0, expected tpm-rng-0' \
	--require=1 --expect-rng tpm-rng-0

check no_device_is_told before bare \
	"no hardware random number generator: nothing seeded" "vm: init"
equal no_agent_runs_without_device "" "$(said bare onerng-guestd)"
require bare 4 'not admitted: no device' --require=1
require bare 4 'rng_current is none' --require=1 --expect-rng virtio_rng.0
bare_init=$(said bare "vm: init")
vm_off served
vm_off bare

boot silent tools -chardev \
	"socket,id=rng,path=$T/silent.sock,server=on,wait=off" \
	-object rng-egd,id=rng0,chardev=rng -device virtio-rng-pci,rng=rng0
boot zeros tools -object rng-random,filename=/dev/zero,id=rng0 \
	-device virtio-rng-pci,rng=rng0
check guest_with_silent_device_boots vm_up silent
check guest_with_zeros_boots vm_up zeros

check silence_is_told before silent "onerng-seed: status 7" "vm: init"
echo "init: without a device at $bare_init ms, with a silent one at" \
	"$(said silent "vm: init") ms"
vm_run silent 20 'cat /run/onerng-guestd.initramfs.json' >"$T/early.json"
# 3 s, in whole seconds, and as much as a loaded machine may take over them.
check silence_costs_the_limit_at_most test \
	$(($(json updated_s <"$T/early.json") - \
	$(json started_s <"$T/early.json"))) -le 15
require silent 7 '0 of 1024 bytes came' --require=2

check zeros_are_refused_before_init before zeros "verification failed: " \
	"vm: init"
equal zeros_are_never_fed "" "$(said zeros 'onerng-guestd: fed')"
require zeros 3 'verification failed: ' --require=60
vm_off silent
vm_off zeros

VM_APPEND="root=vm rootok=1 rd.shell=0 init=/init"
boot dracut dracut -object rng-builtin,id=rng0 \
	-device virtio-rng-pci,rng=rng0
check guest_of_dracut_boots vm_up dracut
check dracut_feeds_before_init before dracut "onerng-guestd: fed 64 bytes" \
	"vm: init"
check crng_init_done_before_dracut_mounts before dracut "crng init done" \
	"dracut: Mounted root"
vm_off dracut
hostd_stop

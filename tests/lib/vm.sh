# shellcheck shell=sh
# Guests for the system tests, after test.sh and kernel.sh: an initramfs made
# of busybox, modules and what a test adds; QEMU with nothing but what is
# named; a shell in the guest that a test gives commands to.
#
# The first serial port is the console ($T/NAME.console).  The second carries
# commands, one line each, from the FIFO $T/NAME.in and their output to
# $T/NAME.out, between a line "<ID" and a line ">ID STATUS;".
#
# All time limits are many times what a quiet machine needs.

: "${VM_BOOT_TIMEOUT:=150}" # seconds
: "${VM_KVM_PROBE:=8}" # seconds

vm_dir=tests/lib/vm

# vm_modules FLAVOUR MODULE...: their files, each after what it depends on.
vm_modules() {
	vm_base=$KERNEL_DIR/$1
	shift
	[ $# -gt 0 ] || return 0
	modprobe -d "$vm_base" -S "$(cat "$vm_base/version")" -a \
		--show-depends "$@" | awk '$1 == "insmod" && !seen[$2]++ {
			print $2 }'
}

# vm_initramfs FILE FLAVOUR "MODULE..." [SOURCE:DEST]...: SOURCE is a file or a
# folder, DEST a path without its first slash; "rc" is run by the guest's init.
vm_initramfs() {
	vm_file=$1 vm_flavour=$2 vm_list=$3
	shift 3
	vm_tree=$(mktemp -d "$T/initramfs.XXXXXX")
	mkdir "$vm_tree/bin" "$vm_tree/modules"
	cp /bin/busybox "$vm_tree/bin/busybox"
	ln -s busybox "$vm_tree/bin/sh"
	cp "$vm_dir/init" "$vm_dir/shell" "$vm_tree"
	vm_count=100
	# shellcheck disable=SC2086 # a list of words
	for vm_module in $(vm_modules "$vm_flavour" $vm_list); do
		vm_count=$((vm_count + 1))
		cp "$vm_module" "$vm_tree/modules/$vm_count.ko"
	done
	for vm_extra; do
		vm_dest=$vm_tree/${vm_extra#*:}
		mkdir -p "$(dirname "$vm_dest")"
		cp -RT "${vm_extra%%:*}" "$vm_dest" || return
	done
	(cd "$vm_tree" && find . | cpio --quiet -o -H newc) |
		gzip -1 >"$vm_file"
	rm -rf "$vm_tree"
}

# QEMU 9.2 has a new name for it, 10.2 only the new one.
vm_reconnect() {
	case $(qemu-system-x86_64 -version | sed -n \
		's/.*version \([0-9]*\.[0-9]*\).*/\1/p') in
	[0-8].* | 9.[01]) echo reconnect=1 ;;
	*) echo reconnect-ms=1000 ;;
	esac
}

# vm_qemu NAME FLAVOUR INITRD WORD...: the words are
#	cpu=MODEL mem=MIB smp=N		default qemu64, 256, 1
#	rng=SOCKET			a virtio-rng on an EGD socket
#	usb=SOCKET			an xHCI with a redirected device
#	root				this machine's root, read-only, over 9p
#	accel=tcg|kvm
vm_qemu() {
	vm_name=$1 vm_flavour=$2 vm_initrd=$3
	shift 3
	vm_cpu=qemu64 vm_mem=256 vm_smp=1 vm_use=${VM_ACCEL:-tcg}
	vm_again=$(vm_reconnect)
	for vm_word; do
		shift
		vm_value=${vm_word#*=}
		case $vm_word in
		cpu=*) vm_cpu=$vm_value ;;
		mem=*) vm_mem=$vm_value ;;
		smp=*) vm_smp=$vm_value ;;
		accel=*) vm_use=$vm_value ;;
		rng=*)
			set -- "$@" \
				-chardev "socket,id=rng,path=$vm_value,$vm_again" \
				-object rng-egd,id=rng0,chardev=rng \
				-device virtio-rng-pci,rng=rng0
			;;
		usb=*)
			set -- "$@" \
				-chardev "socket,id=usb,path=$vm_value,$vm_again" \
				-device qemu-xhci,id=xhci \
				-device usb-redir,chardev=usb,bus=xhci.0
			;;
		root)
			set -- "$@" -virtfs "local,path=/,mount_tag=root,$(:
				)security_model=none,readonly=on,multidevs=remap"
			;;
		*) set -- "$@" "$vm_word" ;;
		esac
	done
	[ "$vm_use" = tcg ] && vm_use=tcg,tb-size=256
	rm -f "$T/$vm_name.in" "$T/$vm_name.out" "$T/$vm_name.console"
	: >"$T/$vm_name.out"
	: >"$T/$vm_name.console"
	mkfifo "$T/$vm_name.in"
	# QEMU holds both ends of the FIFO itself: it never reads an end of
	# file there, and nobody who writes to it waits.
	# shellcheck disable=SC2016 # for the inner shell
	start "$vm_name" sh -c 'exec "$@" <>"$0.in" >"$0.out"' "$T/$vm_name" \
		qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-no-reboot -machine q35 -accel "$vm_use" -cpu "$vm_cpu" \
		-smp "$vm_smp" -m "$vm_mem" \
		-kernel "$KERNEL_DIR/$vm_flavour/vmlinux" -initrd "$vm_initrd" \
		-append "console=ttyS0 panic=-1 quiet ${VM_APPEND:-}" \
		-chardev "file,id=console,path=$T/$vm_name.console" \
		-serial chardev:console \
		-chardev stdio,id=commands,signal=off -serial chardev:commands \
		"$@"
}

# vm_up NAME [SECONDS]: its shell takes commands.
vm_up() {
	wait_for "${2:-$VM_BOOT_TIMEOUT}" vm_up_or_gone "$1"
	grep -qa '^vm: ready' "$T/$1.out" && return
	echo "guest $1 did not boot; QEMU, output and console end with:"
	tail -n 5 "$T/$1.log" "$T/$1.out" "$T/$1.console"
	return 1
}

vm_up_or_gone() {
	grep -qa '^vm: ready' "$T/$1.out" || ! running "$1"
}

# vm_boot NAME FLAVOUR INITRD WORD...: vm_qemu and vm_up.
vm_boot() {
	vm_qemu "$@"
	vm_up "$1"
}

# vm_run NAME SECONDS COMMAND: at most 4000 bytes for the guest's shell, in
# which a new line is a blank; prints its output and returns its status, 124 if
# it did not end.
vm_run() {
	vm_id=$(date +%s%N)
	running "$1" || return 125
	printf '%s %s\n' "$vm_id" "$(printf %s "$3" | tr '\n\t' '  ')" >"$T/$1.in"
	wait_for "$2" grep -qa "^>$vm_id [0-9]*;" "$T/$1.out"
	vm_ended=$?
	sed -n "/^<$vm_id\$/,/^>$vm_id /p" "$T/$1.out" |
		sed -e "/^[<>]$vm_id/d" | sed -e '${/^$/d' -e '}'
	[ $vm_ended -eq 0 ] || return 124
	return "$(sed -n "s/^>$vm_id \([0-9]*\);\$/\1/p" "$T/$1.out")"
}

# vm_wait NAME SECONDS COMMAND: until the command succeeds in the guest.
vm_wait() {
	wait_for "$2" vm_true_or_gone "$@"
	[ "$vm_true" = yes ]
}

vm_true_or_gone() {
	vm_true=
	! vm_run "$1" "$2" "$3" || vm_true=yes
	[ "$vm_true" = yes ] || ! running "$1"
}

# vm_off NAME: powers it off; not a failure if it had to be ended.
vm_off() {
	running "$1" || return 0
	echo off >"$T/$1.in"
	ended "$1" 15 || stop "$1"
	return 0
}

# vm_accel: sets VM_ACCEL to kvm where Debian's kernel really boots under it,
# else to tcg.  /dev/kvm proves nothing: a hypervisor may offer one on which
# only its own kernels run.  The answer is kept until the next boot.
vm_accel() {
	[ -z "${VM_ACCEL:-}" ] || return 0
	vm_boot_id=$(cat /proc/sys/kernel/random/boot_id)
	read -r vm_known VM_ACCEL 2>/dev/null <"$KERNEL_DIR/accel" &&
		[ "$vm_known" = "$vm_boot_id" ] && return
	VM_ACCEL=tcg
	if [ -w /dev/kvm ]; then
		vm_initramfs "$T/probe.gz" standard ""
		vm_qemu probe standard "$T/probe.gz" accel=kvm
		vm_up probe "$VM_KVM_PROBE" >/dev/null && VM_ACCEL=kvm
		stop probe 0 KILL 2>/dev/null
	fi
	echo "$vm_boot_id $VM_ACCEL" >"$KERNEL_DIR/accel"
	return 0
}

# shellcheck shell=sh
# An initramfs as Debian makes it, after test.sh, kernel.sh and vm.sh: by
# mkinitramfs or dracut with what `make install-guest` installs, for a kernel
# of kernel.sh, and with a small system (see vm_root) that it boots into.

: "${vm_dir:=tests/lib/vm}"

# initramfs_private COMMAND...: with the modules and the configuration of
# kernel $initramfs_flavour where the tools look for them, for it alone.
initramfs_private() {
	initramfs_base=$(realpath "$KERNEL_DIR/$initramfs_flavour")
	mkdir -p "$T/private"
	# shellcheck disable=SC2016 # expanded by the shell in the namespace
	unshare --mount sh -euc '
		base=$1 room=$2
		shift 2
		version=$(cat "$base/version")
		mount -t tmpfs tmpfs "$room"
		mkdir "$room/upper" "$room/work" "$room/boot"
		echo CONFIG_RD_GZIP=y >"$room/boot/config-$version"
		mount --bind "$room/boot" /boot
		mount -t overlay -o \
			"lowerdir=/usr/lib,upperdir=$room/upper,workdir=$room/work" \
			overlay /usr/lib
		mkdir -p /usr/lib/modules/"$version"
		mount --bind "$base/lib/modules/$version" \
			/usr/lib/modules/"$version"
		exec "$@"' sh "$initramfs_base" "$T/private" "$@"
}

# initramfs_install: what the guest's side has, below $T/live.
initramfs_install() {
	"${MAKE:-make}" --no-print-directory B="$B" PREFIX="$T/live" \
		SYSCONFDIR="$T/live/etc" UNITDIR="$T/live/units" \
		INITRAMFSDIR="$T/live/initramfs-tools" \
		DRACUTDIR="$T/live/dracut/90onerng" install-guest
}

# vm_root FOLDER: a root that takes a test's commands, see vm.sh.
vm_root() {
	mkdir -p "$1/bin" "$1/proc" "$1/sys" "$1/dev" "$1/run" "$1/tmp"
	cp /bin/busybox "$1/bin"
	ln -s busybox "$1/bin/sh"
	cp "$vm_dir/shell" "$1"
	cp "$B/onerng-guestd-static" "$1/bin/onerng-guestd"
	cat >"$1/init" <<-'END'
		#!/bin/sh
		export PATH=/bin HOME=/ LC_ALL=C VM_ROOT=
		/bin/busybox --install -s /bin
		echo "vm: init" >/dev/kmsg
		exec /shell
	END
	chmod +x "$1/init"
}

# initramfs_tools FILE FLAVOUR FOLDER: boots into FOLDER with boot=vm.
initramfs_tools() {
	initramfs_flavour=$2
	initramfs_conf=$T/confdir
	mkdir -p "$initramfs_conf/conf.d"
	cp -R "$T/live/initramfs-tools/." "$initramfs_conf"
	printf '%s\n' MODULES=list BUSYBOX=n COMPRESS=gzip RUNSIZE=10% \
		RESUME=none FSTYPE=ext4 >"$initramfs_conf/initramfs.conf"
	: >"$initramfs_conf/modules"
	cat >"$initramfs_conf/hooks/vm" <<-END
		#!/bin/sh
		[ "\${1:-}" = prereqs ] && exit 0
		cp -a "$3" "\$DESTDIR/vm"
	END
	cat >"$initramfs_conf/scripts/vm" <<-'END'
		mountroot() {
			mount -t tmpfs tmpfs "$rootmnt"
			/vm/bin/busybox cp -a /vm/. "$rootmnt"
		}
		mount_top() { :; }
		mount_premount() { :; }
		mount_bottom() { :; }
	END
	chmod +x "$initramfs_conf/hooks/vm"
	initramfs_private mkinitramfs -d "$initramfs_conf" -o "$1" \
		"$(cat "$KERNEL_DIR/$2/version")"
}

# initramfs_dracut FILE FLAVOUR FOLDER: the same by dracut, with its base alone;
# boots with root=vm rootok=1.
initramfs_dracut() {
	initramfs_flavour=$2
	cp -R /usr/lib/dracut "$T/dracut"
	cp -R "$T/live/dracut/90onerng" "$T/dracut/modules.d"
	mkdir -p "$T/dracut/modules.d/99vm"
	cat >"$T/dracut/modules.d/99vm/module-setup.sh" <<-END
		install() {
			cp -a "$3" "\$initdir/vm"
			inst_hook mount 10 "\$moddir/mount.sh"
		}
	END
	cat >"$T/dracut/modules.d/99vm/mount.sh" <<-'END'
		mount -t tmpfs tmpfs "$NEWROOT"
		/vm/bin/busybox cp -a /vm/. "$NEWROOT"
	END
	: >"$T/dracut.conf"
	mkdir "$T/dracut.conf.d"
	initramfs_private env dracutbasedir="$T/dracut" dracut --force \
		--conf "$T/dracut.conf" --confdir "$T/dracut.conf.d" \
		--no-hostonly --no-hostonly-cmdline --gzip --no-early-microcode \
		--modules "base udev-rules onerng vm" --drivers "virtio_rng" \
		--filesystems '' --kver "$(cat "$KERNEL_DIR/$2/version")" \
		--tmpdir "$T" "$1"
}

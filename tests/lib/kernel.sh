# shellcheck shell=sh
# Debian's own kernels for the guests, from the package mirror that apt knows.
# build/kernel/standard and build/kernel/cloud hold the ELF vmlinux (QEMU boots
# it directly, which spares every boot the decompressor) and lib/modules.  What
# is there is used as it is: removing build/kernel fetches the current version.
#
# Needs apt, dpkg, kmod, xz and lz4; no root unless apt's lists are stale.

: "${KERNEL_DIR:=build/kernel}"

kernel_say() {
	echo "kernel: $*" >&2
}

# kernel_package standard|cloud: the package of the current version.
kernel_package() {
	case $1 in
	standard) kernel_meta=linux-image-amd64 ;;
	*) kernel_meta=linux-image-$1-amd64 ;;
	esac
	apt-cache depends --important "$kernel_meta" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# kernel_number FILE OFFSET SIZE: a little-endian number of a boot header.
kernel_number() {
	od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# kernel_unpack BZIMAGE: the ELF file in it, on stdout.  The fields are those
# of the x86 boot protocol 2.08; the last four bytes are the size unpacked.
kernel_unpack() {
	kernel_sectors=$(kernel_number "$1" $((0x1f1)) 1)
	kernel_from=$(($(kernel_number "$1" $((0x248)) 4) +
		(kernel_sectors + 1) * 512))
	kernel_len=$(($(kernel_number "$1" $((0x24c)) 4) - 4))
	kernel_magic=$(od -A n -t x1 -j "$kernel_from" -N 4 "$1" | tr -d ' ')
	case $kernel_magic in
	fd377a58) set -- "$1" xz ;;
	02214c18) set -- "$1" lz4 ;;
	28b52ffd) set -- "$1" zstd ;;
	1f8b*) set -- "$1" gzip ;;
	*)
		kernel_say "$1: payload $kernel_magic is no known compression"
		return 1
		;;
	esac
	tail -c "+$((kernel_from + 1))" "$1" | head -c "$kernel_len" |
		"$2" -dcq
}

# kernel_download PACKAGE DIR: once more with fresh lists if they were stale.
kernel_download() {
	for kernel_try in first second; do
		(cd "$2" && apt-get -q -o APT::Sandbox::User=root \
			-o Acquire::Retries=3 download "$1") \
			>>"$2/log" 2>&1 && return
		if [ $kernel_try = second ] || [ "$(id -u)" -ne 0 ]; then
			break
		fi
		kernel_say "download failed; reading the package lists again"
		apt-get -q -o DPkg::Lock::Timeout=300 update \
			>>"$2/log" 2>&1
	done
	kernel_say "cannot download $1: $(tail -n 1 "$2/log")"
	return 1
}

# kernel_build FLAVOUR DIR: fills the empty DIR.
kernel_build() {
	kernel_name=$(kernel_package "$1")
	if [ -z "$kernel_name" ] && [ "$(id -u)" -eq 0 ]; then
		kernel_say "apt does not know $kernel_meta; reading its lists"
		apt-get -q -o DPkg::Lock::Timeout=300 update >>"$2/log" 2>&1
		kernel_name=$(kernel_package "$1")
	fi
	if [ -z "$kernel_name" ]; then
		kernel_say "apt does not know $kernel_meta: apt-get update?"
		return 1
	fi
	kernel_say "downloading $kernel_name"
	kernel_download "$kernel_name" "$2" || return
	kernel_say "unpacking $kernel_name"
	dpkg-deb --fsys-tarfile "$2"/linux-image-*.deb |
		tar -x -C "$2" --wildcards --exclude='*/drivers/gpu' \
			--exclude='*/drivers/media' --exclude='*/sound' \
			--exclude='*/net/wireless' --exclude='*/net/ethernet' \
			--exclude='*/drivers/scsi' --exclude='*/drivers/iio' \
			'./boot/vmlinuz*' './lib/modules/*' || return
	rm -f "$2"/linux-image-*.deb
	kernel_unpack "$2"/boot/vmlinuz* >"$2/vmlinux" || return
	if [ "$(head -c 4 "$2/vmlinux" | tail -c 3)" != ELF ]; then
		kernel_say "what $kernel_name holds is not an ELF vmlinux"
		return 1
	fi
	kernel_version=$(basename "$2"/lib/modules/*)
	depmod -b "$2" "$kernel_version" || return
	echo "$kernel_version" >"$2/version"
	rm -rf "${2:?}/boot" "$2/log"
}

# kernel_get standard|cloud: makes sure that $KERNEL_DIR/FLAVOUR is complete.
kernel_get() {
	[ -e "$KERNEL_DIR/$1/version" ] && return
	mkdir -p "$KERNEL_DIR"
	(
		flock 9
		[ -e "$KERNEL_DIR/$1/version" ] && exit 0
		kernel_started=$(date +%s)
		rm -rf "${KERNEL_DIR:?}/$1" "$KERNEL_DIR/$1.new"
		mkdir "$KERNEL_DIR/$1.new"
		kernel_build "$1" "$KERNEL_DIR/$1.new" || exit 1
		mv "$KERNEL_DIR/$1.new" "$KERNEL_DIR/$1"
		kernel_say "$1: $(cat "$KERNEL_DIR/$1/version") is ready" \
			"($(($(date +%s) - kernel_started)) s)"
	) 9>"$KERNEL_DIR/lock"
}

# kernel_need FLAVOUR...: ends the script where a kernel cannot be had; only
# outside CI is that a skip.
kernel_need() {
	for kernel_flavour in "$@"; do
		kernel_get "$kernel_flavour" && continue
		[ -n "${CI:-}" ] ||
			skip_all "no $kernel_flavour kernel (see above)"
		not_ok "kernel_$kernel_flavour" "cannot be had (see above)"
		exit 1
	done
}

#!/bin/sh
# make install puts everything where it belongs, and takes it away
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

make=${MAKE:-make}
root="$T/a root" # nothing else may be found, made or removed

run_make() {
	"$make" --no-print-directory B="$B" DESTDIR="$root" PREFIX=/usr "$@"
}

check "make install works" run_make install
check "make install-guest works" run_make install-guest

for file in usr/bin/onerngctl usr/sbin/onerng-hostd usr/sbin/onerng-guestd \
	usr/bin/onerng-sim; do
	check "$(basename $file) is installed and starts" "$root/$file" -V
done
for file in etc/onerng/hostd.conf etc/default/onerng-guestd \
	etc/default/onerng-guestd-container \
	usr/lib/onerng/onerng-guestd usr/lib/onerng/onerng-seed \
	usr/share/initramfs-tools/hooks/onerng \
	usr/share/initramfs-tools/scripts/init-top/onerng \
	usr/lib/dracut/modules.d/90onerng/module-setup.sh \
	usr/share/man/man8/onerng-hostd.8 usr/share/man/man8/onerng-guestd.8; do
	check "$file is installed" test -s "$root/$file"
done
for pattern in 'systemd/system/onerng-hostd.service' \
	'systemd/system/onerng-guestd.service' \
	'systemd/system/onerng-guest-require.service' \
	'systemd/system/onerng-guestd-container.service' \
	'systemd/system/onerng-guestd-host.service' \
	'systemd/system/onerng-domain-watch.service' 'udev/rules.d/*.rules' \
	'systemd/system/onerng-container-refresh.service' \
	'systemd/system/onerng-container-refresh.path' \
	'sysusers.d/*.conf'; do
	# shellcheck disable=SC2086 # a pattern
	check "$pattern is installed" ls "$root"/usr/lib/$pattern
done

refuse "the agent of the initramfs is static" 1 ldd \
	"$root/usr/lib/onerng/onerng-guestd"
equal "no service is enabled" '' \
	"$(find "$root" -name '*.wants' -o -name '*.requires')"

# What dracut sources must not end its shell.
grep -rl '\bexit\b' "$root/usr/lib/dracut" |
	none "nothing that dracut sources ends its shell" "has exit"
for file in usr/lib/onerng/onerng-seed usr/share/initramfs-tools/hooks/onerng \
	usr/share/initramfs-tools/scripts/init-top/onerng; do
	check "$file can be run" test -x "$root/$file"
	check "$file is a script" sh -n "$root/$file"
done
# What is left of an installation must not end mkinitramfs, which every kernel's
# installation runs.
parts=$T/parts/lib/onerng
mkdir -p "$parts" "$T/initrd"
sed "s|/usr/lib/onerng|$parts|" \
	"$root/usr/share/initramfs-tools/hooks/onerng" >"$T/hook"
cp "$root/usr/lib/onerng/onerng-guestd" "$parts"
check "half an installation ends no mkinitramfs" env DESTDIR="$T/initrd" \
	MODULESDIR="$T/none" version=none verbose=n sh "$T/hook"
equal "nor is half of it put there" "" "$(find "$T/initrd" -type f)"
equal "initramfs-tools puts it before udev" "" \
	"$("$root/usr/share/initramfs-tools/scripts/init-top/onerng" prereqs)"

# Units name programs where they were put.
grep -hoE '^Exec[A-Za-z]*=[-+!@:]*[^ ]+' "$root"/usr/lib/systemd/system/* |
	sed 's/^[^=]*=[-+!@:]*//' | sort -u | while IFS= read -r program; do
	case $program in
	/usr/bin/onerng* | /usr/sbin/onerng*)
		[ -x "$root$program" ] || echo "$program"
		;;
	esac
done | none "units start what is installed" "not installed"
grep -rIlE '@[A-Z]+@' "$root/usr/lib" "$root/usr/share" "$root/etc" |
	none "no placeholder is left" "left in"

# The name of a class counts only if its driver is loaded before the unit starts.
grep -lE '^DeviceAllow=char-tty' "$root"/usr/lib/systemd/system/onerng-guest* |
	none "guests' units allow terminals that come later" "names a driver in"

# Once more, to where units find their programs without a DESTDIR.
live=$T/live
check "make install works without DESTDIR" "$make" --no-print-directory \
	B="$B" PREFIX="$live" SYSCONFDIR="$live/etc" UNITDIR="$live/units" \
	UDEVDIR="$live/udev" SYSUSERSDIR="$live/sysusers" \
	INITRAMFSDIR="$live/initramfs" DRACUTDIR="$live/dracut" install install-guest
printf 'lxc.uts.name = x\n' >"$T/x.config"
check "onerngctl writes hook lines for where it is installed" sh -c "
	'$live/bin/onerngctl' container attach x --path '$T/x.config' \
		--includes '$T/includes' --no-register --dry-run |
		grep -q ' $live/lib/onerng/lxc-autodev '"
if command -v systemd-analyze >/dev/null; then
	for unit in "$live"/units/*.service "$live"/units/*.path; do
		SYSTEMD_UNIT_PATH="$live/units:" systemd-analyze verify \
			--man=no "$unit" 2>&1 |
			none "$(basename "$unit") is a valid unit" "says"
	done
else
	skip "units are valid" "no systemd-analyze"
fi

# exposure UNIT TENTHS: at most that, where 100 is no protection at all.
exposure() {
	exposed=$(systemd-analyze security --offline=yes --no-pager \
		"$live/units/$1" |
		sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	check "$1 is exposed to at most $2 tenths" \
		test "${exposed:-100}" -le "$2"
}
if systemd-analyze --help 2>/dev/null | grep -q -- --offline; then
	exposure onerng-hostd.service 15
	exposure onerng-domain-watch.service 15
	exposure onerng-guestd.service 20
	exposure onerng-guest-require.service 20
	exposure onerng-guestd-container.service 15
	exposure onerng-guestd-host.service 20
	# it enters containers, which needs what this counts
	exposure onerng-container-refresh.service 43
else
	skip "units are not exposed" "no systemd-analyze that knows --offline"
fi

echo '# mine' >"$root/etc/onerng/hostd.conf"
run_make install >/dev/null 2>&1
equal "an existing configuration is never overwritten" '# mine' \
	"$(cat "$root/etc/onerng/hostd.conf")"

# libvirt runs what is executable there; what is then gone or half there has
# failed, which refuses a start and may kill a domain that runs.
hook=$root/etc/libvirt/hooks/qemu.d/50-onerng
cat >"$T/watch.py" <<'END'
import os, sys
hooks, end = sys.argv[1:-1], sys.argv[-1]
print("watching", flush=True)
while not os.path.exists(end):
    for hook in hooks:
        if not os.access(hook, os.X_OK):
            print("missed", hook, flush=True)
END
start watch python3 "$T/watch.py" "$hook" "$root/usr/lib/onerng/lxc-autodev" \
	"$T/installed"
wait_for 10 grep -q watching "$T/watch.log"
for _ in 1 2 3 4 5; do
	run_make install >/dev/null 2>&1
done
: >"$T/installed"
check "it is watched" ended watch 10
equal "while they are installed again, hooks are there all the time" watching \
	"$(sort -u "$T/watch.log")"
equal "and nothing else is for libvirt to run" 50-onerng \
	"$(ls -A "$(dirname "$hook")")"

check "libvirt's hook is installed and never fails" \
	"$root/etc/libvirt/hooks/qemu.d/50-onerng"
for type in autodev pre-start start-host post-stop; do
	check "LXC's hook is installed for $type and never fails" \
		"$root/usr/lib/onerng/lxc-$type"
done
check "LXC's example names the hooks that are installed" \
	grep -q 'exec /usr/lib/onerng/lxc-autodev web' \
	"$root/usr/share/doc/onerng-virt/examples/lxc/virtual.conf"
check "LXC's example brings the script that it names" \
	test -x "$root/usr/share/doc/onerng-virt/examples/lxc/autodev-passthrough.sh"
grep -rl /usr/local "$root/usr/share" |
	none "what is installed names no other PREFIX" "does"
check "make uninstall works" run_make uninstall
check "libvirt's hook is gone" \
	test ! -e "$root/etc/libvirt/hooks/qemu.d/50-onerng"
find "$root" ! -type d ! -path "$root/etc/*" |
	none "make uninstall leaves only the configuration" "left"
find "$root" -type d -name '*onerng*' ! -path "$root/etc/*" |
	none "nor a folder of its own" "left"

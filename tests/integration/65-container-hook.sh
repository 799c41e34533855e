#!/bin/sh
# containers started with what is kept by hand: the printed hook and device
# rules, privileged and with a user namespace, on control groups v1 and v2
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
need lxc-start lxc-attach lxc-stop busybox unshare python3
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
if ldd "$(command -v busybox)" >/dev/null 2>&1; then
	skip_all "busybox is not static"
fi

lxc=$T/lxc
inc=$T/inc
share=/usr/share/lxc/config
mkdir -p "$lxc" "$T/run/lxc" "$inc"
chmod 755 "$T"
tag=h$$

# Everything of LXC in a mount namespace: layout v1 (as the machine has it) or
# v2 alone, and the numbers that root may map.
cat >"$T/in" <<'END2'
#!/bin/sh
echo root:100000:65536 >"$1/subid"
for file in /etc/subuid /etc/subgid; do
	[ ! -e $file ] || mount --bind "$1/subid" $file || exit
done
if [ "$2" = v2 ]; then
	umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit
fi
shift 2
exec "$@"
END2
chmod 755 "$T/in"

# in_layout LAYOUT COMMAND...
in_layout() {
	in_which=$1
	shift
	timeout -k 2 120 unshare -m --propagation private \
		"$T/in" "$T" "$in_which" "$@" </dev/null
}

# A pty whose other end sends without end; its path in $T/pty.
cat >"$T/serve.py" <<'END2'
import os, pty, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
with open(sys.argv[1] + ".new", "w") as out:
    out.write(os.ttyname(slave))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    os.write(master, b"onerng" * 10)
END2
start pty python3 "$T/serve.py" "$T/pty"
wait_for 10 test -s "$T/pty" || skip_all "no pty"
pty=$(cat "$T/pty")

# make NAME WORD...: a container; words are idmapped and common.
make_container() {
	name=$tag-$1
	shift
	root=$lxc/$name/rootfs
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	chmod 755 "$root/bin/busybox"
	for applet in sh head stat cat id; do
		ln -sf busybox "$root/bin/$applet"
	done
	{
		case " $* " in
		*" common "*) echo "lxc.include = $share/common.conf" ;;
		esac
		cat <<-END2
			lxc.rootfs.path = dir:$root
			lxc.net.0.type = empty
			lxc.init.cmd = /bin/busybox sleep 100000
		END2
		case " $* " in
		*" idmapped "*)
			cat <<-END2
				lxc.idmap = u 0 100000 65536
				lxc.idmap = g 0 100000 65536
				lxc.rootfs.options = idmap=container
			END2
			;;
		esac
	} >"$lxc/$name/config"
}

facts() {
	chown 0:0 "$pty"
	printf 'version=1\ndevice=virtual\nnode=%s\nrdev=136:%s\nstate=serving\n' \
		"$pty" "${pty##*/}" >"$T/run/lxc/$tag-$1.facts"
}

# by_hand NAME OPTION...: what a reader of the printed hook would do.
by_hand() {
	name=$tag-$1
	shift
	"$B/onerngctl" -s "$T/run/control.sock" container hook "$name" \
		--path "$lxc" --includes "$inc" "$@" >"$inc/$name.hook" || return
	chmod 755 "$inc/$name.hook"
	sed -n 's/^#	\(lxc\.\)/\1/p' "$inc/$name.hook" >>"$lxc/$name/config"
}

# What is seen in the container, one line for each thing.
cat >"$T/look" <<'END2'
stat -c 'device %F %u:%g %a' /dev/onerng 2>/dev/null || echo 'device none'
head -c 6 /dev/onerng >/dev/null 2>&1 && echo 'read yes' || echo 'read no'
: 2>/dev/null </dev/null && echo 'null yes' || echo 'null no'
END2

# run LAYOUT NAME: starts it, looks, stops it.
run_container() {
	# shellcheck disable=SC2016 # expanded by that shell
	in_layout "$1" sh -c '
		lxc-start -P "$1" -n "$2" -l DEBUG -o "$3" || exit
		lxc-attach -P "$1" -n "$2" --clear-env -- /bin/sh -c "$(cat "$4")"
		lxc-stop -P "$1" -n "$2" -k' sh "$lxc" "$tag-$2" "$T/$2.log" \
		"$T/look" 2>&1
}

sweep() {
	status=$?
	trap '' HUP INT TERM
	for dir in "$lxc"/*; do
		in_layout v1 lxc-stop -P "$lxc" -n "$(basename "$dir")" -k \
			>/dev/null 2>&1
	done
	find /sys/fs/cgroup -depth -type d \( -path "*/lxc.payload.$tag-*" -o \
		-path "*/lxc.monitor.$tag-*" \) -exec rmdir {} + 2>/dev/null
	(exit $status)
	test_cleanup
}
trap sweep EXIT

given='device character special file 0:20 660
read yes
null yes'
none='device none
read no
null yes'

for layout in v1 v2; do
	for kind in plain common "common idmapped" idmapped; do
		word=$(echo "$layout-$kind" | tr ' ' -)
		# shellcheck disable=SC2086 # words
		make_container "$word" $kind
		facts "$word"
		check "$layout, $kind: a hook is printed" by_hand "$word"
		equal "$layout, $kind: it gives the device" "$given" \
			"$(run_container $layout "$word")"
	done
done
check "the hook is a script without a fault" sh -c \
	"! command -v shellcheck >/dev/null || shellcheck '$inc'/*.hook"

# A name that LXC would paste into the shell stays out of it.
printf 'version=1\ndevice=virtual\n' >"$T/run/lxc/$tag-v1-plain.facts"
equal "no node: it starts without a device" "$none" \
	"$(run_container v1 v1-plain)"
sed -i s/^require=no/require=yes/ "$inc/$tag-v1-plain.hook"
case $(run_container v1 v1-plain) in
*"failed to start"*) ok "unless one is required" ;;
*) not_ok "unless one is required" "it starts" ;;
esac
rm "$inc/$tag-v1-plain.hook"
equal "no hook: it starts without a device" "$none" \
	"$(run_container v1 v1-plain)"
facts v1-common
printf 'version=1\ndevice=virtual\nnode=/dev/pts/../null\n' \
	>"$T/run/lxc/$tag-v1-common.facts"
equal "a node that is no pty is not given" "$none" \
	"$(run_container v1 v1-common)"

facts v1-common
chown 12:12 "$pty"
equal "nor is one of another user" "$none" "$(run_container v1 v1-common)"

# What attach writes, with no hook installed: nothing is broken by it.
for layout in v1 v2; do
	for kind in plain common; do
		make_container "$layout-attach-$kind" $kind
		check "$layout, $kind: attached" "$B/onerngctl" \
			-s "$T/run/control.sock" container attach \
			"$tag-$layout-attach-$kind" --path "$lxc" \
			--includes "$inc" --drop-ins "$T/drop" --socket
		equal "$layout, $kind: without our program it starts" "$none" \
			"$(run_container $layout "$layout-attach-$kind")"
	done
done

#!/bin/sh
# LXC's hook: it harms no container and no host, whatever it meets
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh

trap lxc_exit EXIT
lxc_need
lxc_layout v1
lxc_install
lxc_agent
lxc_pty a || exit 1
node=$(lxc_node a)
rdev=$(lxc_rdev a)

# hook TYPE WORD...: as LXC runs it in version 1, in a clean environment.
hook() {
	hook_type=$1
	shift
	env -i LXC_NAME=name LXC_HOOK_VERSION=1 LXC_HOOK_TYPE="$hook_type" \
		LXC_HOOK_SECTION=lxc LXC_ROOTFS_MOUNT="${hook_root:-}" \
		LXC_PID="${hook_pid:-}" \
		timeout 60 "$T/lib/lxc-autodev" "$@" run="$T/run"
}

# quick NAME STATUS COMMAND...: ends so, and by itself before a timeout; the bound
# is generous, because the machine may be loaded.
quick() {
	quick_name=$1 quick_status=$2
	shift 2
	began=$(date +%s%N)
	"$@" >"$T/quick.out" 2>"$T/quick.err" </dev/null
	status=$?
	took=$((($(date +%s%N) - began) / 1000000))
	if [ $status -eq "$quick_status" ] && [ $took -lt 50000 ]; then
		ok "$quick_name"
	else
		cat "$T/quick.err"
		not_ok "$quick_name" "status $status, $took ms"
	fi
}

# took COMMAND...: milliseconds.
took() {
	began=$(date +%s%N)
	"$@" >"$T/took.out" 2>&1 </dev/null
	echo $((($(date +%s%N) - began) / 1000000))
}

# bounded NAME COMMAND...: the hook bounds itself to a second.  The best of some
# tries counts, beyond what starting a process took beside each, so that a
# busy machine does not.
bounded() {
	bounded_name=$1 bounded_best=999999
	shift
	for _ in 1 2 3 4 5 6 7 8; do
		bounded_idle=$(took env -i timeout 10 /bin/true)
		bounded_ms=$(($(took "$@") - bounded_idle))
		[ $bounded_ms -ge $bounded_best ] || bounded_best=$bounded_ms
		[ $bounded_best -ge 1100 ] || break
	done
	if [ $bounded_best -lt 1100 ]; then
		ok "$bounded_name, for a second at most"
	else
		not_ok "$bounded_name, for a second at most" "$bounded_best ms"
	fi
}

# says NAME TEXT: the last hook gave that reason.
says() {
	check "$1" grep -q "$2" "$T/quick.err"
}

# -- the words, and how the type is known
quick "nobody runs it" 0 env -i "$B/onerng-lxc-hook"
says "that is said" "LXC runs this"
quick "a type of tomorrow" 0 hook levitate x
quick "a hook with nothing to do" 0 hook mount x
quick "an ID that is a path" 0 hook autodev ../../x device=virtual
says "it is named" "../../x"
quick "words of tomorrow" 0 hook pre-start x later=1
quick "a name that is no ID, and no ID" 0 env -i LXC_NAME="a/b" \
	"$T/lib/lxc-autodev"
says "it asks for one" "no ID"
quick "no LXC_ROOTFS_MOUNT" 0 hook autodev x device=virtual
says "it is named" "LXC_ROOTFS_MOUNT"
quick "no LXC_PID" 0 hook start-host x device=virtual
for hook_pid in 0 1 -1 x 99999999999999999999 4194304; do
	quick "LXC_PID is $hook_pid" 0 hook start-host x device=virtual
done
hook_pid=
quick "the same with require=yes" 1 hook start-host x device=virtual require=yes
says "it says so" "require=yes"
for type in pre-start post-stop mount; do
	quick "require=yes at $type" 0 hook $type x device=virtual require=yes
done
# shellcheck disable=SC2016 # the inner shell's
quick "nothing is open" 0 sh -c 'exec "$0" x type=autodev <&- >&- 2>&-' \
	"$T/lib/lxc-autodev"
# shellcheck disable=SC2016 # the inner shell's
quick "a full disk" 0 sh -c 'exec "$0" x type=autodev >/dev/full 2>&1' \
	"$T/lib/lxc-autodev"

# -- an agent that hangs
"$B/tests/integration/devprobe" hang "$T/run/hook.sock" &
hang_pid=$!
wait_for 5 test -S "$T/run/hook.sock"
for type in pre-start start-host post-stop; do
	quick "an agent that does not answer: $type" 0 hook $type x
	bounded "an agent that does not answer: $type" hook $type x
done
# shellcheck disable=SC2016 # the inner shell's
quick "its socket's queue is full" 0 sh -c '
	for i in $(seq 40); do "$@" & done; wait' sh \
	env -i "$T/lib/lxc-post-stop" x run="$T/run"
kill $hang_pid
wait $hang_pid 2>/dev/null
rm -f "$T/run/hook.sock"

# -- a container's /dev, with anything in it
# planted NAME STATUS WHAT COMMANDS [WORD...]: an autodev hook where COMMANDS
# made something of a container's root, in a mount namespace of its own; what
# there is of /dev/onerng then.
planted() {
	planted_name=$1 planted_status=$2 planted_what=$3 planted_do=$4
	shift 4
	mkdir -p "$T/plant"
	cat >"$T/plant.sh" <<'END'
mount -t tmpfs none "$1" && mkdir "$1/dev" "$1/tmp" && cd "$1" || exit 9
eval "$2"
cd /
hook=$3 probe=$4
shift 4
LXC_ROOTFS_MOUNT=$PWD/../$HOOK_ROOT "$hook" "$@"
echo "status $?"
"$probe" look "$HOOK_ROOT/dev/onerng" | cut -d' ' -f1-2
END
	HOOK_ROOT=$T/plant unshare -m --propagation private \
		sh "$T/plant.sh" "$T/plant" "$planted_do" "$T/lib/lxc-autodev" \
		"$B/tests/integration/devprobe" a device=virtual type=autodev \
		run="$T/run" "$@" >"$T/plant.out" 2>&1 </dev/null
	if [ "$(grep -v '^onerng-lxc-hook' "$T/plant.out" | tr '\n' ' ')" = \
		"status $planted_status $planted_what " ]; then
		ok "$planted_name"
	else
		not_ok "$planted_name" "$(cat "$T/plant.out")"
	fi
}

lxc_facts a virtual "$node" "$rdev"
echo precious >"$T/precious"
planted "an empty /dev gets it" 0 "chr $rdev" ":"
equal "with owner and mode" "chr $rdev 0660 0 20" \
	"$("$B/tests/integration/devprobe" look "$node")"
planted "what the hook once left behind is no obstacle" 0 "chr $rdev" \
	": >dev/onerng"
planted "a pty that is stale is replaced" 0 "chr $rdev" \
	": >dev/onerng; mount --bind /dev/ptmx dev/onerng; umount dev/onerng
	mount --bind $node dev/onerng"
for plant in "ln -s $T/precious dev/onerng" "ln -s /dev/null dev/onerng" \
	"ln -s nowhere dev/onerng"; do
	planted "a link stays: $(basename "$plant")" 0 "lnk 0:0" "$plant"
done
planted "a link keeps require=yes from starting" 1 "lnk 0:0" \
	"ln -s $T/precious dev/onerng" require=yes
planted "a file stays" 0 "reg 0:0" "echo mine >dev/onerng"
planted "a FIFO stays" 0 "fifo 0:0" "mkfifo dev/onerng"
planted "a folder stays" 0 "dir 0:0" "mkdir dev/onerng"
planted "another device stays" 0 "chr 1:3" "mknod dev/onerng c 1 3"
planted "another device's mount stays" 0 "chr 1:3" \
	": >dev/onerng; mount --bind /dev/null dev/onerng"
planted "/dev is a link to the host's" 1 ENOENT \
	"rmdir dev; ln -s tmp dev" require=yes
planted "/dev is a file" 1 ENOTDIR "rmdir dev; : >dev" require=yes
planted "/dev is read-only" 1 ENOENT "mount -t tmpfs -o ro none dev" \
	require=yes
planted "/dev is full" 1 ENOENT \
	"mount -t tmpfs -o nr_inodes=1 none dev" require=yes
hook_root=/
quick "the host's own root is no container's" 1 \
	hook autodev a device=virtual require=yes
check "nothing is in the host's /dev" test ! -e /dev/onerng
equal "what a link led to is as it was" precious "$(cat "$T/precious")"

# -- facts that lie, and what is none
lies() {
	planted "$1" 1 ENOENT : require=yes
}
chmod 600 "$node"
chown nobody "$node"
rm "$T/run/lxc/a.facts"
lies "no facts"
mkfifo "$T/run/lxc/a.facts"
lies "a FIFO in place of the facts"
rm "$T/run/lxc/a.facts"
ln -s a.new "$T/run/lxc/a.facts"
lies "a link in place of the facts"
rm "$T/run/lxc/a.facts"
mkdir "$T/run/lxc/a.facts"
lies "a folder in place of the facts"
rmdir "$T/run/lxc/a.facts"
lxc_facts a virtual "$node" "$rdev"
chown root "$T/run/lxc/a.facts"
lies "facts that are not the agent's"
head -c 100000 /dev/urandom >"$T/run/lxc/a.facts"
chown nobody "$T/run/lxc/a.facts"
lies "garbage in the facts"
for lie in "virtual" "plain $node $rdev" "hwrng /dev/hwrng 10:183" \
	"virtual $node 136:999" "virtual /dev/null 1:3" \
	"virtual /dev/pts/../null 1:3" "virtual $T/precious 0:0"; do
	# shellcheck disable=SC2086 # a list of words
	lxc_facts a $lie
	lies "facts say: $(echo "$lie" | sed "s|$T|T|")"
done
chown root:tty "$node"
chmod 620 "$node"
lxc_facts a virtual "$node" "$rdev"
lies "the terminal of an operator"
equal "which stays the operator's" "chr $rdev 0620 0 5" \
	"$("$B/tests/integration/devprobe" look "$node")"
chown nobody "$node"
chmod 600 "$node"

# -- with containers
# looks NAME: what it has as its devices, and what is no device in its /dev.
looks() {
	for looks_name in onerng ttyACM0; do
		lxc_probe "$1" look "/dev/$looks_name" | cut -d' ' -f1-3
	done 2>/dev/null | tr '\n' ' '
	lxc_run "$1" /bin/busybox find /dev -type f ! -name .lxc-boot-id \
		2>/dev/null
}

# starts NAME WHAT: it starts, and has that.
starts() {
	: >"$T/quick.err"
	quick "$1 starts" 0 lxc_start "$1"
	equal "$1 has ${2:-nothing}" "$2" "$(looks "$1")"
	quick "$1 stops" 0 lxc_stop "$1"
}

both="chr $rdev 0660 chr $rdev 0660 "
none="ENOENT ENOENT "
two="name=onerng name=ttyACM0"
for kind in privileged idmapped; do
	id=$kind
	chown nobody "$node"
	chmod 600 "$node"
	lxc_make $id $kind
	lxc_hooks $id "$id device=virtual $two"
	starts $id "$none"
	lxc_facts $id virtual "$node" "$rdev"
	starts $id "$both"
	echo "lxc.hook.version = 1" >>"$(lxc_config $id)"
	starts $id "$both"
	ln -s /etc/passwd "$(lxc_root $id)/dev/onerng"
	starts $id "$both"
	# no tmpfs: what a hook leaves is there for ever
	sed -i 's/^lxc.autodev.*/lxc.autodev = 0/' "$(lxc_config $id)"
	starts $id "lnk 0:0 0777 chr $rdev 0660 "
	rm -f "$(lxc_root $id)/dev/onerng"
	starts $id "$both"
	# the files that devices were on are seen when those are not there
	mv "$T/run/lxc/$id.facts" "$T/run/lxc/away"
	starts $id "$none"
	mv "$T/run/lxc/away" "$T/run/lxc/$id.facts"
	sed -i 's/^lxc.autodev.*/lxc.autodev = 1/' "$(lxc_config $id)"

	lxc_make $id-need $kind
	lxc_hooks $id-need "$id-need device=virtual require=yes"
	quick "$kind, require=yes, no device: refused" 1 lxc_start $id-need
	check "LXC's log has the reason" grep -q \
		"the agent knows no container $id-need" "$(lxc_log $id-need)"
	lxc_facts $id-need virtual "$node" "$rdev"
	starts $id-need "chr $rdev 0660 ENOENT "
	"$B/tests/integration/devprobe" hang "$T/run/hook.sock" &
	hang_pid=$!
	wait_for 5 test -S "$T/run/hook.sock"
	# three hooks wait, each within its time
	check "$kind starts beside an agent that hangs" lxc_start $id-need
	equal "$kind has its device" "chr $rdev 0660 ENOENT " \
		"$(looks $id-need)"
	lxc_stop $id-need
	kill $hang_pid
	wait $hang_pid 2>/dev/null
	rm -f "$T/run/hook.sock"

	# by hand, as few words as there may be; LXC appends its own
	lxc_make $kind-hand $kind
	for type in autodev start-host; do
		echo "lxc.hook.$type = $T/lib/lxc-autodev run=$T/run"
	done >>"$(lxc_config $kind-hand)"
	lxc_facts "$(lxc_name $kind-hand)" plain "$node" "$rdev"
	starts $kind-hand "chr $rdev 0660 ENOENT "
	echo "lxc.hook.version = 1" >>"$(lxc_config $kind-hand)"
	starts $kind-hand "chr $rdev 0660 ENOENT "
done

mv "$T/lib" "$T/removed"
for id in privileged idmapped-need; do
	starts $id "$none"
done
mv "$T/removed" "$T/lib"

# -- a socket's directory: the agent cannot make it another one
lxc_make socket privileged
lxc_hooks socket "socket device=none socket=yes"
lxc_facts socket none
: >"$T/run/lxc/socket/here"
quick "with a socket it starts" 0 lxc_start socket
equal "its directory is there" here "$(lxc_run socket /bin/ls /dev/onerng.d)"
lxc_run socket /bin/busybox touch /dev/onerng.d/x 2>/dev/null
check "it is read-only" test ! -e "$T/run/lxc/socket/x"
lxc_stop socket
rm -rf "$T/run/lxc/socket"
ln -s /etc "$T/run/lxc/socket"
quick "with a link in its place it starts" 0 lxc_start socket
check "and has none" refuse "" 1 lxc_run socket /bin/ls /dev/onerng.d
lxc_stop socket

#!/bin/sh
# the printed hook, run as LXC would: whose terminal it gives away, what it
# waits for, what it tells the agent
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
need lxc-start unshare python3
[ "$(id -u)" -eq 0 ] || skip_all "needs root"

id=web
inc=$T/inc
run=$T/run
root=$T/root
config=$T/lxc/$id/config
hook=$inc/$id.hook
agent=12 # the agent's user, who owns its directory
mkdir -p "$T/lxc/$id" "$run/lxc" "$inc" "$root/dev" "$T/lib"
chmod 755 "$T"
chown $agent:$agent "$run/lxc"
echo "lxc.rootfs.path = dir:$root" >"$config"

# A pty that is nobody's yet; its path in $T/pty.
cat >"$T/open.py" <<'END2'
import os, pty, signal, sys
master, slave = pty.openpty()
with open(sys.argv[1] + ".new", "w") as out:
    out.write(os.ttyname(slave))
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
END2
start pty python3 "$T/open.py" "$T/pty"
wait_for 10 test -s "$T/pty" || skip_all "no pty"
pty=$(cat "$T/pty")

# print_hook OPTION...: the programs that tell the agent are ours.
print_hook() {
	"$B/onerngctl" -s "$run/control.sock" container hook $id \
		--path "$T/lxc" --includes "$inc" "$@" |
		sed "s,libdir='[^']*',libdir='$T/lib'," >"$hook"
	chmod 755 "$hook"
}

# facts [NODE [RDEV]]: as the agent writes them.
facts() {
	rm -f "$run/lxc/$id.facts"
	printf 'version=1\ndevice=virtual\nnode=%s\nrdev=%s\nstate=serving\n' \
		"${1:-$pty}" "${2-136:${pty##*/}}" >"$run/lxc/$id.facts"
	chown $agent:$agent "$run/lxc/$id.facts"
}

# own USER GROUP MODE: of the pty.
own() {
	chown "$1:$2" "$pty"
	chmod "$3" "$pty"
}

# run_hook TYPE: in namespaces of its own; nothing that it waits for in vain is
# over by then.
run_hook() {
	timeout 30 unshare -m --propagation private env \
		LXC_ROOTFS_MOUNT="$root" "$hook" "$1" </dev/null
}

given() {
	stat -c %u:%g:%a "$pty"
}

check "a hook is printed" print_hook --require
facts
own $agent 5 0620
check "the agent's pty is taken" run_hook pre-start
equal "and given to the container" 0:20:660 "$(given)"
check "as it is at the next start, too" run_hook pre-start
check "and put into its /dev" run_hook autodev

own 0 5 0620
refuse "root's terminal is not" 1 run_hook pre-start
equal "nor touched" 0:5:620 "$(given)"
refuse "nor put there" 1 run_hook autodev
own 0 20 0620
refuse "nor one of the same group" 1 run_hook pre-start
refuse "nor put there" 1 run_hook autodev
own 7 20 0660
refuse "nor somebody else's" 1 run_hook pre-start
own $agent 5 0620
facts "$pty" "136:1048576"
refuse "nor one of another number than said" 1 run_hook pre-start
facts "$pty" ""
refuse "or of none" 1 run_hook pre-start
facts
chown 0:0 "$run/lxc/$id.facts"
own 0 5 0620
refuse "facts of another than the agent count for nothing" 1 run_hook pre-start
facts
mv "$run/lxc/$id.facts" "$T/elsewhere"
ln -s "$T/elsewhere" "$run/lxc/$id.facts"
own $agent 5 0620
refuse "nor does a link" 1 run_hook pre-start
equal "the agent's pty is still the agent's" $agent:5:620 "$(given)"

# A /dev that is a link leads to the host's.
facts
check "a /dev" run_hook pre-start
mv "$root/dev" "$T/host"
ln -s "$T/host" "$root/dev"
refuse "that is a link is left alone" 1 run_hook autodev
equal "and what it leads to" "onerng" "$(ls "$T/host")"
rm "$T/host/onerng"
LXC_ROOTFS_MOUNT=$root sh lxc/autodev-passthrough.sh >"$T/classic" 2>&1
equal "as by the other hook" "" "$(ls "$T/host")"
rm "$root/dev"
mkdir "$root/dev"

# A file that cannot be made ends no shell: a special builtin's would.
read_only() {
	# shellcheck disable=SC2016 # that shell's own
	timeout 30 unshare -m --propagation private sh -c \
		'mount -t tmpfs -o ro none "$LXC_ROOTFS_MOUNT/dev" && exec "$@"' \
		sh "$hook" autodev </dev/null
}
export LXC_ROOTFS_MOUNT="$root"
refuse "a /dev that is read-only" 1 read_only
cp "$T/.check" "$T/said"
check "which is said" grep -q "/dev/onerng is taken" "$T/said"
sed -i 's/^require=.*/require=no/' "$hook"
check "keeps it from starting only where it is required" read_only
sed -i 's/^require=.*/require=yes/' "$hook"
unset LXC_ROOTFS_MOUNT

# LXC sets no limit.
rm "$run/lxc/$id.facts"
mkfifo "$run/lxc/$id.facts"
chown $agent:$agent "$run/lxc/$id.facts"
refuse "a pipe in the facts' place is not waited for" 1 run_hook pre-start
facts
printf '#!/bin/sh\nexec sleep 600\n' >"$T/lib/lxc-pre-start"
chmod 755 "$T/lib/lxc-pre-start"
check "nor an agent that hangs" run_hook pre-start

# What runs is told to the agent.
for type in pre-start start-host post-stop; do
	rm -f "$T/lib/lxc-$type"
	# shellcheck disable=SC2016 # that script's own
	printf '#!/bin/sh\necho "${0##*/} $*" >>%s/told\n' "$T" \
		>"$T/lib/lxc-$type"
	chmod 755 "$T/lib/lxc-$type"
	check "$type passes" run_hook $type
	equal "$type is told" \
		"lxc-$type $id device=none run=$run type=$type" \
		"$(tail -n 1 "$T/told")"
done
for type in pre-start autodev start-host post-stop; do
	check "a line calls it at $type" grep -q "^#	lxc.hook.$type = " "$hook"
done
rm -r "${T:?}/lib"
check "without these programs it goes as well" run_hook pre-start
check "to its end" run_hook post-stop
check "it is a script without a fault" sh -c \
	"! command -v shellcheck >/dev/null || shellcheck '$hook'"

#!/bin/sh
# a container's socket serves those in the container: not a user of the host's,
# not its root, not another container, whatever that is called
# timeout: 180
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/lxc.sh"
trap lxc_exit EXIT
lxc_need
need setpriv

socket=/dev/onerng.d/egd.sock
probe=$B/tests/integration/devprobe

# attach NAME: also its ID, which need not be its name.
attach() {
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container attach \
		"$(lxc_name "$1")" --path "$LXC_PATH" --socket \
		--includes "$T/inc" --drop-ins "$T/hostd.conf.d" >"$T/said" 2>&1
}

# of NAME KEY: from its status.
of() {
	hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
	if c["kind"] == "container" and c["name"] == sys.argv[1]:
		print(c[sys.argv[2]])' "$1" "$2"
}

knows() {
	[ "$(of "$(lxc_name "$1")" pid)" = "$(lxc_pid "$1")" ]
}

mkdir "$T/hostd.conf.d"
hostd_conf
check "the host agent starts" hostd_start || exit 1
wait_for 30 hostd_state serving
# devprobe is run by other users, too
cp "$probe" "$T/devprobe"
chmod 755 "$T/devprobe" "$T/run"

for layout in v1 v2; do
	lxc_layout $layout
	for kind in privileged idmapped; do
		one=$layout-$kind
		lxc_make $one $kind common
		lxc_make $one-2 $kind common
		check "$one: attach" attach $one
		check "$one: attach another" attach $one-2
		check "$one: it starts" lxc_start $one
		check "$one: the other one, too" lxc_start $one-2
		wait_for 10 knows $one
		path=$T/run/lxc/$(lxc_name $one)/egd.sock
		check "$one: there is a socket" test -S "$path"
		equal "$one: it serves the container" 64 \
			"$(lxc_probe $one egd $socket)"
		equal "$one: nobody of the host" 0 \
			"$(setpriv --reuid nobody --clear-groups \
				"$T/devprobe" egd "$path")"
		equal "$one: not its root" 0 "$("$T/devprobe" egd "$path")"
		# in its control groups, with the host's files
		equal "$one: not another container" 0 \
			"$(lxc_in lxc-attach -P "$LXC_PATH" -s NETWORK \
				-n "$(lxc_name $one-2)" -- \
				"$T/devprobe" egd "$path" </dev/null)"
		equal "$one: which has one of its own" 64 \
			"$(lxc_probe $one-2 egd $socket)"
		equal "$one: the three are counted" 3 \
			"$(of "$(lxc_name $one)" foreign)"
		equal "$one: and keep nobody out" 64 \
			"$(lxc_probe $one egd $socket)"
		lxc_stop $one
		lxc_stop $one-2
	done
done
check "the log says whom" grep -q "uid $(id -u nobody) refused: of no container" \
	"$T/keeper.log"
hostd_stop

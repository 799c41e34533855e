#!/bin/sh
# What LXC's hooks add to a container's start: each type, called as LXC does and
# with all of its work to do, beside what starting any process costs; and whole
# starts with and without them, in turn.  All are medians.  The agent is a
# socket that takes what comes.
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh
. tests/bench/bench.sh

rounds=${BENCH_ROUNDS:-30}
trap lxc_exit EXIT
lxc_need
lxc_layout v1
lxc_install
lxc_agent
lxc_pty a || exit 1
start agent "$B/tests/integration/devprobe" take "$T/run/hook.sock"
wait_for 10 test -S "$T/run/hook.sock" || exit 1

# median: of the numbers on its input.
median() {
	sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

# timed COMMAND...: milliseconds.
timed() {
	timed_began=$(date +%s%N)
	"$@" </dev/null >"$T/timed.out" 2>&1 || return
	calc "($(date +%s%N) - $timed_began) / 1000000"
	echo
}

# A container's /dev as autodev finds it, in a mount namespace of its own.
cat >"$T/autodev.sh" <<'END'
mount -t tmpfs none "$1" && mkdir "$1/dev" || exit
began=$(date +%s%N)
LXC_ROOTFS_MOUNT=$1 "$2" "$3" device=virtual require=yes run="$4" || exit
ended=$(date +%s%N)
[ -c "$1/dev/onerng" ] && echo $((ended - began))
END

autodev() {
	unshare -m --propagation private sh "$T/autodev.sh" "$T/plant" \
		"$T/lib/lxc-autodev" "$kind" "$T/run" </dev/null 2>"$T/autodev" |
		awk '{ printf "%.3f\n", $1 / 1000000 }'
}

# As it is before a start: the agent's, and the container has none, so that
# start-host gives it away and mounts it, which is more than autodev leaves to do.
untouched() {
	chown nobody "$(lxc_node a)"
	chmod 600 "$(lxc_node a)"
	[ "$1" != start-host ] || lxc_run "$kind-bare" /bin/sh -c '
		[ ! -e /dev/onerng ] ||
			{ umount /dev/onerng && rm -f /dev/onerng; }'
}

# one TYPE: milliseconds of a call.
one() {
	untouched "$1" || return
	case $1 in
	autodev) autodev ;;
	nothing) timed env /bin/true ;;
	*)
		timed env LXC_PID="$pid" "$T/lib/lxc-$1" "$kind" \
			device=virtual run="$T/run"
		;;
	esac
}

# start_one NAME: milliseconds of a start and a kill.
start_one() {
	untouched "$1" || return
	start_ms=$(timed lxc_start "$1") && stop_ms=$(timed lxc_stop "$1") &&
		calc "$start_ms + $stop_ms" && echo
}

mkdir -p "$T/plant"
for kind in privileged idmapped; do
	lxc_facts $kind virtual "$(lxc_node a)" "$(lxc_rdev a)"
	lxc_make $kind $kind
	lxc_hooks $kind "$kind device=virtual"
	lxc_make $kind-bare $kind
	# what it has is none of the hooks', which begin with an empty /dev
	check "a container for it runs" lxc_start $kind-bare || exit 1
	pid=$(lxc_pid $kind-bare)
	for _ in $(seq "$rounds"); do
		for type in nothing pre-start autodev start-host post-stop; do
			one $type >>"$T/$kind-$type.ms"
		done
	done
	lxc_stop $kind-bare
	nothing=$(median <"$T/$kind-nothing.ms")
	sum=0
	for type in pre-start autodev start-host post-stop; do
		added=$(calc "$(median <"$T/$kind-$type.ms") - $nothing")
		sum=$(calc "$sum + $added")
		bench "lxc-$type-$kind" "$added" "ms, added" "<= 5"
	done
	bench "lxc-hooks-$kind" "$sum" "ms, the sum of the four" "<= 5"
	for _ in $(seq "$rounds"); do
		start_one $kind-bare >>"$T/$kind-bare.ms"
		start_one $kind >>"$T/$kind-with.ms"
	done
	bare=$(median <"$T/$kind-bare.ms")
	with=$(median <"$T/$kind-with.ms")
	bench "start-$kind-without" "$bare" "ms, a start and a kill"
	bench "start-$kind-added" "$(calc "$with - $bare")" \
		"ms, by four hooks and the shells that run them"
done

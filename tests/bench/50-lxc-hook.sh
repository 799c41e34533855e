#!/bin/sh
# What LXC's hooks add to a container's start: each type, called as LXC does,
# beside what starting any process costs; and whole starts with and without
# them.  The agent is a socket that takes what comes.
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

# calls COMMAND...: milliseconds of one, on average.
calls() {
	began=$(date +%s%N)
	for _ in $(seq "$rounds"); do
		"$@" </dev/null >"$T/calls.out" 2>&1 || return
	done
	calc "($(date +%s%N) - $began) / 1000000 / $rounds"
}

# starts NAME: milliseconds of a start and a kill, on average.
starts() {
	began=$(date +%s%N)
	for _ in $(seq "$rounds"); do
		lxc_start "$1" && lxc_stop "$1" || return
	done >"$T/starts.out" 2>&1
	calc "($(date +%s%N) - $began) / 1000000 / $rounds"
}

nothing=$(calls /bin/true)
for kind in privileged idmapped; do
	lxc_facts $kind virtual "$(lxc_node a)" "$(lxc_rdev a)"
	lxc_make $kind $kind
	lxc_hooks $kind "$kind device=virtual"
	lxc_make $kind-bare $kind
	check "a container for it runs" lxc_start $kind || exit 1
	pid=$(lxc_pid $kind)
	# the device out and in again, which is what a start has to do
	for type in pre-start start-host post-stop; do
		took=$(calls env LXC_PID="$pid" "$T/lib/lxc-$type" $kind \
			device=virtual run="$T/run")
		bench "lxc-$type-$kind" "$(calc "$took - $nothing")" \
			"ms, added" "<= 5"
	done
	lxc_stop $kind
	bare=$(starts $kind-bare)
	with=$(starts $kind)
	bench "start-$kind-without" "$bare" "ms, a start and a kill"
	bench "start-$kind-added" "$(calc "$with - $bare")" \
		"ms, by four hooks, the shells that run them among it" "<= 20"
done

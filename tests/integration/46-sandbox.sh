#!/bin/sh
# protections that are believed in: one that cannot be had or has no effect is
# an error; filters of system calls over a hand-over by exec
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

without=$B/tests/integration/without
a=11111111-1111-1111-1111-111111111111

# unfit NAME WORDS WHAT [COMMAND...]: without WHAT, started by COMMAND, it ends
# with status 1 and says WORDS.
unfit() {
	unfit_name=$1 unfit_words=$2
	shift 2
	timeout 120 "$without" "$@" "$B/onerng-hostd" -c "$T/hostd.conf" \
		>"$T/unfit.log" 2>&1
	set -- "$unfit_name" "$unfit_words" $?
	equal "$1: it does not serve" 1 "$3"
	check "$1: it says so" grep -q -- "$2" "$T/unfit.log"
	check "$1: no socket stays" test ! -e "$(hostd_socket $a)"
}

use() {
	sed -i "s/^sandbox=.*/sandbox=$1/" "$T/hostd.conf"
}

hostd_conf a=$a
printf '[container c]\n' >>"$T/hostd.conf"
if [ "$(id -u)" -eq 0 ]; then
	unfit "capabilities that stay" "are left: none should be" caps-effect
	# enough for the pool of 64 KiB, which is there before rights are not
	unfit "locked memory for a pool only" "no more memory can be locked" \
		nothing prlimit --memlock=400000:400000 \
		setpriv --bounding-set -sys_resource
else
	skip "capabilities that stay, locked memory" "needs root"
fi
if [ "$(hostd_sandbox)" = off ]; then
	skip "filters" "sanitizers make calls of their own"
	exit 0
fi
for mode in errno kill; do
	use $mode
	unfit "$mode, no filter" "cannot filter system calls" filter
	unfit "$mode, a filter without effect" "has no effect" filter-effect
done

# run_role WHAT ROLE...: without WHAT.
run_role() {
	role_without=$1
	shift
	timeout 120 "$without" "$role_without" "$B/onerng-hostd" \
		--sandbox errno --role "$@" >"$T/role.log" 2>&1
}

# unfit_role WORDS WHAT ROLE...
unfit_role() {
	role_words=$1
	shift
	refuse "$2 without $1 ends" 1 run_role "$@"
	check "and says so" grep -q "$2: .*$role_words" "$T/role.log"
}
# shellcheck disable=SC2086 # words
for role in 'reader --port 1-1' 'hwrng-reader --port /dev/hwrng' watcher; do
	unfit_role "has no effect" filter-effect $role
	[ "$(id -u)" -ne 0 ] || unfit_role "are left" caps-effect $role
done

# What a program says that is to take over behind a filter of other lists.
export ONERNG_SANDBOX=kill:1
refuse "a program that needs other calls is refused" 1 \
	"$without" nothing "$B/onerng-hostd" -t -c "$T/hostd.conf"
check "unless there is no filter" "$B/onerng-hostd" -t -c "$T/hostd.conf"
unset ONERNG_SANDBOX

field() {
	sed -n "s/^$2:[[:blank:]]*//p" "/proc/$1/status"
}
outside=$(field self Seccomp_filters)
[ -n "$outside" ] || {
	skip "filters over a hand-over" "Linux before 5.9 does not count them"
	exit 0
}

# behind PID NUMBER: so many of ours.
behind() {
	[ "$(($(field "$1" Seccomp_filters) - outside))" -eq "$2" ]
}

child() {
	pgrep -P "$pid" -f -- "--role $1"
}

# filters CORE: so many of the core, one more of each child.
filters() {
	check "$mode: the core is behind $1" behind "$pid" "$1"
	for role in reader watcher; do
		check "$mode: the $role has its own, too" \
			behind "$(child $role)" $(($1 + 1))
	done
	check "$mode: the terminals' process is as strict" \
		grep -qzx "$(hostd_get sandbox.mode)" \
		"/proc/$(child terminal)/cmdline"
}

hand_overs() {
	grep -c 'takes over$' "$T/keeper.log"
}

more_than() {
	[ "$(hand_overs)" -gt "$1" ]
}

# hand_over MODE: configured so; the same process, another program image.
hand_over() {
	use "$1"
	before=$(hand_overs)
	kill -s USR2 "$pid"
	check "configured $1: it hands over" wait_for 20 more_than "$before"
	check "and serves" wait_for 60 served
	equal "as the same process" "$pid" "$(cat "$T/hostd.pid")"
}

# Not by what the process before still answered.
served() {
	[ "$(grep -c 'state: serving$' "$T/keeper.log")" -gt $((before + 1)) ] &&
		hostd_state serving
}

mode="errno"
use $mode
hostd_start --rate 150000 || exit 1
pid=$(cat "$T/hostd.pid")
check "it serves" wait_for 60 hostd_state serving
filters 1
hand_over errno
hand_over errno
filters 1
mode="kill"
hand_over kill
filters 2
equal "a stricter mode is taken" kill "$(hostd_get sandbox.mode)"
hand_over off
filters 2
equal "a laxer one is not" kill "$(hostd_get sandbox.mode)"
check "and that is said" grep -q "filter of the process before stays: kill" \
	"$T/keeper.log"
check "its peers are served" timeout 240 "$B/tests/integration/egdpeer" \
	read "$(hostd_socket $a)" 5 64 "$T/got"
hostd_stop

# shellcheck shell=sh
# Sourced first by every test script:
#
#	#!/bin/sh
#	# what it shows, in a sentence
#	# timeout: 60
#	. "$(dirname "$0")/../lib/test.sh"
#
# It changes to the top of the tree ($TEST_TOP, else two folders above the
# script), makes a temporary folder $T, and on exit ends what start() began and
# removes $T.  $B is where the programs are.  The last lines of a script need
# nothing: the exit status is 0 if no check failed.
#
# Where a function takes SECONDS, they are what a quiet machine needs at most: a
# busy one is given PATIENCE times as many.

set -u
umask 022
cd "${TEST_TOP:-$(dirname "$0")/../..}" || exit 1
: "${B:=build/opt}" "${PATIENCE:=5}"
B=$(realpath -m "$B")
export B PATIENCE
LC_ALL=C
export LC_ALL
# A socket's path has 107 bytes at most.
: "${TMPDIR:=/tmp}"
[ ${#TMPDIR} -le 32 ] || TMPDIR=/tmp
T=$(mktemp -d "$TMPDIR/onerng-test.XXXXXX") || exit 1

test_started=

# printf, because echo would take a backslash for more than that.
ok() {
	printf 'ok %s\n' "$1"
}

# not_ok NAME REASON
not_ok() {
	printf 'not ok %s: %s\n' "$1" \
		"$(printf %s "${2:-failed}" | tr '\n' ' ')"
	# A file, because checks may stand in a pipeline's subshell.
	echo "$1" >>"$T/.failed"
}

# skip NAME REASON
skip() {
	printf 'skip %s: %s\n' "$1" "$2"
}

# skip_all REASON: ends the script, which then counts as one skip.
skip_all() {
	skip "$(basename "$0" .sh)" "$1"
	exit 0
}

# need COMMAND...: the whole script is skipped where one is not installed.
need() {
	for test_word in "$@"; do
		command -v "$test_word" >/dev/null ||
			skip_all "$test_word is not installed"
	done
}

# check NAME COMMAND...: one check; on failure its last words are the reason.
check() {
	test_name=$1
	shift
	if "$@" >"$T/.check" 2>&1 </dev/null; then
		ok "$test_name"
	else
		test_status=$?
		cat "$T/.check"
		not_ok "$test_name" "$(tail -n 1 "$T/.check") (status $test_status: $*)"
		return 1
	fi
}

# refuse NAME STATUS COMMAND...: the command must end with that exit status.
refuse() {
	test_name=$1 test_wanted=$2
	shift 2
	"$@" >"$T/.check" 2>&1 </dev/null
	test_status=$?
	if [ "$test_status" -eq "$test_wanted" ]; then
		ok "$test_name"
	else
		cat "$T/.check"
		not_ok "$test_name" "status $test_status, not $test_wanted: $*"
		return 1
	fi
}

# equal NAME WANTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted '$2', got '$3'"
		return 1
	fi
}

# wait_for SECONDS COMMAND...: runs it until it succeeds; 1 if it never did.
# The command may wait for something itself.
wait_for() {
	test_uptime
	set -- $((test_now + $1 * PATIENCE)) "$@"
	until test_try "$@" >/dev/null 2>&1 </dev/null; do
		test_uptime
		[ "$test_now" -lt "$1" ] || return 1
		sleep 0.1
	done
}

test_try() {
	shift 2
	"$@"
}

# $test_now: seconds of a clock that nobody sets.
test_uptime() {
	read -r test_now _ </proc/uptime
	test_now=${test_now%.*}
}

# alive PID: it runs; a process that ended and was not waited for does not.
alive() {
	read -r test_stat 2>/dev/null <"/proc/$1/stat" || return 1
	test_stat=${test_stat##*) }
	case $test_stat in
	Z* | X*) return 1 ;;
	esac
}

gone() {
	! alive "$1"
}

# test_born PID: $test_stat, when the process began, in ticks; 1 if there is none.
test_born() {
	read -r test_stat 2>/dev/null <"/proc/$1/stat" || return 1
	test_stat=${test_stat##*) }
	# shellcheck disable=SC2086 # words
	set -- $test_stat
	test_stat=${20}
}

# strangers PID: the number of what start() began is another process's by now,
# as it may be soon where many begin and end.
strangers() {
	test_born "$1" || return
	case "$test_started " in
	*" $1:$test_stat "*) return 1 ;;
	esac
}

# start NAME COMMAND...: in the background, in a session of its own; output in
# $T/NAME.log, process id in $T/NAME.pid.  Dies with the script.
start() {
	test_job=$1
	shift
	# A shell's background processes ignore SIGINT; these must not.
	setsid setpriv --pdeathsig KILL -- \
		env --default-signal=INT,QUIT "$@" \
		>>"$T/$test_job.log" 2>&1 </dev/null &
	echo $! >"$T/$test_job.pid"
	# The shell has not waited for it yet, so its number is its own.
	test_born $!
	test_started="$test_started $!:$test_stat"
}

pid_of() {
	cat "$T/$1.pid"
}

running() {
	alive "$(pid_of "$1")" && ! strangers "$(pid_of "$1")"
}

# ended NAME SECONDS: waits for its end; its exit status, 124 if it runs on.
ended() {
	test_pid=$(pid_of "$1")
	wait_for "$2" test_ended "$test_pid" || return 124
	wait "$test_pid"
}

test_ended() {
	gone "$1" || strangers "$1"
}

# stop NAME [SECONDS [SIGNAL]]: its exit status, 124 if it had to be killed.
stop() {
	test_pid=$(pid_of "$1")
	test_kill "${3:-TERM}" "$test_pid"
	ended "$1" "${2:-5}"
	test_status=$?
	# What it left behind in its session goes too.
	test_kill KILL "$test_pid" -
	return $test_status
}

# test_kill SIGNAL PID [-]: what start() began, with a third word its session.
test_kill() {
	strangers "$2" || kill -s "$1" -- "${3:-}$2" 2>/dev/null
}

# for_others PROGRAM: the path of a copy that any user may run, who may have no way
# to where the tree is.
for_others() {
	chmod 755 "$T"
	mkdir -p "$T/others"
	cp -u "$1" "$T/others"
	chmod -R a+rX "$T/others"
	echo "$T/others/$(basename "$1")"
}

# json PATH <FILE: the value at a path such as devices.0.state; objects and
# lists as JSON; 1 if there is none.
json() {
	"$B/tests/integration/jsonget" "$1"
}

test_cleanup() {
	test_status=$?
	trap - EXIT
	trap '' HUP INT TERM
	for test_job in $test_started; do
		test_kill TERM "${test_job%:*}"
	done
	PATIENCE=1
	for test_job in $test_started; do
		wait_for 5 test_ended "${test_job%:*}"
		test_kill KILL "${test_job%:*}" -
	done
	[ ! -s "$T/.failed" ] || test_status=1
	if [ -n "${KEEP:-}" ]; then
		echo "kept: $T"
	else
		rm -rf "$T"
	fi
	exit "$test_status"
}
trap test_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

#!/bin/sh
# tests/run counts what programs say, and how they end; nothing outlives it
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"

# program NAME [FIRST LINE]: a test program; its commands come in.
program() {
	{
		printf '#!/bin/sh\n%s\n' "${2:-}"
		cat
	} >"$T/$1"
	chmod +x "$T/$1"
}

# runs JOBS NAME...: its status, what it printed in $T/out.
runs() {
	runs_jobs=$1
	shift
	for runs_name; do
		shift
		case $runs_name in
		*=*) set -- "$@" "$runs_name" ;;
		*) set -- "$@" "$T/$runs_name" ;;
		esac
	done
	JOBS=$runs_jobs LOGS=$T/log TICK=1 TMPDIR=$T timeout 240 \
		tests/run "$@" >"$T/out" 2>&1 </dev/null
}

says() {
	if grep -qF -- "$2" "$T/out"; then
		ok "$1"
	else
		cat "$T/out"
		not_ok "$1" "nothing says '$2'"
	fi
}

last_line() {
	equal "$1" "$2" "$(tail -n 1 "$T/out")"
}

program good <<'END'
echo "ok one"
echo "ok two"
echo "skip three: no such thing here"
END
program bad <<'END'
echo "ok one"
echo "because of that"
echo "not ok two: reason"
exit 1
END
program lies <<'END'
echo "not ok two: reason"
END
program crashes <<'END'
echo "ok one"
kill -SEGV $$
END
program empty <<'END'
echo "nothing is said of checks"
END
program hangs '# timeout: 1' <<'END'
echo "ok one"
sleep 60
END

check "what passes is counted" runs 1 good
last_line "with what is skipped" "2 passed, 0 failed, 1 skipped"
says "and why it is" "skip three: no such thing here"
refuse "a failure is one of tests/run" 1 runs 4 good bad
last_line "it counts" "3 passed, 1 failed, 1 skipped"
says "its reason is told" "not ok two: reason"
says "its output is shown" "| because of that"
refuse "a failure that ends well is one" 1 runs 4 lies
refuse "a crash is a failure" 1 runs 4 crashes
last_line "beside what passed" "1 passed, 1 failed, 0 skipped"
says "its status is told" "crashes: ended with status 139"
refuse "who checks nothing fails" 1 runs 4 good empty
says "and that is told" "empty: checked nothing"
refuse "what does not exist fails" 1 runs 4 good absent
says "and is missed" "absent: cannot be run"
refuse "who hangs fails" 1 runs 4 good hangs
says "at twice its limit" "hangs: ran into its limit of 2 s"
says "which is announced" "running: "
refuse "alone, at its limit" 1 runs 1 hangs
says "of what it says" "hangs: ran into its limit of 1 s"
refuse "nothing is no success" 1 runs 4
last_line "and says so" "0 passed, 0 failed, 0 skipped"

# AGAIN: what fails only beside others is told from what fails.
program moody <<END
[ -e "$T/moody.seen" ] && exec echo "ok in a better mood"
: >"$T/moody.seen"
echo "ok one"
echo "not ok two: in a mood"
exit 1
END
AGAIN=1
export AGAIN
check "who passes when run again passes" runs 4 good moody
last_line "the second time counts" "3 passed, 0 failed, 1 skipped"
says "the first is told" "not ok two: in a mood"
says "and who it was" "passed alone, failed at first: $T/moody, "
check "both logs are kept" test -s "$T/log/$(echo "$T" | tr / -)-moody.log" \
	-a -s "$T/log/$(echo "$T" | tr / -)-moody.again.log"
refuse "who fails twice fails" 1 runs 4 good bad
last_line "and is counted once" "3 passed, 1 failed, 1 skipped"
rm "$T/moody.seen"
refuse "no more run again than may" 1 runs 1 bad moody
last_line "which fail at once" "2 passed, 2 failed, 0 skipped"
AGAIN=0
refuse "none without leave" 1 runs 4 bad
last_line "as before" "1 passed, 1 failed, 0 skipped"

# An environment holds for those behind it, whatever the order they run in.
program shows '# timeout: 100' <<'END'
echo "ok shows $WORD"
END
program shows-late '# timeout: 200' <<'END'
echo "ok late $WORD"
END
check "an environment is for those behind it" \
	runs 1 "WORD=first time" shows WORD=second shows-late
grep -h '^ok' "$T"/log/*shows*.log >"$T/words"
equal "each has its own" "ok late second ok shows first time" \
	"$(sort "$T/words" | tr '\n' ' ' | sed 's/ $//')"

# Who meets others leaves a trace: each is in the folder while it runs, for a
# moment, or longer until it has met another.
meets() {
	mkdir "$T/$1"
	for meets_name in 1 2 3; do
		program "$1$meets_name" "$2" <<END
: >"$T/$1/\$\$"
for i in \$(seq $3); do
	sleep 0.5
	n=\$(ls "$T/$1" | wc -l)
	[ \$n -le 1 ] || break
done
echo "ok met"
echo \$n
rm "$T/$1/\$\$"
END
	done
	check "three programs run: $1" runs 4 "${1}1" "${1}2" "${1}3"
	most=$(cat "$T"/log/*"$1"[123].log | grep -v ok | sort -n | tail -n 1)
}
meets beside '' 40
check "programs run side by side" test "$most" -gt 1
meets alone '# alone' 1
equal "who must be alone is" 1 "$most"

# Two run; one does not end when asked; one has a child of its own.
program waits <<'END'
sleep 70 &
echo $! >"$0.child"
wait
END
program stays '# timeout: 100' <<'END'
trap '' TERM
echo $$ >"$0.child"
while :; do sleep 1; done
END
for signal in INT TERM; do
	rm -f "$T"/*.child
	JOBS=4 LOGS=$T/log TMPDIR=$T KILL_AFTER=5 \
		start runner tests/run "$T/waits" "$T/stays"
	check "two programs run: $signal" wait_for 10 \
		test -s "$T/waits.child" -a -s "$T/stays.child"
	stop runner 20 $signal
	equal "$signal ends it" 130 $?
	check "$signal ends a program's child" gone "$(cat "$T/waits.child")"
	check "$signal ends who does not want to" \
		gone "$(cat "$T/stays.child")"
done
equal "no temporary folder is left" "" "$(ls -d "$T"/tmp.* 2>/dev/null)"

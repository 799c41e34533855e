#!/bin/sh
# the host agent killed, ended and replaced again and again at any moment, its
# device gone and back, its system calls failing now and then, under peers of
# the worst manners and others that read much: nothing comes twice, nobody is
# stuck, nothing is left running
# timeout: 700
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

# 20 kills, and about as many other ends; 16 consumers of class drbg read
# 256 KiB each.  SOAK=1: 1,000 kills, 64 consumers, 16 MiB each.  SEED=N: the
# same choices again.
peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
kills=20 one_in=40 bulks=16 bulk_kib=256
[ -z "${SOAK:-}" ] || kills=1000 bulks=64 bulk_kib=16384
seed=${SEED:-$(od -A n -t u4 -N 4 /dev/urandom | tr -d ' ')}
seed=$((seed % 1000000))
echo "seed $seed"
state=$seed

uuid() {
	printf '6f6e6572-6e67-4000-8000-%012d' "$1"
}

# roll BELOW: $rolled is 0 to BELOW - 1.
roll() {
	state=$(((state * 1103515245 + 12345) & 0x7fffffff))
	rolled=$(((state >> 12) % $1))
}

# nap TENTHS: up to so long.
nap() {
	roll "$1"
	sleep "$((rolled / 10)).$((rolled % 10))"
}

serving() {
	hostd_state serving
}

# d1 and the host: raw; d2: a DRBG; d3: the kernel's bytes meanwhile; d4: raw
# with a limit; d101 and on: a DRBG, for those that read much.
configure() {
	hostd_conf
	{
		printf '[domain d1]\nuuid=%s\n' "$(uuid 1)"
		printf '[domain d2]\nuuid=%s\nclass=drbg\n' "$(uuid 2)"
		printf '[domain d3]\nuuid=%s\nwhen_absent=kernel\n' "$(uuid 3)"
		printf '[domain d4]\nuuid=%s\nrate=4096\nburst=8192\n' \
			"$(uuid 4)"
		for n in $(seq 101 $((100 + bulks))); do
			printf '[domain d%s]\nuuid=%s\nclass=drbg\n' "$n" \
				"$(uuid "$n")"
		done
	} >>"$T/hostd.conf"
}

peers_start() {
	for n in 1 2 3 4; do
		start "wild$n" "$wild" peer "$(hostd_socket "$(uuid $n)")" \
			"$seed$n" "$T/got.$1.$n"
	done
	start wild5 "$wild" peer "$T/run/host.sock" "${seed}5" "$T/got.$1.5"
	for n in $(seq 101 $((100 + bulks))); do
		start "bulk$n" "$wild" bulk "$(hostd_socket "$(uuid "$n")")" \
			$((bulk_kib * 512)) "$T/got.$1.$n"
	done
}

# All of them have what they came for.
bulk_is_read() {
	for n in $(seq 101 $((100 + bulks))); do
		! running "bulk$n" || return
	done
}

bulk_stop() {
	bulk_bad=0
	for n in $(seq 101 $((100 + bulks))); do
		stop "bulk$n" 10 || bulk_bad=$((bulk_bad + 1))
	done
	equal "$bulks peers read $((bulk_kib / 2)) KiB each meanwhile, $1" 0 \
		$bulk_bad
	cat "$T"/bulk*.log | awk -v name="$1" '{ all += $1; times += $4 }
		END { print name ": bulk:", all, "bytes over", times, "connections" }'
	rm -f "$T"/bulk*.log
}

peers_stop() {
	for n in 1 2 3 4 5; do
		check "peer $n lived through it, $1" stop "wild$n" 10
		echo "peer $n: $(cat "$T/wild$n.log")"
		check "peer $n was served, $1" test -s "$T/got.$1.$n"
		rm -f "$T/wild$n.log"
	done
}

agent_up() {
	[ -s "$T/hostd.pid" ] && hostd_ctl status
}

# end SIGNAL: $slowest, the longest that SIGTERM took, in ms.
end() {
	end_pid=$(cat "$T/hostd.pid" 2>/dev/null) || return 0
	end_begun=$(date +%s%N)
	kill -s "$1" "$end_pid" 2>/dev/null
	[ "$1" != USR2 ] || return 0
	wait_for 20 gone "$end_pid" || return
	end_took=$((($(date +%s%N) - end_begun) / 1000000))
	[ "$1" = KILL ] || [ $end_took -le "$slowest" ] || slowest=$end_took
}

# away: the device leaves and comes back.
away() {
	hostd_sim unplug >/dev/null && nap 8 && hostd_sim plug >/dev/null
}

# said PATTERN: how often.
said() {
	grep -cE "$1" "$T/keeper.log"
}

killed() {
	said 'ended with status 137$|ended: signal 9$'
}

# moment: half of them as it starts, others later, and when it serves; there,
# too, once only those that read much are waited for.
moment() {
	wait_for 60 agent_up || return
	roll 4
	[ "$enough" = no ] || rolled=4
	case $rolled in
	[01]) nap 4 ;;
	2) nap 10 ;;
	3) wait_for 60 serving && nap 5 ;;
	4) wait_for 60 serving && sleep 1 ;;
	esac
}

# chaos KILLS: until so many were seen and all that was to be read is.
# $happened: how many ends, and departures of the device.
chaos() {
	slowest=0 happened=0 enough=no
	until [ $enough = yes ] && bulk_is_read; do
		[ $happened -lt $((4 * $1 + 400)) ] && moment || return
		roll 9
		[ $((happened % 8)) -ne 4 ] || rolled=9
		case $rolled in
		[0-4]) end KILL ;;
		[56]) end TERM ;;
		[78]) end USR2 ;;
		*) away ;;
		esac || return
		happened=$((happened + 1))
		[ "$(killed)" -lt "$1" ] || enough=yes
	done
}

# No signal that a bug raises, and no abort.
no_crash() {
	! grep -E 'ended with status 1(3[2-689]|59)$' "$T/keeper.log" &&
		! grep -E 'ended: signal ([4-8]|11|31)$' "$T/keeper.log" &&
		! grep -E 'Sanitizer|runtime error' "$T/keeper.log"
}

# injected: each kind of fault happened; what is rare takes a long run.
injected() {
	sort "$T/faults" | uniq -c
	set -- accept mlock recv send 'send: a part done'
	[ -z "${SOAK:-}" ] || set -- 'accept ECONNABORTED' 'accept EMFILE' \
		'accept ENOMEM' 'mlock ENOMEM' 'recv EAGAIN' 'recv EINTR' \
		'recv ENOMEM' 'send EAGAIN' 'send EINTR' 'send ENOBUFS' \
		'send ENOMEM' 'send: a part done'
	for kind; do
		check "calls failed: $kind" grep -qE "^$kind( |\$)" "$T/faults"
	done
}

session_is_empty() {
	! pgrep -s "$session"
}

# rounds NAME KILLS: what must be so after them.
rounds() {
	hostd_up || exit 1
	peers_start "$1"
	started=$(date +%s)
	# not in a check, whose command cannot set variables of ours
	if chaos "$2"; then
		ok "the agent ends, again and again, $1"
	else
		not_ok "the agent ends, again and again, $1" \
			"stuck after $happened"
		tail -n 20 "$T/keeper.log"
	fi
	check "at least $2 kills, $1" test "$(killed)" -ge "$2"
	echo "$1: $happened in $(($(date +%s) - started)) s, SIGTERM took at" \
		"most $slowest ms; $(said 'takes over$') hand-overs by exec," \
		"$(killed) kills," \
		"$(said 'ended with status (0|143)|ended: (status 0|signal 15)')" \
		"ends, $(said 'ended with status 1$|ended: status 1$') failed" \
		"starts, $(said ': gone: ') departures;" \
		"$(said 'taken over: pid') peers taken over"
	check "it serves after them, $1" wait_for 60 serving ||
		grep -vE ': (connected|no device serves):' "$T/keeper.log" |
			tail -n 20
	sleep 2
	bulk_stop "$1"
	peers_stop "$1"
	: >"$T/calm"
	check "a peer is served after them, $1" timeout 60 "$peer" read \
		"$(hostd_socket "$(uuid 1)")" 100 64 "$T/got.$1.calm"
	session=$(pid_of keeper)
	hostd_stop
	check "no signal was a bug's, $1" no_crash
	check "nothing is left running, $1" wait_for 10 session_is_empty
	mv "$T/keeper.log" "$T/$1.log"
	rm -f "$T/hostd.last" "$T/calm"
}

# Where nobody may look into the agent, its calls do not fail.
faulty=$B/tests/integration/faultrun
program=$T/program
if [ "$(id -u)" -eq 0 ] &&
	"$faulty" 1 1000 "$T" "$B/onerng-hostd" -V >/dev/null 2>&1; then
	printf '#!/bin/sh\nexec "%s" $$ %d "%s" "%s" "$@"\n' \
		"$faulty" $one_in "$T" "$B/onerng-hostd" >"$program"
	chmod +x "$program"
else
	program=$B/onerng-hostd
	skip "system calls fail" "needs root and seccomp's notifications"
fi

configure
hostd_keep
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$T/keeper" "$T" "$program"
rounds unkept $((kills / 2))
mkdir -p "$T/run"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 \
	--seed 2 -- "$B/tests/integration/fdstore" "$T" "$program" \
	-c "$T/hostd.conf"
rounds kept $((kills - kills / 2))

check "nothing came twice, at whatever offset" "$wild" unique "$T"/got.*
cat "$T/.check"
[ "$program" != "$T/program" ] || injected

# That check can fail: bytes that were there before, at another offset.
{
	printf x
	head -c 31 "$T/got.kept.calm"
} >"$T/again"
refuse "31 bytes that came twice would be seen" 1 \
	"$wild" unique "$T"/got.* "$T/again"

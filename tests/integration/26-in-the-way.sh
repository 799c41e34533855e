#!/bin/sh
# what concerns one socket is no reason to end: paths in the way, a full
# runtime directory, no descriptors left; clients while the agent restarts
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
A=$(hostd_socket $a)

# problem TEXT: the status lists it.
problem() {
	hostd_get problems | grep -q "$1"
}

no_problems() {
	[ "$(hostd_get problems)" = "[]" ]
}

logged() {
	grep -q "$1" "$T/keeper.log"
}

# once NAME TEXT: it is logged, and not again with every try.
once() {
	equal "$1" 1 "$(grep -c "$2" "$T/keeper.log")"
}

hostd_conf a=$a b=$b
mkdir -p "$T/run/kvm" "$T/run/hook.sock" "$T/hostd.conf.d"
: >"$A"
printf '[domain bad]\nuuid=nonsense\n' >"$T/hostd.conf.d/domain-bad.conf"
hostd_start --devices 1 || exit 1
check "an agent starts with paths in its way" wait_for 30 hostd_state serving
check "the others are served" \
	timeout 60 "$peer" read "$(hostd_socket $b)" 5 64 "$T/b"
check "the status says what is in a domain's way, and what to do" \
	problem "domain a: no socket: $A: in the way, no socket: .*: move it away"
equal "so does the domain's own" false \
	"$(hostd_get consumers.1.no_socket | grep -q 'in the way' || echo false
	hostd_get consumers.1.connected)"
check "and of the hooks' socket" problem "hook socket: .*in the way"
hostd_ctl status >"$T/said"
check "people are shown it" grep -q "^PROBLEM .*domain a: no socket" "$T/said"
check "a domain's wrong drop-in is left out" problem \
	"domain-bad.conf:2: .*left out"
refuse "--test refuses it" 3 "$B/onerng-hostd" -t -c "$T/hostd.conf"
rm "$T/hostd.conf.d/domain-bad.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "what is in the way is left alone" test -f "$A"
rm "$A"
rmdir "$T/run/hook.sock"
check "the domain has its socket once the way is free" wait_for 30 \
	test -S "$A"
check "the hooks have theirs" wait_for 30 test -S "$T/run/hook.sock"
equal "which is root's alone" 600 "$(stat -c %a "$T/run/hook.sock")"
check "no problem is left" wait_for 10 no_problems
check "and the domain is served" timeout 60 "$peer" read "$A" 5 64 "$T/a"
once "the domain's was logged once" "domain a: no socket"
once "the hooks' was logged once" "hook socket: .*in the way"
check "so is that it ended" logged "domain a: has its socket"

# Without the control socket nobody can ask; all else goes on.
hostd_hold
hostd_end TERM
mkdir "$T/run" "$T/run/control.sock" 2>/dev/null
: >"$T/run/kvm"
hostd_release
check "an agent without control socket and folders starts" \
	wait_for 30 test -S "$T/run/hook.sock"
check "it says what is in the way of the folders" \
	logged "run_dir: .*kvm: in the way: move it away"
rm "$T/run/kvm"
rmdir "$T/run/control.sock"
check "it answers once its way is free" wait_for 30 hostd_ctl status
check "domains have their sockets" wait_for 30 test -S "$A"
check "no problem is left of that either" wait_for 30 no_problems

# No descriptors are left: deaf for a second, not a loop.
pid=$(cat "$T/hostd.pid")
prlimit --pid "$pid" --nofile=3:
start waits timeout 60 "$B/onerngctl" -s "$T/run/control.sock" status
check "a client that cannot be accepted is told of" \
	wait_for 10 logged "control.sock: cannot accept: Too many open files"
before=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f12,13)
sleep 3
after=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f12,13)
spent=$((${after% *} + ${after#* } - ${before% *} - ${before#* }))
echo "ticks of CPU in 3 s without descriptors: $spent"
if [ "$spent" -lt 60 ]; then
	ok "the agent does not spin meanwhile"
else
	not_ok "the agent does not spin meanwhile" "$spent ticks in 3 s"
fi
once "that is logged once" "cannot accept"
prlimit --pid "$pid" --nofile=1024:
ended waits 30
equal "the client is answered when there are some again" 0 $?
hostd_stop

# Full: no inode is left in the runtime directory.
if unshare -m true 2>/dev/null; then
	rm -f "$T/hostd.last"
	hostd_conf a=$a b=$b
	cat >"$T/full" <<END
#!/bin/sh
mount -t tmpfs -o nr_inodes=4 none "$T/run" && cd "$T/run" &&
	touch 1 2 3 && ! touch 4 2>/dev/null || exit 9
exec "$B/onerng-hostd" -c "$T/hostd.conf"
END
	chmod +x "$T/full"
	start full unshare -m "$T/full"
	check "an agent starts in a full runtime directory" wait_for 20 \
		grep -q "run_dir: .*No space left on device" "$T/full.log"
	check "and says what helps" wait_for 10 grep -q \
		"no socket: .*make room" "$T/full.log"
	pid=$(pgrep -f "onerng-hostd -c $T/hostd.conf" | head -n 1)
	nsenter -t "$pid" -m mount -o remount,nr_inodes=100 "$T/run"
	nsenter -t "$pid" -m rm -f "$T/run/1" "$T/run/2" "$T/run/3"
	asked() {
		nsenter -t "$pid" -m timeout 10 "$B/onerngctl" \
			-s "$T/run/control.sock" status --json >"$T/full.json" &&
			[ "$(json problems <"$T/full.json")" = "[]" ]
	}
	check "it has everything once there is room" wait_for 60 asked
	check "its lock, too" nsenter -t "$pid" -m test -f "$T/run/hostd.lock"
	check "it ends in order" stop full 10
else
	skip "a full runtime directory" "needs root"
fi

# A service manager that keeps descriptors: who asks meanwhile is answered.
rm -f "$T/hostd.last"
hostd_conf a=$a b=$b
start keeper "$B/onerng-sim" run --control "$T/sim.sock" -- \
	"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" -c "$T/hostd.conf"
hostd_up || exit 1
for how in TERM KILL; do
	hostd_hold
	hostd_end $how
	start client timeout 60 "$B/onerngctl" -s "$T/run/control.sock" status
	sleep 1
	check "a client waits while there is no agent ($how)" running client
	hostd_release
	ended client 30
	equal "and is answered by the next one ($how)" 0 $?
done
check "it goes on with the socket" sh -c \
	"! grep -q 'hand-over: .*made anew' '$T/keeper.log'"

# Another socket at the path is not taken for the one that was kept.
hostd_hold
hostd_end KILL
rm -f "$T/run/control.sock"
python3 -c "import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])" "$T/run/control.sock"
hostd_release
check "a file that leads to no socket is replaced" wait_for 30 hostd_ctl status
check "and that is said" logged "hand-over: .*control.sock: .*made anew"

# Nor is one kept whose place changed.
hostd_hold
hostd_end TERM
sed -i "s|run_dir=.*|run_dir=$T/run2|" "$T/hostd.conf"
hostd_release
check "another run_dir has sockets of its own" wait_for 30 timeout 5 \
	"$B/onerngctl" -s "$T/run2/control.sock" status
: >"$T/hostd.last"
hostd_end TERM
ended keeper 10 || stop keeper

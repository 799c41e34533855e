#!/bin/sh
# SIGHUP, SIGTERM, wrong options and files, a second agent, no locked memory,
# and the rights of each process
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
hostd=$B/onerng-hostd
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
A=$(hostd_socket $a)

logged() {
	grep -q "$1" "$T/keeper.log"
}

# said COMMAND...: keeps what it says in $T/said.
said() {
	"$@" >"$T/said" 2>&1
}

consumers() {
	hostd_get consumers | grep -o '"kind"' | wc -l
}

# Options and files: nothing runs yet.
refuse "an unknown option" 2 "$hostd" --no-such-option
refuse "an option without its value" 2 "$hostd" -c
refuse "a wrong log level" 2 "$hostd" -l loud
refuse "an operand" 2 "$hostd" operand
refuse "a role it does not have" 2 "$hostd" --role cook
refuse "a reader without a port" 2 "$hostd" --role reader
refuse "a reader of a wrong port" 2 "$hostd" --role reader --port 1-1/..
refuse "a configuration that is not there" 3 "$hostd" -c "$T/none"
check "help" "$hostd" --help
check "version" "$hostd" --version

# wrong NAME REASON LINE...
wrong() {
	wrong_name=$1 wrong_reason=$2
	shift 2
	printf '%b\n' "$@" >"$T/wrong.conf"
	refuse "$wrong_name" 3 "$hostd" -t -c "$T/wrong.conf" || return
	if grep -q "wrong.conf:[0-9]*:* *.*$wrong_reason" "$T/.check"; then
		ok "$wrong_name: says why"
	else
		not_ok "$wrong_name: says why" "$(cat "$T/.check")"
	fi
}
wrong "an unknown section" "unknown section .agents." '[agents]'
wrong "an unknown key" "unknown key 'pol' in .agent." '[agent]' 'pol=1'
wrong "a pool too small" "not a number" '[agent]' 'pool=4032'
wrong "a pool of half a block" "multiple of 64" '[agent]' 'pool=4100'
wrong "a relative run_dir" "absolute" '[agent]' 'run_dir=run'
wrong "a run_dir too long" "longer" '[agent]' \
	"run_dir=/$(head -c 61 /dev/zero | tr '\0' x)"
wrong "a relative state_dir" "absolute" '[agent]' 'state_dir=state'
wrong "an unknown group" "no such group" '[agent]' 'socket_group=no-such'
wrong "H above 8" "0.5 to 8" '[source]' 'min_entropy=8.5'
wrong "H off its steps" "0.5 to 8" '[source]' 'min_entropy=4.25'
wrong "a wrong port" "BUS-PORT" '[source]' 'port=1-'
wrong "a wrong uuid" "UUID" '[domain x]' 'uuid=1111'
wrong "a domain without uuid" "no uuid" '[domain x]' 'rate=1'
wrong "two domains with one uuid" "already" '[domain x]' "uuid=$a" \
	'[domain y]' "uuid=$a"
wrong "a domain without name" "1 to 63" '[domain ]'
wrong "weight 0" "1 to 1000" '[consumers]' 'weight=0'
wrong "a negative rate" "not a number" '[host]' 'rate=-1'

hostd_conf a=$a
printf '[agent]\nrun_dir=/proc/no-such\n' >"$T/proc.conf"
refuse "a run_dir that cannot be made" 1 timeout 60 "$hostd" -c "$T/proc.conf"
if setpriv --reuid=65534 --clear-groups true 2>/dev/null; then
	chmod 755 "$T"
	chmod 644 "$T/hostd.conf"
	mkdir -p "$T/locked"
	chown 65534 "$T/locked"
	sed "s|run_dir=.*|run_dir=$T/locked|" "$T/hostd.conf" >"$T/locked.conf"
	refuse "no locked memory" 1 said timeout 60 setpriv --reuid=65534 \
		--clear-groups prlimit --memlock=8192:8192 \
		"$(for_others "$hostd")" -c "$T/locked.conf"
	check "no locked memory: says what to raise" \
		grep -q "raise LimitMEMLOCK=" "$T/said"
else
	skip "no locked memory" "needs root"
fi

# What the service manager hears.
cat >"$T/notify.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
END
start notify python3 "$T/notify.py" "$T/notify.sock"
wait_for 10 test -S "$T/notify.sock"
NOTIFY_SOCKET=$T/notify.sock
export NOTIFY_SOCKET

heard() {
	grep -q "$1" "$T/notify.log"
}

# Root's agent has no CAP_CHOWN left when a reload makes a socket.
group=$(id -gn)
[ "$(id -u)" != 0 ] || group=daemon
sed -i "s/^\[agent\]\$/&\nsocket_group=$group/" "$T/hostd.conf"
hostd_start --devices 1 || exit 1
check "the service manager hears that it is ready" wait_for 5 heard READY=1
refuse "a second agent with the same run_dir" 1 \
	said timeout 60 "$hostd" -c "$T/hostd.conf"
check "a second agent: says why" grep -q "another onerng-hostd" "$T/said"
check "the first one is unharmed" hostd_ctl status
check "it serves" wait_for 30 hostd_state serving
check "the service manager hears of the state" \
	wait_for 5 heard "STATUS=serving, firmware UNVERIFIED: 1 domains"
check "and that it is alive" wait_for 5 heard WATCHDOG=1

# Rights: the core and its children, each behind its filter.
# rights PID: "NoNewPrivs Seccomp CapInh CapPrm CapEff CapAmb" of it, in a line.
rights() {
	sed -nE 's/^(NoNewPrivs|Seccomp|Cap(Inh|Prm|Eff|Amb)):[[:blank:]]*//p' \
		"/proc/$1/status" | tr '\n' ' '
}
none=0000000000000000
if [ "$(hostd_sandbox)" = off ]; then
	filter=0 filtered=false
else
	filter=2 filtered=true
fi
pid=$(cat "$T/hostd.pid")
equal "the core has no rights" "$none $none $none $none 1 $filter " \
	"$(rights "$pid")"
for role in reader watcher; do
	child=$(pgrep -P "$pid" -f -- "--role $role")
	equal "the $role has no rights" "$none $none $none $none 1 $filter " \
		"$(rights "$child")"
done
equal "status says so" "$filtered" "$(hostd_get sandbox.core)"
equal "and which mode" "$(hostd_sandbox)" "$(hostd_get sandbox.mode)"

# Reload while somebody streams.
start reader "$peer" read "$A" 400 64 "$T/a" 10
pid=$(cat "$T/hostd.pid")
cp "$T/hostd.conf" "$T/good.conf"
echo '[nonsense]' >>"$T/hostd.conf"
kill -HUP "$pid"
check "a bad file is refused" wait_for 5 logged "the old configuration stays"
equal "it changes nothing" 2 "$(consumers)"
cp "$T/good.conf" "$T/hostd.conf"
printf 'rate=100000\n[domain b]\nuuid=%s\n[agent]\nsandbox=errno\n' $b \
	>>"$T/hostd.conf"
kill -HUP "$pid"
check "a good file adds a domain" wait_for 5 test -S "$(hostd_socket $b)"
equal "and limits another" 100000 "$(hostd_get consumers.1.rate)"
check "a filter is for ever: it says so" logged "sandbox change at a restart"
equal "and means it" "$(hostd_sandbox)" "$(hostd_get sandbox.mode)"
equal "its socket belongs to the group, too" "$group 660" \
	"$(stat -c '%G %a' "$(hostd_socket $b)")"
check "the new domain is served" \
	timeout 120 "$peer" read "$(hostd_socket $b)" 5 64 "$T/b"
cp "$T/good.conf" "$T/hostd.conf"
kill -HUP "$pid"
check "a domain that is named no more goes" \
	wait_for 5 test ! -e "$(hostd_socket $b)"
check "the stream never broke" ended reader 60
equal "not by a byte" 25600 "$(wc -c <"$T/a")"
equal "nor was it connected twice" 1 "$(hostd_get consumers.1.connections)"
printf '[source]\nport=7-7\n' >>"$T/hostd.conf"
kill -HUP "$pid"
check "a device that may not be used any more is given back" \
	wait_for 20 hostd_state no-device
cp "$T/good.conf" "$T/hostd.conf"
kill -HUP "$pid"
check "and taken again" wait_for 30 hostd_state serving
check "no 16 bytes were delivered twice" "$wild" unique "$T/a" "$T/b"

# A drop-in that becomes wrong while its domain reads.
c=33333333-3333-3333-3333-333333333333
dropins=$T/hostd.conf.d
mkdir "$dropins"
printf '[domain b]\nuuid=%s\nburst=9\n' $b >"$dropins/domain-b.conf"
kill -HUP "$pid"
check "a drop-in adds a domain" wait_for 5 test -S "$(hostd_socket $b)"
start reader "$peer" read "$(hostd_socket $b)" 200 64 "$T/d" 10
echo 'rate=much' >>"$dropins/domain-b.conf"
printf '[domain c]\nuuid=%s\n' $c >"$dropins/domain-c.conf"
kill -HUP "$pid"
check "one that is wrong keeps no other one out" \
	wait_for 5 test -S "$(hostd_socket $c)"
problem() {
	hostd_get problems | grep -q "$1"
}
check "the log says which it is" \
	logged "domain-b.conf:4: .*: what it said before stays"
check "so does the status" problem "domain-b.conf:4: .*: mend it and reload"
equal "in words for programs, too" "true domain-b.conf" "$(
	hostd_get reload.faults.0.kept) $(
	hostd_get reload.faults.0.file | sed 's|.*/||')"
equal "the reload was not refused" null "$(hostd_get reload.refused)"
check "the domain reads on" ended reader 60
equal "all of it" 12800 "$(wc -c <"$T/d")"
printf '[domain b]\nuuid=%s\nburst=8\n' $b >"$dropins/domain-b.conf"
kill -HUP "$pid"
mended() {
	[ "$(hostd_get reload.faults)" = "[]" ]
}
check "once it is mended nothing is left of that" wait_for 5 mended
rm -r "$dropins"
kill -HUP "$pid"
check "and it goes with its file" wait_for 5 test ! -e "$(hostd_socket $b)"

# Killed: sockets are left behind and taken over.
hostd_end KILL
check "after SIGKILL the next one takes the sockets over" \
	wait_for 30 hostd_state serving
check "and serves" timeout 120 "$peer" read "$A" 5 64 "$T/a"

start reader "$peer" read "$A" 100000 64 "$T/c"
check "SIGTERM ends it" hostd_end TERM
stop reader
check "the next one serves" wait_for 30 hostd_state serving
hostd_sim fault stall >/dev/null
start reader "$peer" read "$A" 100000 64 "$T/c"
sleep 3
check "also while the device is silent" hostd_end TERM
stop reader
check "the service manager hears of reloads" heard RELOADING=1
check "and of the end" wait_for 5 heard STOPPING=1
orderly() {
	[ "$(grep -c 'ended with status 0' "$T/keeper.log")" = 2 ]
}
check "every end was orderly" wait_for 5 orderly
hostd_sim clear >/dev/null
hostd_stop

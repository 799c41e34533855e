#!/bin/sh
# the control socket and onerngctl: answers, bad requests, bad peers
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
need python3
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as a self-test does"

a=11111111-1111-1111-1111-111111111111
S=$T/run/control.sock

# said COMMAND...: keeps what it says in $T/said.
said() {
	"$@" >"$T/said" 2>&1
}

cat >"$T/ask.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
got = b""
while sys.argv[2].encode() not in got:
    more = s.recv(4096)
    if not more:
        break
    got += more
print(got[:200])
sys.exit(sys.argv[2].encode() not in got)
END

# says NAME REQUEST TEXT
says() {
	if printf '%b' "$2" | python3 "$T/ask.py" "$S" "$3" >"$T/said" 2>&1
	then
		ok "$1"
	else
		not_ok "$1" "$(tail -n 1 "$T/said")"
	fi
}

refuse "onerngctl without an agent" 1 said hostd_ctl status
check "says what may be wrong" grep -q "is not running? ($S: " "$T/said"
refuse "onerngctl without a command" 2 hostd_ctl
refuse "an unknown command" 2 hostd_ctl stauts
refuse "half a command" 2 said hostd_ctl domain
check "says where the other half is" \
	grep -qx 'onerngctl: domain: which of its commands? try onerngctl domain --help' \
	"$T/said"
refuse "a wrong half" 2 said hostd_ctl domain chekc
check "names both" grep -q "domain chekc: unknown command; try " "$T/said"
check "--help of half a command" said hostd_ctl domain --help
check "names what there is" grep -q "^  domain check  " "$T/said"
equal "and nothing else" 0 "$(grep -c "container" "$T/said")"
refuse "a change of nothing" 2 hostd_ctl domain set x
refuse "a rate out of range" 2 said hostd_ctl domain set x --rate 1000000001
check "says the range" grep -q "not a number from 0 to 1000000000" "$T/said"
refuse "no class" 2 hostd_ctl container set x --class best
refuse "a fault for a device" 2 hostd_ctl selftest --inject ones onerng0
refuse "an unknown option" 2 hostd_ctl --color status
refuse "--watch 0" 2 hostd_ctl status --watch=0
refuse "--watch with a word" 2 hostd_ctl status --watch=often
refuse "an operand" 2 hostd_ctl status please
refuse "a socket path too long" 1 hostd_ctl -s "$T/$(head -c 120 /dev/zero |
	tr '\0' x)" status

hostd_conf a=$a
printf '[agent]\nidle_pause=0\n' >>"$T/hostd.conf"
hostd_start --devices 1 || exit 1
wait_for 30 hostd_state serving
hostd_ctl status --json >"$T/status"
for key in version uptime_s state h_byte_millibits pid devices.0.name \
	sandbox.mode sandbox.core \
	devices.0.port devices.0.state devices.0.detail devices.0.firmware \
	devices.0.unit devices.0.image_sha256 devices.0.raw_bytes \
	devices.0.raw_rate devices.0.lost_samples devices.0.health.verdict \
	devices.0.health.failed_test devices.0.health.failures.rct-byte \
	devices.0.health.failures.apt-byte devices.0.health.failures.rct-bit \
	devices.0.health.failures.apt-bit devices.0.health.startup_samples \
	devices.0.health.conditioned devices.0.health.wiped \
	devices.0.health.surplus devices.0.health.resets \
	devices.0.health.fips.blocks devices.0.health.fips.failures \
	devices.0.health.failures.dup devices.0.health.failures.trend \
	devices.0.health.last_failure devices.0.health.trend.verdict \
	devices.0.health.trend.baseline.fips_rate \
	devices.0.health.trend.baseline.since \
	devices.0.health.trend.baseline.recalled \
	devices.0.health.fips.monobit devices.0.health.fips.poker \
	devices.0.health.fips.runs devices.0.health.fips.long-run \
	devices.0.health.fips.continuous pool.bytes pool.capacity \
	pool.blocks_put pool.blocks_taken pool.blocks_refused \
	pool.blocks_wiped consumers.1.kind consumers.1.name consumers.1.uuid \
	consumers.1.socket consumers.1.connected consumers.1.peer \
	consumers.1.owed consumers.1.ahead consumers.1.asked \
	consumers.1.delivered consumers.1.discarded consumers.1.pushed \
	consumers.1.requests consumers.1.connections consumers.1.refused \
	consumers.1.throttled consumers.1.rate consumers.1.burst \
	consumers.1.weight consumers.1.latency_us.count \
	consumers.1.latency_us.p50 consumers.1.latency_us.p99 \
	consumers.1.latency_us.max consumers.1.class \
	consumers.1.when_absent consumers.1.supply consumers.1.override \
	consumers.1.drbg consumers.1.kernel_bytes; do
	json $key <"$T/status" >/dev/null || echo "$key"
done >"$T/missing"
equal "status has every field" "" "$(cat "$T/missing")"
equal "H is the configured one" 4000 "$(json h_byte_millibits <"$T/status")"
equal "verdict" ok "$(json devices.0.health.verdict <"$T/status")"
check "status for people" said hostd_ctl status
check "names the device" grep -q "^onerng0 *1-1 *running" "$T/said"
check "and the domain" grep -q "^domain  *a " "$T/said"
check "domain list" said hostd_ctl domain list
check "names the domain" grep -q "^a  *$a no" "$T/said"
equal "domain list as JSON leaves the host out" a \
	"$(hostd_ctl domain list --json | json consumers.0.name)"
refuse "--watch goes on until it is stopped" 124 \
	timeout 3 "$B/onerngctl" -s "$S" status --watch=1

says "not JSON" 'rubbish\n' '{"ok":false,"error":"not JSON'
says "no command" '{}\n' 'no string'
says "a command that is no string" '{"cmd":7}\n' 'no string'
says "an unknown command" '{"cmd":"erase"}\n' 'unknown command'
says "an empty line" '\n' '"ok":false'
says "a zero byte" '{"cmd":"\\0status"}\n' '"ok":false'
says "two requests, two answers" '{"cmd":"x"}\n{"cmd":"status"}\n' \
	'{"ok":true,"result":'
says "4096 bytes without an end" \
	"$(head -c 5000 /dev/zero | tr '\0' x)" 'longer than 4096'
check "the agent is unharmed" hostd_ctl status

check "self-test on demand" said hostd_ctl selftest
check "says how it ended" grep -q "^onerng0: ok;" "$T/said"
equal "status remembers it" ok "$(hostd_get devices.0.health.selftest)"
refuse "no such device" 1 said hostd_ctl selftest onerng7
check "is explained" grep -q "no such device" "$T/said"

# touched: all that a failure would change.
touched() {
	hostd_ctl status --json >"$T/status"
	for key in devices.0.state devices.0.health.verdict \
		devices.0.health.resets devices.0.health.failures \
		devices.0.health.last_failure devices.0.health.failures_within_hour \
		pool.blocks_wiped; do
		json $key <"$T/status"
	done
}
untouched=$(touched)
check "an injected fault is detected" said hostd_ctl selftest --inject period-64
check "by which test, when, and nothing was released" grep -q \
	"detected by dup after 80 raw bytes; 0 bytes of the failing" "$T/said"
refuse "a fault that none can detect" 1 said hostd_ctl selftest --inject lfsr-32
refuse "no such fault" 1 said hostd_ctl selftest --inject gremlins
check "names the faults" grep -q "no such fault: give one of none, zeros" "$T/said"
# The first is not done when the second is answered: it is done in steps, and
# others have their turns between them.
cat >"$T/meanwhile.py" <<'END'
import json, socket, sys

def ask(request):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(sys.argv[1])
    s.sendall(json.dumps(request).encode() + b"\n")
    return s.makefile()

inject = {"cmd": "selftest", "inject": "bias-0.55"}
for _ in range(10):
    first = ask(inject)
    second = json.loads(ask(inject).readline())
    first = json.loads(first.readline())
    if not first["ok"] or first["result"]["detected"]:
        sys.exit(f"the first: {first}")
    if second.get("error") == "another one is under way":
        sys.exit(0)
sys.exit(f"the second: {second}")
END
check "others are served while a fault is injected" \
	python3 "$T/meanwhile.py" "$S"
equal "what is served was not touched" "$untouched" "$(touched)"
chmod 755 "$T" "$T/run"
chmod 666 "$S"
refuse "self-test is for root" 1 said setpriv --reuid 65534 --clear-groups \
	"$(for_others "$B/onerngctl")" -s "$S" selftest
check "says so" grep -q "only root may" "$T/said"
chmod 660 "$S"
refuse "a socket of root's group is for root" 1 said setpriv --reuid 65534 \
	--regid 65534 --clear-groups "$(for_others "$B/onerngctl")" -s "$S" status
check "says how a group is let in" grep -q "control_group" "$T/said"

# Idle peers: as many as it takes, then some.
start idle python3 -c '
import socket, sys, time
peers = [socket.socket(socket.AF_UNIX) for _ in range(20)]
for s in peers:
    s.connect(sys.argv[1])
print("connected", flush=True)
time.sleep(1000)' "$S"
wait_for 10 grep -q connected "$T/idle.log"
refuse "connections are bounded" 1 hostd_ctl status
check "and idle ones end" wait_for 20 hostd_ctl status
equal "mode of the control socket" 660 "$(stat -c %a "$S")"
equal "mode of a domain's socket" 660 "$(stat -c %a "$(hostd_socket $a)")"
stop idle

# Whoever is of its group may look, and change nothing.
sed -i 's/^\[agent\]$/&\ncontrol_group=daemon/' "$T/hostd.conf"
hostd_end TERM
hostd_up
check "it serves with a group for its control socket" \
	wait_for 30 hostd_state serving
equal "whose socket that is" "660 daemon" "$(stat -c '%a %G' "$S")"
mkdir -m 777 "$T/open"
ctl=$(for_others "$B/onerngctl")
member() {
	said setpriv --reuid 65534 --regid daemon --clear-groups \
		timeout 60 "$ctl" -s "$S" "$@"
}
for words in status "status --json" "domain list"; do
	# shellcheck disable=SC2086 # words
	check "a member may ask: $words" member $words
done
for words in "domain set a --class drbg" "domain set host --weight 2" \
	"device release onerng0" "device claim onerng0" selftest \
	"selftest --inject none" "capture --raw 10 $T/open/raw" \
	"firmware dump $T/open/dump"; do
	# shellcheck disable=SC2086 # words
	refuse "but change nothing: ${words%% "$T"*}" 1 member $words
	check "as it is told" grep -q "only root may" "$T/said"
done
equal "and nothing was" "running raw 1" "$(hostd_get devices.0.state) $(
	hostd_get consumers.1.class) $(hostd_get consumers.0.weight)"
equal "nor written" "" "$(ls "$T/open")"
hostd_stop

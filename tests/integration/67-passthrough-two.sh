#!/bin/sh
# Two OneRNGs: one is passed through to a container or a domain, the other one
# serves
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
need python3

uuid=11111111-1111-1111-1111-111111111111
other=22222222-2222-2222-2222-222222222222

# say CMD KEY=VALUE...: a request on the hook's socket; true if it was taken.
say() {
	python3 - "$T/run/hook.sock" "$@" <<'END'
import json, socket, sys
request = dict(w.split("=", 1) for w in sys.argv[3:])
request["cmd"] = sys.argv[2]
for key in ("pid", "usb"):
    if key in request:
        request[key] = json.loads(request[key])
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
s.sendall(json.dumps(request).encode() + b"\n")
sys.exit(0 if json.loads(s.makefile().readline())["ok"] else 1)
END
}

# device_of PORT KEY: what status says of the device there.
device_of() {
	hostd_ctl status --json | python3 -c '
import json, sys
for d in json.load(sys.stdin)["devices"]:
	if d["port"] == sys.argv[1]:
		print(d[sys.argv[2]])' "$@"
}

is() {
	[ "$(device_of "$1" state)" = "$2" ]
}

# used PORT: it serves, or would if somebody wanted bytes.
used() {
	is "$1" running || is "$1" paused
}

takes() {
	"$B/tests/integration/egdpeer" read "$(hostd_socket $uuid)" 8 64 "$T/bytes"
}

hostd_conf one=$uuid
hostd_start --devices 2 || exit 1
first=$(hostd_get devices.0.port)
second=$(hostd_get devices.1.port)
check "there are two" test "$first" != "$second"
printf '[container any]\ndevice=passthrough\n' >>"$T/hostd.conf"
printf '[container named]\ndevice=passthrough\nport=%s\n' "$second" \
	>>"$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "two containers for them" wait_for 10 test -s "$T/run/lxc/named.facts"
check "the first one serves" wait_for 60 used "$first"
check "the second one serves" wait_for 60 used "$second"

start init sleep 1000
check "the second one is passed on as its container runs" \
	say container-event op=running id=named "pid=$(pid_of init)"
equal "it is let go at once" "released container named" \
	"$(device_of "$second" state) $(device_of "$second" detail)"
check "the first one serves on" used "$first"
equal "so does the agent" serving "$(hostd_get state)"
check "bytes come" takes
hostd_end KILL
hostd_up
check "another agent has the first one" wait_for 60 used "$first"
equal "and leaves the second one alone" released "$(device_of "$second" state)"
check "the first one is passed on, too" \
	say container-event op=prepare id=any
equal "to the other container" "released container any" \
	"$(device_of "$first" state) $(device_of "$first" detail)"
equal "nobody serves" no-device "$(hostd_get state)"
check "it stops" say container-event op=stopped id=any
check "and the first one serves again" wait_for 60 used "$first"
stop init
check "an init that ends without a word gives its own back" \
	wait_for 60 used "$second"

one_each() {
	if is "$first" released; then
		used "$second"
	else
		is "$second" released && used "$first"
	fi
}

check "a domain prepares with one" say domain-event op=prepare uuid=$other \
	name=two 'usb=[[7504,24710,0,0]]'
check "one is let go, the other one serves on" one_each
check "bytes come then" takes
check "it is released" say domain-event op=release uuid=$other name=two
check "both serve again" wait_for 60 used "$first"
check "the second one, too" wait_for 60 used "$second"
hostd_stop

#!/bin/sh
# devices that come, go and fail, under the real agent and real libusb
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
a=11111111-1111-1111-1111-111111111111
A=$(hostd_socket $a)

# device NUMBER STATE
device() {
	[ "$(hostd_get "devices.$1.state")" = "$2" ]
}

# port PORT STATE
port() {
	for port_number in 0 1; do
		[ "$(hostd_get "devices.$port_number.port")" = "$1" ] &&
			device "$port_number" "$2" && return
	done
	return 1
}

delivered() {
	hostd_get consumers.1.delivered
}

# more_than N: the domain got more than that.
more_than() {
	[ "$(delivered)" -gt "$1" ]
}

pool_is_empty() {
	[ "$(hostd_get pool.bytes)" = 0 ]
}

logged() {
	grep -q "$1" "$T/keeper.log"
}

hostd_conf a=$a
printf '[agent]\nidle_pause=2\npool=8192\n' >>"$T/hostd.conf"
hostd_start --absent || exit 1
check "without a device the agent runs and says so" hostd_state no-device
start reader "$peer" read "$A" 200 64 "$T/a" 5
owes() {
	[ "$(hostd_get consumers.1.owed)" = 64 ]
}
check "what is asked for is owed" wait_for 10 owes
check "plug" hostd_sim plug
check "the waiting peer is served then" wait_for 30 more_than 640
check "and gets all" ended reader 30

start reader "$peer" read "$A" 2000 64 "$T/a" 2
wait_for 10 more_than 14000
hostd_sim unplug >/dev/null
check "departure in mid-transfer is seen" wait_for 20 hostd_state no-device
check "it wipes the pool" pool_is_empty
before=$(delivered)
sleep 1
equal "and stops the flow" "$before" "$(delivered)"
hostd_sim plug >/dev/null
check "replug: it flows again on the same connection" \
	wait_for 90 more_than "$before"
check "to the end" ended reader 60

check "a device that nobody needs is paused" wait_for 30 device 0 paused
# More than the pool holds.
startup=$(hostd_get devices.0.health.startup_samples)
check "a paused device starts when it is needed" \
	timeout 240 "$peer" read "$A" 200 64 "$T/a"
check "behind another start-up test" test \
	"$(hostd_get devices.0.health.startup_samples)" -ge $((startup + 4096))
check "and is paused again" wait_for 90 device 0 paused

start reader "$peer" read "$A" 100000 64 "$T/a" 1
wait_for 20 device 0 running
hostd_sim noise stuck=85 >/dev/null
check "stuck noise fails a health test" \
	wait_for 20 logged "health test .* failed at sample"
check "the pool is wiped at once" wait_for 5 pool_is_empty
before=$(delivered)
check "a failure at the permanent level is final at once" \
	wait_for 60 hostd_state failed
equal "and the only one" 1 \
	"$(hostd_get devices.0.health.failures | python3 -c \
		'import json,sys; print(sum(json.load(sys.stdin).values()))')"
equal "status says that it is" true \
	"$(hostd_get devices.0.health.last_failure.permanent)"
equal "nothing is served from the failure on" "$before" "$(delivered)"
failures=$(hostd_get devices.0.health.failures)
case $failures in
*[1-9]*) ok "failures are counted by test" ;;
*) not_ok "failures are counted by test" "$failures" ;;
esac
hostd_sim noise ideal >/dev/null
sleep 2
check "a device that failed stays so" hostd_state failed
check "the operator claims it: it flows" hostd_ctl device claim onerng0
check "from its start-up test on" wait_for 90 more_than "$before"
stop reader

check "no 16 bytes were delivered twice" "$wild" unique "$T/a"

# While it is paused nobody notices; a self-test does.
check "it is paused once more" wait_for 60 device 0 paused
hostd_sim noise stuck=85 >/dev/null
refuse "a self-test of a device that is stuck fails" 1 hostd_ctl selftest
cp "$T/.check" "$T/said"
check "and says so" grep -q "failed its start-up test" "$T/said"
check "so has the device" wait_for 10 device 0 failed
hostd_stop

# Two devices.
rm -rf "$T/run" "$T/hostd.last" "$T/a"
hostd_conf a=$a
printf '[agent]\nidle_pause=0\n' >>"$T/hostd.conf"
hostd_start --devices 2 || exit 1
check "two devices run" wait_for 30 port 1-1 running
check "both of them" wait_for 30 port 1-2 running
start reader "$peer" read "$A" 100000 64 "$T/a" 2
hostd_sim @1 noise stuck=0 >/dev/null
check "one fails" wait_for 60 port 1-1 failed
check "the other serves" port 1-2 running
check "so the agent does" hostd_state serving
before=$(delivered)
check "and bytes flow" wait_for 20 more_than "$before"
hostd_sim @1 unplug >/dev/null
check "the failed one departs" wait_for 20 port 1-1 gone
before=$(delivered)
check "the other serves on" wait_for 20 more_than "$before"
hostd_sim @1 noise ideal >/dev/null
hostd_sim @1 plug >/dev/null
check "it returns, as good as new" wait_for 30 port 1-1 running
stop reader
check "no 16 bytes were delivered twice by two devices" \
	"$wild" unique "$T/a"
hostd_stop

#!/bin/sh
# onerng-guestd where something changes or fails around it: the driver behind its
# device, the service manager, limits, signals, another agent's file
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/guestd.sh"
need python3 prlimit

# guestd NAME COMMAND...: a service, its status in $T/NAME.json; COMMAND is what it
# is started by, and its source.
guestd() {
	guestd_name=$1
	shift
	start "$guestd_name" "$@" --no-feed --status-file "$T/$guestd_name.json" \
		-l debug
}

windows() {
	wait_for 20 status_above "$T/$1.json" windows "$2"
}

send_signal() {
	kill -s "$1" "$(pid_of "$2")"
}

# --- a service manager that is busy
cat >"$T/busy.py" <<'END'
import os, socket, sys, time
path, go = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path + ".new")
full = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
full.setblocking(False)
try:
    while True:
        full.sendto(b"x", path + ".new")
except BlockingIOError:
    os.rename(path + ".new", path)
while not os.path.exists(go):
    time.sleep(0.05)
while True:
    print(s.recv(4096).decode().replace("\n", " "), flush=True)
END
egd good
start manager python3 "$T/busy.py" "$T/notify" "$T/go"
wait_for 10 test -S "$T/notify"
guestd told env NOTIFY_SOCKET="$T/notify" "$G" -s "egd:$T/egd.good"
check "a manager that is busy holds nothing up" windows told 0
: >"$T/go"
check "it is told as soon as it listens" wait_for 20 \
	grep -q 'READY=1 STATUS=verifying' "$T/manager.log"
sleep 1
equal "once" 1 "$(grep -c READY=1 "$T/manager.log")"

# --- SIGHUP, as a terminal sends it that is closed
check "it runs" wait_for 20 status_is "$T/told.json" state idle
send_signal HUP told
ended told 10
equal "SIGHUP ends it in order" 0 $?
check "its status file goes with it" test ! -e "$T/told.json"

# --- no file may have a byte
: >"$T/manager.log"
guestd small env NOTIFY_SOCKET="$T/notify" prlimit --fsize=0 \
	"$G" -s "egd:$T/egd.good"
check "with a limit of files' sizes it verifies" wait_for 20 \
	grep -q READY=1 "$T/manager.log"
check "and runs on" running small
stop small
equal "until it is told to end" 0 $?

# --- two agents with one status file
# sharing NAME SERVER
sharing() {
	start "$1" "$G" --no-feed -s "egd:$T/egd.$2" --interval 86400 \
		--status-file "$T/shared.json"
}
egd pieces
sharing one good
wait_for 20 status_is "$T/shared.json" state idle
sharing two pieces
check "the second one is told so" wait_for 20 \
	grep -q "shared.json: agent $(pid_of one), which runs, has it" "$T/two.log"
stop two
equal "once" 1 "$(grep -c 'which runs' "$T/two.log")"
equal "the first one has it still" "$(pid_of one) idle" \
	"$(status_of "$T/shared.json" pid) $(status_of "$T/shared.json" state)"
sharing two pieces
wait_for 20 takes 12 two
stop one 10 KILL
send_signal USR2 two
check "one that nobody has any more is the second one's" wait_for 20 \
	status_is "$T/shared.json" pid "$(pid_of two)"
stop two

# --- what ends by itself, beside a service whose manager it can reach
: >"$T/manager.log"
for words in --once --require "--verify egd:$T/egd.good"; do
	# shellcheck disable=SC2086 # a list of options
	check "${words%% *}" env NOTIFY_SOCKET="$T/notify" timeout 100 "$G" \
		--no-feed -s "egd:$T/egd.good" $words
done
guestd last env NOTIFY_SOCKET="$T/notify" "$G" -s "egd:$T/egd.good"
wait_for 20 grep -q READY=1 "$T/manager.log"
equal "speaks for no service" "READY=1 STATUS=verifying" \
	"$(cat "$T/manager.log")"
stop last

# --- a verification that is broken off
egd silent
start broken "$G" --verify "egd:$T/egd.silent"
wait_for 10 takes 2 broken
send_signal INT broken
ended broken 10
equal "what is broken off is not verified" 1 $?
says "nor said to be" broken "verdict: not finished"

# --- admission with the service's options
options=$(sed -n 's/^ExecStart=[^ ]* //p' \
	packaging/systemd/onerng-guest-require.service |
	sed "s|\$OPTIONS|--no-feed -s egd:$T/egd.good --status-file $T/both.json|
		s|\$REQUIRE|--require|; s|/run/|$T/|")
egd ahead
guestd both "$G" -s "egd:$T/egd.ahead"
check "a service runs" wait_for 20 status_is "$T/both.json" state idle
# shellcheck disable=SC2086 # a command line
check "what asks for admission with its options is admitted" \
	timeout 100 "$G" $options
equal "and leaves it its file" "$(pid_of both)" "$(status_of "$T/both.json" pid)"
stop both

# --- a driver that has nothing just now, though it may be waited for
if [ -c /dev/hwrng ] && [ -r /dev/hwrng ]; then
	echo eagain >"$T/fault"
	start again env HWRNG_FAULT="$T/fault" \
		LD_PRELOAD="$B/tests/lib/preload/hwrngfault.so" \
		"$G" --once --no-feed --deadline 60
	wait_for 10 takes 15 again
	sleep 1
	echo good >"$T/fault"
	ended again 30
	equal "a driver that has nothing just now is asked again" 0 $?
else
	skip "a driver that has nothing just now" "there is no /dev/hwrng"
fi

# --- the driver behind the device
unshare --mount true 2>/dev/null || {
	skip driver "no mount namespaces here"
	exit 0
}
# rng.py LINK FILE: a device that has given as many bytes as FILE says.
cat >"$T/rng.py" <<'END'
import os, sys, time, tty
link, path = sys.argv[1:]
master, slave = os.openpty()
tty.setraw(slave)
os.symlink(os.ttyname(slave), link)
given = 0
while True:
    with open(path) as f:
        wanted = int(f.read() or 0)
    if wanted > given:
        os.write(master, os.urandom(wanted - given))
        given = wanted
    time.sleep(0.02)
END
current=$T/class/misc/hw_random/rng_current
mkdir -p "$(dirname "$current")"

# give NUMBER: so many bytes in all.
give() {
	echo "$1" >"$T/give.new" && mv "$T/give.new" "$T/give"
}


# came NAME BYTES: the agent has received so many.
came() {
	send_signal USR1 "$1"
	grep -q "received from HRNG source: $(($2 * 8))\$" "$T/$1.log"
}

# on_driver NAME OPTION...
on_driver() {
	driver_name=$1
	shift
	# shellcheck disable=SC2016 # expanded inside
	guestd "$driver_name" unshare --mount sh -c \
		'mount --bind "$1" /sys/class && shift && exec "$@"' sh \
		"$T/class" "$G" -s "hwrng:$T/rng" --deadline 600 "$@"
	wait_for 20 takes 15 "$driver_name"
}

echo virtio_rng.0 >"$current"
give 0
start rng python3 "$T/rng.py" "$T/rng" "$T/give"
wait_for 10 test -e "$T/rng"
on_driver driver
give 512
check "half a window comes" wait_for 20 came driver 512
echo tpm-rng-0 >"$current"
give 1024
check "the driver changes meanwhile: the source has failed" wait_for 20 \
	status_above "$T/driver.json" source_failures 0
says "it says why" driver "rng_current was virtio_rng.0 and is tpm-rng-0"
equal "nothing of the window counts" 0 "$(status_of "$T/driver.json" windows)"
give 2048
check "the next window is the start-up test" windows driver 0
equal "of the other driver" "1024 tpm-rng-0" \
	"$(status_of "$T/driver.json" verified_bytes) $(
		status_of "$T/driver.json" rng_current
	)"
echo virtio_rng.0 >"$current"
send_signal USR2 driver
check "it changes between two windows: the source has failed" wait_for 20 \
	status_above "$T/driver.json" source_failures 1
give 3072
check "and begins with the start-up test" windows driver 1
equal "all of it" 2048 "$(status_of "$T/driver.json" verified_bytes)"
give 3136
send_signal USR2 driver
check "one that stays goes on without" windows driver 2
equal "with a window of a feed" 2112 \
	"$(status_of "$T/driver.json" verified_bytes)"
stop driver

on_driver admitted --require=20 --expect-rng virtio_rng.0
give 3648
check "half a window comes before an admission" wait_for 20 came admitted 512
echo tpm-rng-0 >"$current"
give 4160
ended admitted 30
equal "bytes of another driver are no admission" 5 $?

# --- a clone that is noticed by nothing but the real-time clock, at that once a
# minute: what it read of before is another clone's, too
[ -n "$may_feed" ] || {
	skip clone "this machine may not feed its kernel"
	exit 0
}
cat >"$T/clock.py" <<'END'
import os, sys, time
clock, ahead = sys.argv[1:]
fd = os.open(clock, os.O_WRONLY | os.O_CREAT)
while True:
    with open(ahead) as f:
        os.pwrite(fd, b"%d\n" % (time.time() + int(f.read())), 0)
    time.sleep(0.02)
END
ahead() {
	echo "$1" >"$T/ahead.new" && mv "$T/ahead.new" "$T/ahead"
}
ahead 0
mkdir -p "$T/sys/class/rtc/rtc0" "$T/sys/bus/acpi/drivers/vmgenid"
ln -s / "$T/sys/bus/acpi/drivers/vmgenid/QEMUVGID:00"
start clock python3 "$T/clock.py" "$T/sys/class/rtc/rtc0/since_epoch" "$T/ahead"
wait_for 10 test -s "$T/sys/class/rtc/rtc0/since_epoch"
# shellcheck disable=SC2016 # expanded inside
start clone unshare --mount sh -c \
	'mount --bind "$1" /sys && shift && exec "$@"' sh "$T/sys" \
	"$G" -s "hwrng:$T/rng" --deadline 600 --status-file "$T/clone.json"
give 5184
check "a machine is fed" wait_for 20 status_above "$T/clone.json" feeds 0
ahead 1000
sleep 1 # until the clock has it
give 5248
send_signal USR2 clone
check "a clone notices before it feeds" wait_for 20 \
	status_above "$T/clone.json" restarts 0
give 6272
check "it is fed anew" wait_for 20 status_above "$T/clone.json" feeds 1
equal "with bytes of its own" "2048 128" \
	"$(status_of "$T/clone.json" verified_bytes) $(
		status_of "$T/clone.json" fed_bytes
	)"
equal "and tells why" "restore or clone" \
	"$(status_of "$T/clone.json" feed_reason)"

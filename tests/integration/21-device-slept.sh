#!/bin/sh
# the machine sleeps: a device that runs has another start-up test, one that is
# paused has it when it is needed
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

a=11111111-1111-1111-1111-111111111111
peer=$B/tests/integration/egdpeer
serving() {
	[ "$(hostd_get devices.0.state)" = running ]
}
paused() {
	[ "$(hostd_get devices.0.state)" = paused ]
}
startup() {
	hostd_get devices.0.health.startup_samples
}
tested_anew() {
	[ "$(startup)" -ge $((before + 4096)) ] && serving
}

# sleeps SECONDS: so many, since the beginning; a byte of the file that is mapped.
sleeps() {
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %03o "$1")" | dd of="$T/slept" conv=notrunc 2>/dev/null
}

hostd_conf a=$a
sed -i 's/^\[agent\]$/&\nidle_pause=4\npool=8192/' "$T/hostd.conf"
hostd_keep
sleeps 0
# behind the simulator's own preload
cat >"$T/asleep" <<END
#!/bin/sh
LD_PRELOAD="\${LD_PRELOAD:+\$LD_PRELOAD:}$B/tests/lib/preload/slept.so"
SLEPT=$T/slept
export LD_PRELOAD SLEPT
exec "$B/onerng-hostd" "\$@"
END
chmod +x "$T/asleep"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 57600 -- \
	"$T/keeper" "$T" "$T/asleep"
hostd_up || exit 1
start reader "$peer" gulp "$(hostd_socket $a)" "$T/gulp"
check "the agent serves one who always asks" wait_for 30 serving
sleep 2
before=$(startup)
sleep 3
equal "it has one start-up test" "$before" "$(startup)"
sleeps 60
check "the machine slept: it has another one" wait_for 20 tested_anew
check "which is logged" grep -q 'starting: the machine slept' "$T/keeper.log"
before=$(startup)
sleep 3
equal "one" "$before" "$(startup)"
sleeps 61
sleep 3
check "after each time" wait_for 20 tested_anew
stop reader 5

check "nobody asks: it is paused" wait_for 60 paused
before=$(startup)
sleeps 120
sleep 3
equal "paused it is left alone" "paused $before" \
	"$(hostd_get devices.0.state) $(startup)"
check "and serves whoever needs it" timeout 100 "$peer" read \
	"$(hostd_socket $a)" 200 64 "$T/got"
check "behind its start-up test" wait_for 20 tested_anew
hostd_stop

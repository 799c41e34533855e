#!/bin/sh
# the filters let pass what a newer glibc asks of terminals
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

a=11111111-1111-1111-1111-111111111111
if [ "$(hostd_sandbox)" = off ]; then
	skip_all "sanitizers make calls of their own"
fi

hostd_conf a=$a
printf '[container web]\ndevice=plain\n' >>"$T/hostd.conf"
hostd_keep
# behind the simulator's own preload
cat >"$T/newer" <<END
#!/bin/sh
LD_PRELOAD="\${LD_PRELOAD:+\$LD_PRELOAD:}$B/tests/lib/preload/termios2.so"
export LD_PRELOAD
exec "$B/onerng-hostd" "\$@"
END
chmod +x "$T/newer"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" -- \
	"$T/keeper" "$T" "$T/newer"
hostd_up || exit 1
check "the agent serves" wait_for 30 hostd_state serving
check "it is the preloaded one" grep -q termios2.so \
	"/proc/$(cat "$T/hostd.pid")/maps"
check "its reader and its watcher, too" sh -c "for p in \$(pgrep -P \
	\$(cat '$T/hostd.pid') | tr '\n' ' '); do
	grep -q termios2.so /proc/\$p/maps || exit 1; done"
check "a domain is served" timeout 60 "$B/tests/integration/egdpeer" read \
	"$(hostd_socket $a)" 5 64 "$T/a"
node=$(hostd_get consumers.2.node)
check "a container has its terminal" test -c "$node"
equal "which gives bytes" 64 "$(timeout 5 head -c 64 "$node" | wc -c)"
refuse "none of them was killed" 1 \
	grep -E "Bad system call|ended \(signal" "$T/keeper.log"
hostd_stop

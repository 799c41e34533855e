#!/bin/sh
# a terminal for each container, virtual and plain: commands, shares, rates, bad
# manners; no container is needed
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. tests/lib/tty.sh
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as a live change does"

wild=$B/tests/integration/ttywild
egdwild=$B/tests/integration/egdwild
egdpeer=$B/tests/integration/egdpeer

# got NODE BYTES SECONDS [FILE]: reads so much, or what came by then.
got() {
	timeout "$3" cat "$1" | head -c "$2" >"${4:-$T/got}"
	stat -c %s "${4:-$T/got}"
}

# say NODE COMMAND...: opened anew for each, as by a shell.
say() {
	say_node=$1
	shift
	for say_command; do
		# shellcheck disable=SC2016 # that shell's own
		timeout 60 sh -c 'echo "$1" >"$2"' sh "$say_command" "$say_node"
	done
}

# silent NODE: nothing comes for a second.  What is written to a terminal is seen
# soon, not at once.
silent() {
	[ "$(got "$1" 64 1)" = 0 ]
}

# quiet: the same of descriptor 7.
quiet() {
	[ "$(got - 64 1 <&7)" = 0 ]
}

# open_is ID YES: the agent has seen that it was opened, or closed.
open_is() {
	[ "$(container_of "$1" connected)" = "$2" ]
}

# comes FILE PATTERN: what descriptor 7 gives goes to the file, until it is there.
comes() {
	timeout 1 cat <&7 >>"$T/$1"
	grep -qE "$2" "$T/$1"
}

serving() {
	hostd_state serving
}

hostd_conf
# peers of sockets are in no container here
sed -i 's/^\[agent\]/&\ncheck_peer=no/' "$T/hostd.conf"
cat >>"$T/hostd.conf" <<'END'
[container virt]
[container plain]
device=plain
[container other]
device=plain
socket=yes
[container slow]
device=plain
rate=4000
burst=8192
[container fast]
device=plain
class=drbg
[container seed]
device=plain
class=seed
[container none]
device=none
[container hw]
device=hwrng
END
hostd_start --rate 150000 || exit 1
check "the agent serves" wait_for 30 serving

# What is published.
facts_say() {
	wait_for 5 grep -qx "$2" "$T/run/lxc/$1.facts"
}
check "facts say what the device is" facts_say virt device=virtual
check "and its number" facts_say virt "rdev=136:$(tty_node virt | sed 's,.*/,,')"
check "and the agent's state" facts_say virt state=serving
check "a terminal is a character device" test -c "$(tty_node virt)"
equal "for its owner alone, until a hook gives it away" 600 \
	"$(stat -c %a "$(tty_node virt)")"
equal "no device has no node" "" "$(tty_node none)"
[ ! -c /dev/hwrng ] || equal "a hwrng has the kernel's" /dev/hwrng "$(tty_node hw)"
equal "status has the node" "$(tty_node virt)" "$(container_of virt node)"
equal "and the phase" unknown "$(container_of virt phase)"
equal "a socket for who wants one" 666 \
	"$(stat -c %a "$T/run/lxc/other/egd.sock")"
equal "a directory for each" 755 "$(stat -c %a "$T/run/lxc/virt")"

# The device's own ways.
v=$(tty_node virt)
equal "a virtual device is paused at first" 0 "$(got "$v" 64 1)"
say "$v" cmd0 cmdO
equal "it runs once it is told to, by whoever had it open" 64 \
	"$(got "$v" 64 30)"
say "$v" cmdo
check "and pauses" wait_for 10 silent "$v"
exec 7<>"$v"
printf 'cmd4\ncmdw\ncmdO\n' >&7
check "it is silent without a source" wait_for 10 quiet
printf 'cmdv\n' >&7
wait_for 10 comes version '^Version'
equal "it tells a version" "Version 3" "$(tr -d '\r\n' <"$T/version")"
printf 'cmdI\n' >&7
check "it tells an ID of its own" wait_for 10 comes id \
	'^________4F4E45524E475649525455414C[0-9A-F]{6}________'

# As the vendor's script does, which opens it anew for each command.
start dump dd if="$v" of="$T/dump" bs=4
say "$v" cmdO cmdX
whole() {
	[ "$(stat -c %s "$T/dump")" -ge 262157 ]
}
check "an image comes out" wait_for 10 whole
stop dump
exec 7<&-
say "$v" cmdo cmdw
equal "and nothing else" 262157 "$(stat -c %s "$T/dump")"
refuse "it is well-formed and has no signature" 1 "$B/onerngctl" firmware \
	verify "$T/dump"
cp "$T/.check" "$T/verdict"
check "which is what is said" grep -q 'no signature' "$T/verdict"
check "it says that it is virtual" grep -qa 'virtual OneRNG' "$T/dump"
say "$v" cmd0 cmdO
equal "the device runs on after it" 20000 "$(got "$v" 20000 10 "$T/a.virt")"
for mode in 1 2 3 6 7; do
	say "$v" "cmd$mode"
	equal "mode $mode gives bytes" 640 "$(got "$v" 640 30 "$T/a.mode$mode")"
done
for mode in 4 5; do
	say "$v" "cmd$mode"
	check "mode $mode, without a source, gives none" wait_for 10 silent "$v"
done
say "$v" cmd0
equal "mode 0 gives bytes after that" 640 "$(got "$v" 640 30 "$T/a.mode0")"

# An image that nobody read to its end is not taken for noise.
exec 7<>"$v"
printf 'cmdX\n' >&7
dd bs=64 count=4 <&7 >/dev/null 2>&1
exec 7<&-
wait_for 10 open_is virt false
equal "an unfinished image is not continued" 6400 \
	"$(got "$v" 6400 30 "$T/a.after")"
refuse "nothing of it is left" 1 grep -qaE 'vendor|signature' "$T/a.after"

# Plain ones, side by side.
p=$(tty_node plain) o=$(tty_node other)
equal "a plain one gives bytes to whoever opens it" 64 "$(got "$p" 64 30)"
timeout 60 head -c 100000 /dev/zero >"$p"
start p1 "$wild" steady "$p" "$T/a.plain"
start p2 "$wild" steady "$o" "$T/a.other"
check "an EGD socket beside it" timeout 60 "$egdpeer" read \
	"$T/run/lxc/other/egd.sock" 50 64 "$T/a.egd"
wait_for 10 test -s "$T/a.plain"
wait_for 10 test -s "$T/a.other"
# The pool's stock is gone by then.
sleep 1
# Who is late to read on a busy machine leaves it to the other, for once.
shares_are_alike() {
	for _ in 1 2 3 4 5; do
		a=$(container_of plain delivered) b=$(container_of other delivered)
		sleep 4
		a=$(($(container_of plain delivered) - a))
		b=$(($(container_of other delivered) - b))
		echo "plain $a, other $b"
		[ $((a * 2)) -lt $b ] || [ $((b * 2)) -lt $a ] || return 0
	done
	return 1
}
check "their shares are alike" shares_are_alike
check "reading went well" stop p1 5
check "for both" stop p2 5
check "no byte came twice, to whomever" "$egdwild" unique "$T"/a.*
equal "both ways are counted as one" true \
	"$([ "$(container_of other delivered)" -ge 3200 ] && echo true)"

# Rates are exact over time, if a busy machine delays nobody for longer than a
# burst lasts, nor at the beginning or the end, for which it gets more tries; the
# first burst is gone before it is measured.
timeout 60 head -c 16384 "$(tty_node slow)" >/dev/null
rate_is_kept() {
	for _ in 1 2 3 4; do
		r=$(timeout 60 "$wild" rate "$(tty_node slow)" 12)
		echo "$r bytes a second of 4000"
		[ "${r:-0}" -lt 3920 ] || [ "$r" -gt 4080 ] || return 0
	done
	return 1
}
check "a rate is kept within 2 %" rate_is_kept
# The device gives it no more than its seeds.
taken=$(hostd_get pool.blocks_taken)
before=$(container_of fast delivered)
r=$(timeout 60 "$wild" rate "$(tty_node fast)" 3)
taken=$((64 * ($(hostd_get pool.blocks_taken) - taken)))
drbg=$(($(container_of fast delivered) - before))
if [ $drbg -ge $((4 * taken)) ] && [ $drbg -gt 0 ]; then
	ok "class drbg gives more than the device"
else
	not_ok "class drbg gives more than the device" "$drbg of $taken bytes"
fi
echo "drbg: $r bytes a second, $drbg of $taken bytes"
equal "class seed gives 64 bytes" 64 "$(got "$(tty_node seed)" 128 5)"
equal "and no more" 0 "$(got "$(tty_node seed)" 1 1)"
check "a container that starts" container_event started seed 1
equal "gets them anew" 64 "$(got "$(tty_node seed)" 128 5)"

# Little is given that nobody reads.
before=$(container_of plain delivered)
for _ in 1 2 3 4 5 6 7 8; do
	timeout 60 dd if="$p" bs=16 count=1 of=/dev/null 2>/dev/null
done
more=$(($(container_of plain delivered) - before))
if [ $more -le 5200 ]; then
	ok "a short read costs 640 bytes at most"
else
	not_ok "a short read costs 640 bytes at most" "$more for eight"
fi

# Who leaves a terminal in an odd state leaves it so for nobody.
check "somebody leaves a terminal canonical, echoing, with flow control" \
	"$wild" odd "$v"
wait_for 10 open_is virt false
say "$v" cmdO
has_again() {
	timeout 60 stty -F "$v" -a | grep -q -- "$1"
}
check "a terminal is raw again for the next one" wait_for 10 has_again -icanon
check "and does not echo" wait_for 10 has_again '-echo '
equal "commands and bytes pass" 6400 "$(got "$v" 6400 30)"

# soon MICROSECONDS NODE: leaves bytes unread and, so much later, says cmdo as a
# script would.
cat >"$T/soon" <<'END'
import os, sys, time
def opened():
    return os.open(sys.argv[2], os.O_RDWR | os.O_NOCTTY)
fd = opened()
os.write(fd, b"cmdO\n")
os.read(fd, 16)
end = time.perf_counter() + int(sys.argv[1]) / 1e6
os.close(fd)
while time.perf_counter() < end:
    pass
fd = opened()
os.write(fd, b"cmdo\n")
os.close(fd)
END
lost=0
for us in 0 50 100 150 200 300 400 500 700 1000 1500 3000; do
	timeout 60 python3 "$T/soon" $us "$v" || lost=99
	wait_for 10 open_is virt false
	[ "$(got "$v" 64 0.3)" = 0 ] || lost=$((lost + 1))
done
equal "no command is lost that comes soon after a reader" 0 $lost
say "$v" cmdO

# Who keeps it to himself does so until the container starts anew.
cat >"$T/exclusive" <<'END'
import fcntl, os, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(fd, termios.TIOCEXCL)
os.read(fd, 16)
END
old=$(tty_node seed)
container_event started seed 3
check "somebody keeps a terminal to himself" timeout 60 \
	python3 "$T/exclusive" "$old"
check "which is said" wait_for 10 grep -q 'container seed: .*TIOCEXCL' \
	"$T/keeper.log"
container_event stopped seed
container_event prepare seed
refuse "the next start has another one" 1 [ "$(tty_node seed)" = "$old" ]
container_event started seed 4
equal "which gives bytes" 64 "$(got "$(tty_node seed)" 64 30)"

# A daemon that it became the controlling terminal of.
cat >"$T/daemon" <<'END'
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
got = len(os.read(fd, 64))
os.close(fd)
time.sleep(0.5)
print("read and went on" if got else "read nothing")
END
equal "whoever closes it is sent no signal that ends or stops him" \
	"read and went on" \
	"$(timeout 60 setsid --wait python3 "$T/daemon" "$p" 2>&1 | tail -n 1)"

# Bad manners hurt nobody else.
start good "$wild" steady "$p" "$T/b.good"
start flood1 timeout 60 "$wild" flood "$v" 4
start deaf timeout 60 "$wild" deaf "$o" 4
start knock timeout 60 "$wild" knock "$(tty_node slow)" 4
start locks timeout 60 "$wild" locks "$(tty_node seed)" 4
slowest=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	sleep 0.2
	t0=$(date +%s%3N)
	hostd_ctl status --json >/dev/null || slowest=99999
	t1=$(($(date +%s%3N) - t0))
	[ $t1 -le $slowest ] || slowest=$t1
done
if [ $slowest -lt 15000 ]; then
	ok "the agent answers meanwhile"
else
	not_ok "the agent answers meanwhile" "after $slowest ms"
fi
echo "the slowest answer: $slowest ms"
check "a reader is served meanwhile" stop good 5
cat "$T/good.log"
for name in flood1 deaf knock locks; do
	ended $name 15
	tail -n 1 "$T/$name.log"
done
equal "the terminal that was flooded is of use" 640 "$(say "$v" "" cmdO cmd0; got "$v" 640 30)"
container_event started seed 2
equal "the one whose locks were held" 64 "$(got "$(tty_node seed)" 64 30)"

# Phases.
old=$(tty_node plain)
check "a container that prepares" container_event prepare plain
refuse "has another terminal" 1 [ "$(tty_node plain)" = "$old" ]
equal "is preparing" preparing "$(container_of plain phase)"
check "it starts" container_event started plain $$
equal "it runs" running "$(container_of plain phase)"
equal "as that process" $$ "$(container_of plain pid)"
# A first process may be quicker than the agent.
check "another prepares" container_event prepare virt
kill -STOP "$(cat "$T/hostd.pid")"
container_event started virt $$ &
told=$!
v=$(tty_node virt)
exec 7<>"$v"
printf 'cmd0\ncmdO\n' >&7
kill -CONT "$(cat "$T/hostd.pid")"
check "it is told to have started" wait $told
equal "what its first process wrote before counts" 64 "$(got - 64 5 <&7)"
exec 7<&-
equal "an unknown one is no error" 0 "$(container_event prepare unknown; echo $?)"
refuse "nonsense is" 1 container_event prepare plain -7
p=$(tty_node plain)
equal "its terminal gives bytes" 64 "$(got "$p" 64 30)"

# Changes while they are open.
start stays "$wild" steady "$p" "$T/b.stays"
sed -i '/^\[container none\]/,$d; s/^\[container slow\]/&\nsocket=yes/' \
	"$T/hostd.conf"
printf '[container new]\nclass=drbg\n' >>"$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "a reload adds" wait_for 5 test -s "$T/run/lxc/new.facts"
gone_too() {
	[ ! -e "$T/run/lxc/none" ] && [ ! -e "$T/run/lxc/none.facts" ]
}
check "and removes" wait_for 5 gone_too
check "and changes" wait_for 5 test -S "$T/run/lxc/slow/egd.sock"
check "whoever is open stays so" running stays
printf '[container bad/id]\n' >>"$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "a wrong one is named by file, line and reason" wait_for 5 \
	grep -q "hostd.conf:[0-9]*:.*container's id" "$T/keeper.log"
sed -i '/bad.id/d' "$T/hostd.conf"
check "that one reads on" stop stays 5

# A OneRNG itself.
is_let_go() {
	[ "$(hostd_get devices.0.state)" = gone ]
}
printf '[container pass]\ndevice=passthrough\n' >>"$T/hostd.conf"
printf '[container port]\ndevice=passthrough\nport=9-9\n' >>"$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "a container for a device" wait_for 5 test -s "$T/run/lxc/port.facts"
check "one that names another port prepares" container_event prepare port
refuse "and the device stays" 1 is_let_go
check "the one for any device prepares" container_event prepare pass
equal "and the device is let go" released "$(hostd_get devices.0.state)"
equal "for it" "container pass" "$(hostd_get devices.0.detail)"
check "it starts and stops" container_event started pass $$
check "and with that" container_event stopped pass
check "the device comes back" wait_for 30 serving

# Live, over the control socket.
set_live() {
	python3 - "$T/run/control.sock" "$@" <<'END'
import json, socket, sys
request = dict(w.split("=") for w in sys.argv[2:])
request["cmd"] = "consumer-set"
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(json.dumps(request).encode() + b"\n")
reply = json.loads(s.makefile().readline())
print(reply.get("error", ""))
sys.exit(not reply["ok"])
END
}
check "a class is changed live" set_live consumer=plain class=drbg
equal "which status says" drbg "$(container_of plain class)"
equal "and that it is no configuration" true "$(container_of plain override)"
check "a container is told from a domain by its kind" set_live consumer=plain \
	kind=container class=raw
refuse "which is not one of that name" 1 set_live consumer=plain kind=domain \
	class=raw
refuse "nothing is set of who gets nothing" 1 set_live consumer=pass class=raw

# Two sources of trouble at once: no device, and who is to get none.
sed -i 's/^\[container slow\]/&\nwhen_absent=refuse/
	s/^\[container fast\]/&\nwhen_absent=kernel/' "$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
refusing() {
	[ "$(container_of slow when_absent)" = refuse ]
}
check "policies are taken" wait_for 5 refusing
hostd_sim unplug >/dev/null
absent() {
	hostd_state no-device
}
check "the device is unplugged" wait_for 20 absent
check "refuse gives nothing" wait_for 10 silent "$(tty_node slow)"
equal "kernel gives the kernel's" 64 "$(got "$(tty_node fast)" 64 30)"
check "which is counted" [ "$(container_of fast kernel_bytes)" -ge 64 ]
hostd_stop
equal "facts outlive the agent, without a node" "" "$(tty_node virt)"
check "and say that it ended" grep -qx state=stopped "$T/run/lxc/virt.facts"

#!/bin/sh
# somebody reads a container's terminal into memory that never comes: he holds it
# as long as he likes, and nobody else waits, neither the agent nor whoever
# keeps its descriptors
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/tty.sh"
need python3

hold=$B/tests/integration/ttyhold
wild=$B/tests/integration/ttywild
mkdir "$T/fuse"

# What can wait, on this kernel, is what the agent's core does not do.
timeout 120 "$hold" "$T/fuse" probe >"$T/probe"
[ $? -ne 77 ] || skip_all "no FUSE"
timeout 20 "$hold" "$T/fuse" close >>"$T/probe"
cat "$T/probe"
# shellcheck disable=SC2016 # awk's own
equal "of what is done to a master three things can be made to wait" \
	"close tcgetattr tcsetattr" "$(awk '$1 == "waits" && $2 !~ /^slave/ \
	{ print $2 }' "$T/probe" | sort | xargs)"
check "the others cannot" grep -q '^returns write tcsetattr$' "$T/probe"

stalled() {
	[ "$(container_of "$1" stalled)" = true ]
}

not_stalled() {
	[ "$(container_of "$1" stalled)" = false ]
}

more_of() {
	[ "$(stat -c %s "$T/got.$1")" -ge "$more_wanted" ]
}

# goes_on TITLE: while somebody holds a terminal, others read on, and the agent
# answers again and again.
goes_on() {
	more_wanted=$(($(stat -c %s "$T/got.other") + 8192))
	check "$1: another container reads on" wait_for 30 more_of other
	answers=0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		hostd_ctl status --json >/dev/null && answers=$((answers + 1))
	done
	equal "$1: the agent answers every time" 10 $answers
}

is_held() {
	grep -q '^held' "$T/$1.log"
}

# grab: holds the terminal of the container `held`.
grab() {
	rm -f "$T/grab.log"
	start grab "$hold" "$T/fuse" read "$(tty_node held)"
	wait_for 20 is_held grab
}

# Who wipes is stopped until it is held: what he does then has to wait.
grab_amid_wipe() {
	wiper=$(pgrep -P "$(cat "$T/hostd.pid")" -f -- '--role terminal')
	kill -STOP "$wiper"
	timeout 20 head -c 16 "$(tty_node held)" >/dev/null
	wait_for 10 stalled held && grab
	grabbed=$?
	kill -CONT "$wiper"
	sleep 1
	[ $grabbed -eq 0 ] && stalled held
}

# The tests' own conditions are the terminal's, which has to be wiped again.
let_go() {
	stop grab
	check "$1: let go of, it is served" wait_for 20 not_stalled held
}

serving() {
	hostd_state serving
}

config() {
	hostd_conf
	printf '[container other]\ndevice=plain\n' >>"$T/hostd.conf"
	printf '[container held]\ndevice=plain\n' >>"$T/hostd.conf"
}

without_held() {
	sed -i '/^\[container held\]/,$d' "$T/hostd.conf"
	kill -HUP "$(cat "$T/hostd.pid")"
	wait_for 10 [ ! -e "$T/run/lxc/held.facts" ]
}

with_held() {
	printf '[container held]\ndevice=plain\n' >>"$T/hostd.conf"
	kill -HUP "$(cat "$T/hostd.pid")"
	wait_for 10 test -s "$T/run/lxc/held.facts"
}

reader() {
	start other "$wild" steady "$(tty_node other)" "$T/got.other"
	wait_for 20 test -s "$T/got.other"
}

config
hostd_start --rate 150000 || exit 1
check "the agent serves" wait_for 30 serving
check "a container reads" reader

check "another holds its terminal amid a wipe" grab_amid_wipe
goes_on "amid a wipe"
check "it is logged" grep -q 'container held: its terminal is held' \
	"$T/keeper.log"
kill -KILL "$(sed -n 's/^held //p' "$T/grab.log")"
sleep 1
check "a kill of who holds it is no help" stalled held
goes_on "killed"
old=$(tty_node held)
check "it starts anew" container_event prepare held
check "and runs" container_event started held $$
refuse "with another terminal" 1 [ "$(tty_node held)" = "$old" ]
equal "which is not held" false "$(container_of held stalled)"
equal "and gives bytes" 640 \
	"$(timeout 10 cat "$(tty_node held)" | head -c 640 | wc -c)"
stop grab

check "held amid a wipe again" grab_amid_wipe
let_go "amid a wipe"
equal "and gives bytes again" 640 \
	"$(timeout 10 cat "$(tty_node held)" | head -c 640 | wc -c)"

check "it is held by who reads" grab
check "a reload removes the container" without_held
goes_on "removed"
stop grab
check "it is back" with_held
check "held by who reads" grab
kill -USR2 "$(cat "$T/hostd.pid")"
check "the agent is replaced by exec" wait_for 30 grep -q \
	'container held: taken over' "$T/keeper.log"
check "and serves" wait_for 30 serving
goes_on "replaced"
check "a reload removes it then" without_held
goes_on "replaced and removed"
stop grab
check "it is back once more" with_held

check "held once more" grab_amid_wipe
pid=$(cat "$T/hostd.pid")
hostd_end TERM
check "the agent ends nevertheless" gone "$pid"
hostd_up
check "and serves again" wait_for 30 serving
stop grab
stop other
hostd_stop

# With a service manager that keeps what it was given, and closes it at once.
config
rm -f "$T/hostd.last" "$T/got.other"
: >"$T/keeper.log"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" -c "$T/hostd.conf"
hostd_up || exit 1
check "the agent serves under a service manager" wait_for 30 serving
check "a container reads there" reader

stored() {
	[ "$(grep -c '^listen' "$T/store")" -eq "$1" ]
}
check "both terminals are in its store" wait_for 10 stored 5
check "one is held amid a wipe" grab_amid_wipe
hostd_end KILL
hostd_up
check "another agent takes it" wait_for 30 grep -q \
	'container held: taken over' "$T/keeper.log"
check "held as it is" wait_for 10 stalled held
check "it serves" wait_for 30 serving
goes_on "after a kill"
check "a reload removes it from the store" without_held
check "at once" wait_for 10 stored 4
goes_on "removed from the store"
check "the manager goes on: it takes another one" with_held
check "into its store" wait_for 10 stored 5
stop grab

# Configured no longer when the next agent starts, who finds it held.
check "held over a restart" grab
hostd_hold
hostd_end TERM
sed -i '/^\[container held\]/,$d' "$T/hostd.conf"
hostd_release
hostd_up
check "that drops it: it leaves the store" wait_for 40 stored 4
check "the agent serves then" wait_for 30 serving
goes_on "dropped at a restart"
stop grab
check "it is there again" with_held
check "and in the store" wait_for 10 stored 5

# The agent, then the manager's copy go, while nobody holds it when the agent is
# told to end, and somebody does a moment later.
hostd_hold
hostd_end TERM
check "held once there is no agent" grab
: >"$T/hostd.last"
check "the manager ends with its store" ended keeper 10
stop grab
stop other

#!/bin/sh
# one container does to its device whatever it can, beside four that read: these
# read on, the agent answers, and a new start serves the hostile one again
# timeout: 400
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/lib/lxc.sh
. tests/lib/lxcmany.sh

trap lxc_exit EXIT
lxc_need
need nsenter python3
lxc_layout v2
lxc_install

polite="a b c d"
seconds=4
[ -z "${SOAK:-}" ] || seconds=40

serving() {
	hostd_state serving
}

# goes_on NAME: those get more than waits for them.
goes_on() {
	# shellcheck disable=SC2086 # a list
	check "$1" wait_for 30 many_more 4096 "$(many_count $polite)" $polite
}

# attack NAME JOB COMMAND...: meanwhile the others are served, round by
# round, and the agent answers.
attack() {
	attack_name=$1 attack_job=$2 attack_rounds=0
	shift 2
	many_job "$attack_name" "$attack_job" "$@"
	goes_on "$attack_name, $attack_job: the others are served"
	while running "$attack_name-$attack_job"; do
		attack_rounds=$((attack_rounds + 1))
		goes_on "$attack_name, $attack_job: and go on, $attack_rounds"
	done
	ended "$attack_name-$attack_job" 1
	equal "$attack_name, $attack_job: it did what it could" 0 $?
	tail -n 1 "$T/$attack_name-$attack_job.log"
}

# again TITLE COMMAND...: so the agent is replaced, and all read on.
again() {
	again_title=$1
	many_again 6 "$@"
	goes_on "$again_title: all read on"
}

# served NAME: what it gets, of 640 bytes.
served() {
	many_on "$1"
	lxc_run "$1" /bin/busybox timeout 60 head -c 640 /dev/ttyACM0 | wc -c
}

check "the agent starts" many_agent --rate 150000 || exit 1
check "it serves" wait_for 30 serving
# Of two hostile ones one has all that root has.
for name in $polite mighty mapped; do
	kind=
	case $name in b | d | mapped) kind=idmapped ;; esac
	# shellcheck disable=SC2086 # a word or none
	many_make "$name" $kind
	many_bring "$name" "$B/tests/integration/ttyhostile"
	[ "$name" != mighty ] ||
		sed -i '/lxc.cap.drop/d' "$(lxc_config "$name")"
	many_attach "$name" >/dev/null
	check "$name starts" lxc_start "$name"
	many_on "$name"
done
for name in $polite; do
	many_job "$name" reads /bin/ttywild steady /dev/ttyACM0 /tmp/got
done
goes_on "four read"
pid=$(cat "$T/hostd.pid")

for name in mighty mapped; do
	attack $name flood /bin/ttywild flood /dev/ttyACM0 1
	attack $name deaf /bin/ttywild deaf /dev/ttyACM0 1
	attack $name knock /bin/ttywild knock /dev/ttyACM0 1
	attack $name locks /bin/ttywild locks /dev/ttyACM0 1
	attack $name odd /bin/ttywild odd /dev/ttyACM0
	attack $name bytes /bin/sh -c 'timeout 2 dd if=/dev/zero bs=65536 \
		of=/dev/ttyACM0; true'
	for seed in 1 2 3; do
		many_job $name all$seed /bin/ttyhostile /dev/ttyACM0 \
			$seconds $seed
	done
	attack $name all /bin/ttyhostile /dev/ttyACM0 $seconds 4
	for seed in 1 2 3; do
		ended $name-all$seed 20
		equal "$name: nothing keeps it, $seed" 0 $?
	done
done
equal "it was one agent all the time" "$pid" "$(cat "$T/hostd.pid")"
refuse "that did not end once" 1 grep -q "fdstore: the agent ended" \
	"$T/keeper.log"

# The agent is replaced under attack.
for seed in 5 6; do
	many_job mighty late$seed /bin/ttyhostile /dev/ttyACM0 600 $seed
	many_job mapped late$seed /bin/ttyhostile /dev/ttyACM0 600 $seed
done
goes_on "four read beside four that attack"
again "a hand-over by exec" kill -USR2 "$pid"
again "SIGTERM and a start" hostd_end TERM
again "kill -9 and a start" hostd_end KILL
for seed in 5 6; do
	many_end mighty late$seed KILL
	many_end mapped late$seed KILL
done
for name in mighty mapped; do
	check "$name stops" lxc_stop "$name"
	check "$name starts again" lxc_start "$name"
	equal "$name is served again" 640 "$(served "$name")"
done
goes_on "the others read on"
for name in $polite; do
	check "$name: no end of file, no error" many_end "$name" reads
	cat "$T/$name-reads.log"
done
# shellcheck disable=SC2046 # a list
check "no 16 bytes came twice" "$B/tests/integration/egdwild" unique \
	$(find "$LXC_PATH" -path "*/rootfs/tmp/got" -type f)
hostd_stop

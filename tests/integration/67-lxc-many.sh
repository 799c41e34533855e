#!/bin/sh
# five containers read their own devices at once, with Debian's rngd and rngtest
# among others: rates, uniqueness, restarts of the agent, an unplugged device
# timeout: 500
# cpu: heavy
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/hostd.sh
. tests/lib/lxc.sh
. tests/lib/lxcmany.sh
. tests/lib/rngtools.sh

trap lxc_exit EXIT
lxc_need
need nsenter python3
lxc_layout v2
lxc_install

all="a b c d e"
egdwild=$B/tests/integration/egdwild

# kind_of NAME: as words of lxc_make.
kind_of() {
	case $1 in
	a) echo privileged ;;
	b) echo privileged common ;;
	d) echo idmapped common ;;
	*) echo idmapped ;;
	esac
}

# each COMMAND [WORD...]: with a container's name as first word, for all.
each() {
	each_command=$1
	shift
	for each_name in $all; do
		"$each_command" "$each_name" "$@" || return
	done
}

serving() {
	hostd_state serving
}

# files WORD: what containers left by such a name, a pattern, in their /tmp.
files() {
	find "$LXC_PATH" -path "*/rootfs/tmp/$1" -type f
}

unique() {
	# shellcheck disable=SC2046 # a list
	"$egdwild" unique $(for word; do files "$word"; done)
}

# -- five containers, as an administrator attaches them
check "the agent starts" many_agent --rate 150000 || exit 1
check "it serves" wait_for 30 serving
for name in $all; do
	kind=$(kind_of "$name")
	# shellcheck disable=SC2086 # words
	many_make "$name" $kind
	check "$kind: attached" many_attach "$name"
	check "$kind: starts" lxc_start "$name"
	equal "$kind: ttyACM0" "0660 0 20" \
		"$(lxc_probe "$name" look /dev/ttyACM0 | cut -d' ' -f3-)"
done
check "each is switched on" each many_on

# -- what people read with
# tools NAME: bytes that each way of reading got.
tools() {
	# shellcheck disable=SC2016 # the shell's in there
	lxc_run "$1" /bin/sh -c '
		head -c 640 /dev/ttyACM0 >/tmp/got.head
		dd if=/dev/ttyACM0 of=/tmp/got.dd bs=64 count=10 iflag=fullblock
		cat /dev/ttyACM0 | head -c 640 >/tmp/got.cat
		for way in head dd cat; do wc -c </tmp/got.$way; done' \
		2>/dev/null | tr '\n' ' '
}
for name in $all; do
	equal "$name: head, dd and cat" "640 640 640 " "$(tools "$name")"
done

# -- rng-tools
# counted NAME FILE WORDS: that figure of rng-tools' statistics.
counted() {
	sed -n "s/.*$3: *\([0-9]*\).*/\1/p" "$T/$1-$2.log" | tail -n 1
}

# total FILE WORDS: of all containers.
total() {
	total_sum=0
	for total_name in $all; do
		total_one=$(counted "$total_name" "$1" "$2")
		total_sum=$((total_sum + ${total_one:-0}))
	done
	echo $total_sum
}

# few NAME FAILURES: of 200 blocks; by chance one in 1,200 fails.
few() {
	if [ "$2" -le 5 ]; then
		ok "$1"
	else
		not_ok "$1" "$2 failed"
	fi
}

bring_rngtools() {
	many_bring "$1" "$RNGTOOLS_DIR/root/usr/sbin/rngd" \
		"$RNGTOOLS_DIR/root/usr/bin/rngtest" \
		"$B/tests/lib/preload/rngsink.so" || return
	# a thread's end asks for it by name
	gcc_s=$(/sbin/ldconfig -p | sed -n 's/.*libgcc_s.so.1 .*=> //p' |
		head -n 1)
	cp -L "$gcc_s" "$(lxc_root "$1")$gcc_s"
}

rngtest_all() {
	for name in $all; do
		many_job "$name" rngtest /bin/sh -c \
			'exec rngtest -c 30 </dev/ttyACM0'
	done
	for name in $all; do
		ended "$name-rngtest" 60
		equal "$name: rngtest tests 30 blocks" 30 $((\
			$(counted "$name" rngtest "FIPS 140-2 successes") + \
			$(counted "$name" rngtest "FIPS 140-2 failures")))
	done
	few "nearly all pass" "$(total rngtest "FIPS 140-2 failures")"
}

# The kernel lets nobody in a container feed it who has no right over the host.
rngd_refused() {
	for name in $all; do
		many_job "$name" refused /bin/rngd -f -r /dev/ttyACM0 -t 1
	done
	for name in $all; do
		ended "$name-refused" 30
		equal "$name: rngd ends as the kernel refuses it" 12 $?
		check "$name: it says so" grep -q \
			"RNDADDENTROPY failed: Operation not permitted" \
			"$T/$name-refused.log"
	done
	few "blocks it had tested passed" "$(total refused "FIPS 140-2 failures")"
}

fed() {
	for name in $all; do
		[ "$(stat -c %s "$(lxc_root "$name")/tmp/sink")" \
			-ge 20000 ] || return
	done
}

# The same with a file in the kernel's place.
rngd_feeds() {
	for name in $all; do
		many_job "$name" rngd /bin/busybox env RNG_SINK=/tmp/sink \
			LD_PRELOAD=/bin/rngsink.so \
			/bin/rngd -f -r /dev/ttyACM0 -t 1 -S 2
	done
	check "five rngd feed" wait_for 60 fed
	for name in $all; do
		many_end "$name" rngd
		equal "$name: rngd ends when told to" 0 $?
		check "$name: it counts blocks that pass" [ \
			"$(counted "$name" rngd "FIPS 140-2 successes")" -ge 8 ]
	done
	few "nearly all pass" "$(total rngd "FIPS 140-2 failures")"
	check "what they fed is different" unique sink
}

if rngtools && each bring_rngtools; then
	rngtest_all
	rngd_refused
	rngd_feeds
else
	skip "rng-tools" "the package cannot be had"
fi

# -- rates of each, together well below what the device gives; bursts are long
# enough for a busy machine, and gone before it is measured
rate_of() {
	case $1 in
	a) echo 4000 ;;
	b) echo 4500 ;;
	c) echo 5000 ;;
	d) echo 5500 ;;
	*) echo 6000 ;;
	esac
}
for name in $all; do
	check "$name: a rate" many_attach "$name" --rate "$(rate_of "$name")" \
		--burst 8192
done
# rates NAME...: measured side by side; $missed is by whom it was missed.
rates() {
	missed=
	for name; do
		rm -f "$T/$name-rate.log"
		many_job "$name" rate /bin/sh -c \
			'head -c 16384 /dev/ttyACM0 >/dev/null
			exec ttywild rate /dev/ttyACM0 12'
	done
	for name; do
		ended "$name-rate" 40
		wanted=$(rate_of "$name") rate=$(cat "$T/$name-rate.log")
		echo "$name: $rate of $wanted"
		[ "${rate:-0}" -ge $((wanted * 98 / 100)) ] &&
			[ "$rate" -le $((wanted * 102 / 100)) ] ||
			missed="$missed $name"
	done
}
# A machine that keeps somebody waiting as the time begins or ends has more tries.
missed=$all
for _ in 1 2 3 4; do
	# shellcheck disable=SC2086 # a list
	[ -z "$missed" ] || rates $missed
done
for name in $all; do
	case " $missed " in
	*" $name "*)
		not_ok "$name: its rate is kept within 2 %" \
			"$(cat "$T/$name-rate.log") of $(rate_of "$name")"
		;;
	*) ok "$name: its rate is kept within 2 %" ;;
	esac
done
for name in $all; do
	check "$name: no rate" many_attach "$name" --rate 0
done

# -- the agent restarts, the device goes, they read on
# goes_on NAME: all get more than wait for them.
goes_on() {
	# shellcheck disable=SC2046,SC2086 # a list
	check "$1" wait_for 40 many_more 8192 "$(many_count $all)" $all
}

# again TITLE COMMAND...: so the agent is replaced, and all read on.
again() {
	again_title=$1
	many_again 5 "$@"
	goes_on "$again_title: all read on"
}

for name in $all; do
	many_job "$name" reads /bin/ttywild steady /dev/ttyACM0 /tmp/got.reads
done
goes_on "five read"
again "a hand-over by exec" kill -USR2 "$(cat "$T/hostd.pid")"
again "SIGTERM and a start" hostd_end TERM
again "kill -9 and a start" hostd_end KILL
check "the device is unplugged" hostd_sim unplug
absent() {
	hostd_state no-device
}
check "and gone" wait_for 20 absent
for name in $all; do
	check "$name: holds" running "$name-reads"
done
check "it is plugged in" hostd_sim plug
check "and serves" wait_for 60 serving
goes_on "all go on"
for name in $all; do
	check "$name: no end of file, no error" many_end "$name" reads
	cat "$T/$name-reads.log"
done
check "no 16 bytes came twice, to whomever" unique "got.*" sink
hostd_stop

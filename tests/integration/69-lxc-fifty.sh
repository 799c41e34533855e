#!/bin/sh
# fifty containers, started one after another with the hook: each has a device
# of its own and bytes of its own, also behind a hand-over of the agent
# timeout: 500
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

count=50
all=$(seq -s ' ' -f 'n%02g' $count)

serving() {
	hostd_state serving
}

# kind_of NAME: as a word of lxc_make; every other one.
kind_of() {
	case $1 in
	*[02468]) echo idmapped ;;
	*) echo privileged ;;
	esac
}

# make NAME: with the same root as all of its kind.
make() {
	kind=$(kind_of "$1")
	mkdir -p "$LXC_PATH/$(lxc_name "$1")"
	sed "s|^lxc.uts.name.*|lxc.uts.name = $1|" "$(lxc_config "$kind")" \
		>"$(lxc_config "$1")"
}

# device_of NAME: virtual and plain ones.
device_of() {
	case $1 in
	*[369]) echo plain ;;
	*) echo virtual ;;
	esac
}

# has NAME: what is in there as ttyACM0, and whether it gives bytes.
has() {
	# shellcheck disable=SC2016 # the shell's in there
	lxc_run "$1" /bin/sh -c '
		devprobe look /dev/ttyACM0
		echo cmdO >/dev/ttyACM0
		head -c 64 /dev/ttyACM0 >>"/tmp/got.$0"
		wc -c <"/tmp/got.$0"' "$1" | tr '\n' ' '
}

# fact NAME WORD: what the agent publishes.
fact() {
	sed -n "s/^$2=//p" "$T/run/lxc/$(lxc_name "$1").facts"
}

# each_has BYTES: the names of those that have not what they are to have.
each_has() {
	for name in $all; do
		wanted="chr $(fact "$name" rdev) 0660 0 20 $1 "
		got=$(has "$name")
		[ "$got" = "$wanted" ] || echo "$name: $got, not $wanted"
	done
}

check "the agent starts" many_agent --rate 150000 || exit 1
check "it serves" wait_for 30 serving
for kind in privileged idmapped; do
	many_make $kind $kind
done
for name in $all; do
	make "$name"
	many_attach "$name" --device "$(device_of "$name")" \
		>"$T/attach.out" 2>&1 || not_ok "$name: attached" \
		"$(cat "$T/attach.out")"
done
equal "$count are registered" $count \
	"$(find "$T/run/lxc" -name '*.facts' | wc -l)"
for name in $all; do
	lxc_start "$name" || echo "$name"
done >"$T/failed"
equal "$count containers start" "" "$(cat "$T/failed")"
equal "each has its device and bytes of it" "" "$(each_has 64)"
equal "no two have the same one" $count "$(for name in $all; do
	fact "$name" rdev
done | sort -u | wc -l)"
for name in $all; do
	fact "$name" node
done >"$T/nodes"

many_again $count "a hand-over by exec" kill -USR2 "$(cat "$T/hostd.pid")"
equal "each reads on" "" "$(each_has 128)"
for name in $all; do
	fact "$name" node
done >"$T/nodes.after"
check "of the same device" cmp "$T/nodes" "$T/nodes.after"
# shellcheck disable=SC2046 # a list
check "no 16 bytes came twice" "$B/tests/integration/egdwild" unique \
	$(find "$LXC_PATH" -path "*/rootfs/tmp/got.*")

stopped() {
	[ "$(hostd_ctl status --json | grep -o '"phase": *"stopped"' |
		wc -l)" -eq $count ]
}
for name in $all; do
	lxc_stop "$name" || echo "$name"
done >"$T/failed"
equal "they stop" "" "$(cat "$T/failed")"
check "which the agent is told" wait_for 10 stopped
for name in $all; do
	container detach "$name" >"$T/detach.out" 2>&1 || cat "$T/detach.out"
done >"$T/failed"
equal "they are detached" "" "$(cat "$T/failed")"
equal "and nothing is left of them" 0 \
	"$(find "$T/run/lxc" "$T/hostd.conf.d" -type f | wc -l)"
hostd_stop

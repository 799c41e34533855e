#!/bin/sh
# a running container gets its device from a running host agent by one command,
# keeps it over a restart of both, and loses it by another
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/lxc.sh"
trap lxc_exit EXIT
lxc_need
lxc_layout v2
lxc_is_v2 || skip_all "no control groups of the second version"

# The agent serves from the simulated OneRNG; LXC is in another namespace.
hostd_conf
check "the host agent starts" hostd_start || exit 1
wait_for 30 hostd_state serving

# seen NAME: the device as the container has it, and whether it gives bytes.
seen() {
	lxc_run "$1" /bin/sh -c '
		if [ -c /dev/onerng ]; then
			stat -c %u:%g:%a /dev/onerng
			head -c 64 /dev/onerng | wc -c
		else
			echo none
		fi
		: </dev/null && echo null' 2>&1 | tr '\n' ' '
}

# closed WORD...: as a program does that has no use for either.
closed() {
	container "$@" <&- 2>&-
}

for kind in plain common idmapped; do
	# shellcheck disable=SC2086 # a word or none
	lxc_make $kind $kind
	for applet in stat head wc; do
		ln -sf busybox "$(lxc_root $kind)/bin/$applet"
	done
	cp "$(lxc_config $kind)" "$T/before"
	check "$kind: it runs" lxc_start $kind
	equal "$kind: without a device" "none null " "$(seen $kind)"
	check "$kind: attach" container attach $kind --device plain
	equal "$kind: it has it" "0:20:660 64 null " "$(seen $kind)"
	check "$kind: attach again" container attach $kind
	equal "$kind: changes nothing" "0:20:660 64 null " "$(seen $kind)"
	check "$kind: another owner" container attach $kind --owner 7
	equal "$kind: is seen at once" "7:20:660 64 null " "$(seen $kind)"
	check "$kind: without standard input and error" \
		closed attach $kind --owner 8
	equal "$kind: all the same" "8:20:660 64 null " "$(seen $kind)"
	check "$kind: detach" container detach $kind
	equal "$kind: it is gone" "none null " "$(seen $kind)"
	check "$kind: to the byte" cmp "$T/before" "$(lxc_config $kind)"
	lxc_stop $kind
done

# userns.conf takes away every rule before it: what is generated is behind it.
attach_userns() {
	container attach userns --device plain &&
		sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" \
			"$T/includes/$(lxc_name userns).d/onerng.conf"
}

userns_has() {
	check "userns.conf, $1: it starts" lxc_start userns
	seen userns >"$T/seen"
	check "userns.conf, $1: $2" grep -qx "0:20:660 $3 null " "$T/seen" ||
		cat "$T/seen"
	lxc_stop userns
}

lxc_install
lxc_make userns idmapped common
for applet in stat head wc; do
	ln -sf busybox "$(lxc_root userns)/bin/$applet"
done
check "userns.conf: attach" attach_userns
cat >>"$(lxc_config userns)" <<END
lxc.include = $LXC_SHARE/userns.conf
lxc.mount.auto =
lxc.mount.auto = proc:mixed sys:ro
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c 1:* rw
END
userns_has "behind ours" "the device is refused" ".*not permitted.*"
check "userns.conf: attach again" attach_userns
userns_has "before ours" "the device is permitted" 64

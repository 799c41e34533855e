#!/bin/sh
# containers whose names are commands to a shell get their device, and the
# commands are not run
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/lxc.sh

trap lxc_exit EXIT
lxc_need
lxc_layout v1
lxc_install
lxc_agent
lxc_pty a || exit 1

# Hooks have the environment of who starts the container.
mkdir -p "$T/includes"
# mapped ids are to be able to do what they must not; names have no slash
mkdir -m 777 "$T/injected"
export INJ="$T/injected/done-"

injected() {
	find "$T/injected" "$T"/lxc/*/rootfs -name 'done-*' -printf '%f '
}

# ours VERB NAME WORD...
ours() {
	ours_verb=$1 ours_name=$(lxc_name "$2")
	shift 2
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container "$ours_verb" \
		"$ours_name" --path "$LXC_PATH" --includes "$T/includes" "$@"
}

# facts ID: an agent's, whose pty is nobody's until a hook gave it away.
facts() {
	chown nobody "$(lxc_node a)"
	chmod 600 "$(lxc_node a)"
	lxc_facts "$1" virtual "$(lxc_node a)" "$(lxc_rdev a)"
}

# starts TITLE NAME: with its device, and nothing else happens.
starts() {
	check "$1: it starts" lxc_start "$2"
	equal "$1: it has its device" "chr $(lxc_rdev a)" \
		"$(lxc_probe "$2" look /dev/onerng | cut -d' ' -f1-2)"
	check "$1: it stops" lxc_stop "$2"
	equal "$1: nothing of its name was run" "" "$(injected)"
}

attached() {
	check "$1: attach" ours attach "$2" --no-register
	id=$(basename "$T"/includes/*.d .d)
	refuse "$1: its ID is none to a shell" 1 \
		expr "$id" : '.*[^A-Za-z0-9_.-]'
	sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" \
		"$T/includes/$id.d/onerng.conf"
	facts "$id"
	starts "$1, attached" "$2"
	check "$1: it starts again" lxc_start "$2"
	check "$1: detach while it runs" ours detach "$2" --no-register
	check "$1: attach while it runs" ours attach "$2" --no-register
	lxc_stop "$2"
	equal "$1: nothing of its name was run by that" "" "$(injected)"
	check "$1: detach" ours detach "$2" --no-register
}

by_hand() {
	check "$1: a hook is printed" ours hook "$2"
	cp "$T/.check" "$T/hook"
	program=$(sed -n 's/^#.*save it as \([^ ]*\),.*/\1/p' "$T/hook")
	install -m 755 "$T/hook" "$program"
	sed -n 's/^#	\(lxc\.\)/\1/p' "$T/hook" >>"$(lxc_config "$2")"
	facts "$(basename "$program" .hook)"
	starts "$1, by hand" "$2"
	rm "$program"
}

# what would be seen if it were run
# shellcheck disable=SC2016 # that shell's own
name='x$(touch ${INJ}bare)'
lxc_make "$name" privileged
echo "lxc.hook.pre-start = true" >>"$(lxc_config "$name")"
check "a hook of somebody else's starts" lxc_start "$name"
lxc_stop "$name"
equal "and runs what a name says" "done-bare " "$(injected)"
rm "${INJ}bare"

for kind in privileged idmapped; do
	# shellcheck disable=SC2016 # that shell's own
	for name in 'x$(touch ${INJ}1)' 'x;touch ${INJ}2;' \
		'x`touch ${INJ}3`' "x';touch \${INJ}4;'" \
		'x"&touch ${INJ}5&"'; do
		n=$(echo "$name" | tr -dc 1-5)
		lxc_make "$name" $kind
		attached "$kind $n" "$name"
		by_hand "$kind $n" "$name"
	done
done

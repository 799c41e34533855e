#!/bin/sh
# the shipped examples for LXC are what liblxc takes, and say what they are for
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
need lxc-info

# parsed FILE KEY: as liblxc has it.
parsed() {
	mkdir -p "$T/lxc/example"
	cp "$1" "$T/lxc/example/config"
	lxc-info -P "$T/lxc" -n example -c "$2"
}

# The shell that LXC starts with "exec LINE" runs the program if it is there.
guard='</dev/null; \[ ! -x ([^ ]+) ] \|\| exec \1'

# As installed.
mkdir -p "$T/conf"
for conf in lxc/*.conf; do
	sed 's#@LIBDIR@#/usr/lib/onerng#g' "$conf" >"$T/conf/${conf##*/}"
done

for conf in "$T"/conf/*.conf; do
	# a key that none of them has, so that all of the file is read
	name=lxc/${conf##*/}
	check "$name is a configuration to LXC" parsed "$conf" lxc.uts.name
	check "$name says what it is for" \
		sh -c "head -n 1 $conf | grep -q '^# $(basename "$conf") - '"
	check "$name says what it costs" grep -q '^# What it costs: ' "$conf"
	equal "$name forbids nothing" '' "$(grep -E '^lxc.*\.deny' "$conf")"
	equal "$name lets the container make no nodes" '' \
		"$(grep -E '^lxc.*\.allow.*m$' "$conf")"
	equal "$name has its rules for both families" \
		"$(sed -n 's/^lxc\.cgroup\.//p' "$conf")" \
		"$(sed -n 's/^lxc\.cgroup2\.//p' "$conf")"
	equal "$name guards every hook" "$(grep -c '^lxc\.hook\.' "$conf")" \
		"$(grep -cE "^lxc\\.hook\\.[a-z-]+ = $guard( .*)? #\$" "$conf")"
done

# The example by hand is what attach makes.
mkdir -p "$T/lxc/web"
echo "lxc.include = /usr/share/lxc/config/common.conf" >"$T/lxc/web/config"
"$B/onerngctl" -s /run/onerng/control.sock container attach web --dry-run \
	--no-register --path "$T/lxc" --includes "$T/inc" |
	sed -n 's/^+\(lxc\.\(cgroup\|hook\).*\)/\1/p' |
	sed 's#[^ ]*/onerng/lxc-#/usr/lib/onerng/lxc-#g' >"$T/made"
sed -n '/^lxc\./p' "$T/conf/virtual.conf" >"$T/written"
check "lxc/virtual.conf is what attach makes" diff "$T/made" "$T/written"

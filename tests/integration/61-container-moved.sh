#!/bin/sh
# the host's side installed elsewhere, and removed, with a container attached:
# refresh has the hooks follow, and nothing that is left refuses a start
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
need make lxc-info
[ "$(id -u)" -eq 0 ] || skip_all "needs root"

mkdir -p "$T/lxc/web" "$T/run"
echo "lxc.uts.name = web" >"$T/lxc/web/config"
cp "$T/lxc/web/config" "$T/before"

# run_make PREFIX TARGET
run_make() {
	make -s B="$B" PREFIX="$1" SYSCONFDIR="$T/etc" UNITDIR="$T/units" \
		UDEVDIR="$T/udev" SYSUSERSDIR="$T/sysusers" "$2" >/dev/null
}

# container PREFIX VERB WORD...
container() {
	prefix=$1 verb=$2
	shift 2
	"$prefix/bin/onerngctl" -s "$T/run/control.sock" container "$verb" \
		"$@" --includes "$T/inc" >"$T/said" 2>&1
}

hooks() {
	grep -c "exec $1/lib/onerng/lxc-" "$T/inc/web.d/onerng.conf"
}

# The shell that LXC starts, as it starts it.
guards() {
	sed -n 's/^lxc\.hook\.[a-z-]* = //p' "$T/inc/web.d/onerng.conf" |
		while read -r line; do
			sh -c "exec $line web lxc autodev" || exit
		done
}

check "make install" run_make "$T/old" install
check "the example names its hooks" grep -q "exec $T/old/lib/onerng/lxc-autodev" \
	"$T/old/share/doc/onerng-virt/examples/lxc/virtual.conf"
check "so does what attach writes" container "$T/old" attach web \
	--path "$T/lxc" --drop-ins "$T/drop-ins"
equal "for all four types" 4 "$(hooks "$T/old")"
check "make install elsewhere" run_make "$T/new" install
check "refresh" container "$T/new" refresh
equal "leaves hooks that are there" 4 "$(hooks "$T/old")"
check "make uninstall" run_make "$T/old" uninstall
check "hooks that are gone refuse no start" guards
check "refresh by what is there" container "$T/new" refresh
equal "has the hooks follow" 4 "$(hooks "$T/new")"
check "which is said" grep -q "rules written again" "$T/said"
check "and they run" guards
check "make uninstall of that" run_make "$T/new" uninstall
check "refuses no start either" guards
check "the configuration is one to LXC" \
	lxc-info -P "$T/lxc" -n web -c lxc.uts.name
check "detach, by a program that is in no such place" \
	"$B/onerngctl" -s "$T/run/control.sock" container detach web \
	--path "$T/lxc" --includes "$T/inc" --drop-ins "$T/drop-ins"
check "gives it back to the byte" cmp "$T/before" "$T/lxc/web/config"

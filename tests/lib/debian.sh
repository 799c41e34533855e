# shellcheck shell=sh
# A Debian system with systemd for containers, of the machine's release and from
# the mirror that apt knows, after test.sh.  It is made once, in
# build/debian/SUITE, and copied from there; removing that makes it anew.
#
# Needs mmdebstrap and root; 20 s and 210 MB.

: "${DEBIAN_DIR:=build/debian}"

debian_say() {
	echo "debian: $*" >&2
}

debian_suite() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

debian_mirror() {
	# shellcheck disable=SC2016 # apt-get expands it
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		"Codename: $1" 'Component: main' 2>/dev/null | head -n 1
}

# debian_build SUITE FOLDER
debian_build() {
	debian_uri=$(debian_mirror "$1")
	if [ -z "$debian_uri" ]; then
		debian_say "apt does not know $1; reading its lists"
		apt-get -q -o DPkg::Lock::Timeout=300 update >"$2.log" 2>&1
		debian_uri=$(debian_mirror "$1")
	fi
	if [ -z "$debian_uri" ]; then
		debian_say "apt does not know a mirror of $1"
		return 1
	fi
	# proxies and the like
	apt-config dump | grep '^Acquire::' >"$2.apt"
	mmdebstrap --quiet --variant=minbase --aptopt="$2.apt" \
		--include=systemd-sysv,dbus,procps "$1" "$2" "$debian_uri" \
		>"$2.log" 2>&1 && return
	debian_say "mmdebstrap failed: $(tail -n 1 "$2.log")"
	return 1
}

# debian_get: sets $debian to the folder, which nobody changes.
debian_get() {
	debian=$DEBIAN_DIR/$(debian_suite)
	[ ! -d "$debian" ] || return 0
	mkdir -p "$DEBIAN_DIR"
	(
		flock 9
		[ ! -d "$debian" ] || exit 0
		rm -rf "$debian.new"
		debian_say "making a system of $(basename "$debian")"
		debian_build "$(basename "$debian")" "$debian.new" || exit 1
		rm -f "$debian.new.apt" "$debian.new.log"
		mv "$debian.new" "$debian"
	) 9>"$DEBIAN_DIR/lock"
}

# debian_need: ends the script where it cannot be had; only outside CI is that
# a skip.
debian_need() {
	need mmdebstrap apt-get
	debian_get && return
	[ -n "${CI:-}" ] || skip_all "no Debian system (see above)"
	not_ok debian "cannot be had (see above)"
	exit 1
}

# shellcheck shell=sh
# Debian's rng-tools-debian, unpacked and never installed, because that would
# start a service.  In build/rng-tools; what is there is used as it is.

: "${RNGTOOLS_DIR:=build/rng-tools}"

# rngtools: fetches it if it is not there; rngd and rngtest are then in
# $RNGTOOLS_DIR/root/usr/{sbin,bin}.
rngtools() {
	[ ! -x "$RNGTOOLS_DIR/root/usr/sbin/rngd" ] || return 0
	rngtools_new=$(mktemp -d "${RNGTOOLS_DIR%/*}/rng-tools.XXXXXX") || return
	(cd "$rngtools_new" &&
		timeout 60 apt-get -q -o APT::Sandbox::User=root \
			download rng-tools-debian &&
		dpkg -x rng-tools-debian_*.deb root) >&2 &&
		{
			mv -T "$rngtools_new" "$RNGTOOLS_DIR" ||
				[ -x "$RNGTOOLS_DIR/root/usr/sbin/rngd" ]
		}
	rngtools_status=$?
	rm -rf "$rngtools_new"
	return $rngtools_status
}

#!/bin/sh
# Installs what is missing of packaging/packages.  Silent when nothing is.
# Services that packages bring are not started.
set -eu
cd "$(dirname "$0")/../.."

list=$(sed 's/#.*//' packaging/packages)
log=build/log/packages.log

missing() {
	for package in $list; do
		status=$(dpkg-query -W -f '${db:Status-Status}' \
			"$package" 2>/dev/null) || status=
		[ "$status" = installed ] || echo "$package"
	done
}

stage() {
	echo "packages: $1"
	shift
	started=$(date +%s)
	if ! "$@" </dev/null >>"$log" 2>&1; then
		echo "packages: failed; the end of $log:"
		tail -n 20 "$log"
		exit 1
	fi
	echo "packages: done in $(($(date +%s) - started)) s"
}

if ! command -v dpkg-query >/dev/null; then
	echo "packages: not a Debian system; what is needed stands in" \
		"packaging/packages" >&2
	exit 0
fi
wanted=$(missing | tr '\n' ' ')
wanted=${wanted% }
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "packages: missing, as root: apt-get install" \
		"--no-install-recommends $wanted" >&2
	exit 1
fi

mkdir -p build/log
: >"$log"
export DEBIAN_FRONTEND=noninteractive
count=$(echo "$wanted" | wc -w)
set -- -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3
stage "reading the package lists" apt-get "$@" update
# shellcheck disable=SC2086 # one word per package
stage "downloading $count: $wanted" \
	apt-get "$@" install --no-install-recommends --download-only $wanted
# What Debian's packages ask before they start a service (101: do not).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 130' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
# shellcheck disable=SC2086 # one word per package
stage "installing them" apt-get "$@" install --no-install-recommends $wanted

#!/bin/sh
# what the host agent opens is never its standard input, output or error, where
# these are closed
# timeout: 60
. "$(dirname "$0")/../lib/test.sh"

printf '[agent]\nrun_dir=%s\nstate_dir=%s\nsandbox=off\n' "$T/run" "$T/state" \
	>"$T/hostd.conf"
# shellcheck disable=SC2016 # that shell's own
start hostd sh -c 'exec "$@" <&- >&- 2>&-' sh \
	"$B/onerng-hostd" -c "$T/hostd.conf"
check "the host agent starts" wait_for 20 test -S "$T/run/hook.sock"
fds=/proc/$(pid_of hostd)/fd
for fd in 0 1 2; do
	equal "$fd is nothing else" /dev/null "$(readlink "$fds/$fd")"
done
refuse "onerngctl that cannot answer fails" 1 sh -c \
	"'$B/onerngctl' -s '$T/run/control.sock' status >&-"
stop hostd

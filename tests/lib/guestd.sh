# shellcheck shell=sh
# Helpers for the guest agent's scripts, after test.sh.

# shellcheck disable=SC2034 # used by the scripts
G=$B/onerng-guestd

# Where the machine may not feed its kernel (no root, a container) the scripts
# verify only; what must feed is skipped.
if [ "$(id -u)" -eq 0 ] && [ ! -e /run/systemd/container ] &&
	grep -q '^ *0  *0  *4294967295$' /proc/self/uid_map &&
	! tr '\0' '\n' 2>/dev/null </proc/1/environ | grep -q '^container='; then
	may_feed=yes
else
	may_feed=
fi

# feeding NAME COMMAND...: a check that feeds the kernel.
feeding() {
	if [ -n "$may_feed" ]; then
		check "$@"
	else
		skip "$1" "this machine may not feed its kernel"
	fi
}

# egd MODE: a server on $T/egd.MODE, its process named egd.MODE.
egd() {
	start "egd.$1" "$B/tests/integration/egd_server" "$T/egd.$1" "$1"
	wait_for 10 grep -q ready "$T/egd.$1.log" ||
		not_ok "EGD server $1 listens" "see $T/egd.$1.log"
}

# manager: a service manager listens on $T/notify; each message is a line of
# $T/manager.log.
manager() {
	cat >"$T/listen.py" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
		    print(s.recv(4096).decode().replace("\n", " "), flush=True)
	END
	start manager python3 "$T/listen.py" "$T/notify"
	wait_for 10 test -S "$T/notify"
}

# says NAME LOG WORDS: the log has a line with these words.
says() {
	if grep -qF -- "$3" "$T/$2.log"; then
		ok "$1"
	else
		not_ok "$1" "no '$3' in: $(tail -n 3 "$T/$2.log")"
	fi
}

# log_of LOG COMMAND...: runs it with its output in $T/LOG.log.
log_of() {
	log_name=$1
	shift
	timeout 240 "$@" >"$T/$log_name.log" 2>&1 </dev/null
}

# takes NUMBER JOB: it has come to where that signal does not just end it.  What
# it is before its exec(2) is a shell, which takes some of them, too.
takes() {
	takes_mask=0 takes_name=
	while read -r takes_key takes_value; do
		case $takes_key in
		Name:) takes_name=$takes_value ;;
		SigBlk: | SigCgt:) takes_mask=$((takes_mask | 0x$takes_value)) ;;
		esac
	done <"/proc/$(pid_of "$2")/status"
	[ "$takes_name" = onerng-guestd ] &&
		[ $((takes_mask >> ($1 - 1) & 1)) -eq 1 ]
}

# status_of FILE PATH: a value of a status file.
status_of() {
	json "$2" <"$1" 2>/dev/null
}

# status_is FILE PATH WANTED
status_is() {
	[ "$(status_of "$1" "$2")" = "$3" ]
}

# status_above FILE PATH NUMBER
status_above() {
	status_number=$(status_of "$1" "$2") && [ "$status_number" -gt "$3" ]
}

# shellcheck shell=sh
# What a command says, after test.sh.

# said COMMAND...: keeps it in $T/said.
said() {
	"$@" >"$T/said" 2>&1
}

# says NAME TEXT: the last one did.
says() {
	if grep -q -- "$2" "$T/said"; then
		ok "$1"
	else
		not_ok "$1" "$(cat "$T/said")"
	fi
}

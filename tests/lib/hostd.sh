# shellcheck shell=sh
# A host agent with a simulated OneRNG, after test.sh: in $T/run, configured by
# $T/hostd.conf, which can be restarted while the device stays as it is.
#
# hostd_start runs it under `onerng-sim run`; hostd_real runs it as it is.
# The simulator listens for commands on $T/sim.sock.

hostd_ctl() {
	timeout 60 "$B/onerngctl" -s "$T/run/control.sock" "$@"
}

hostd_sim() {
	timeout 60 "$B/onerng-sim" ctl "$T/sim.sock" "$@"
}

# hostd_get PATH: a value of the agent's status.
hostd_get() {
	hostd_ctl status --json 2>/dev/null | json "$1"
}

hostd_state() {
	[ "$(hostd_get state)" = "$1" ]
}

# of UUID KEY: what the status says of a domain; "none" if it knows none such.
of() {
	of_n=0
	hostd_ctl domain list --json >"$T/.list" 2>/dev/null || return
	while json consumers.$of_n.name <"$T/.list" >/dev/null; do
		if [ "$(json consumers.$of_n.uuid <"$T/.list")" = "$1" ]; then
			json "consumers.$of_n.$2" <"$T/.list"
			return
		fi
		of_n=$((of_n + 1))
	done
	echo none
}

# of_is UUID KEY VALUE
of_is() {
	[ "$(of "$1" "$2")" = "$3" ]
}

# container_of ID KEY: what the status says of a container.
container_of() {
	hostd_ctl status --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["consumers"]:
    if c["kind"] == "container" and c["name"] == sys.argv[1]:
        print(json.dumps(c[sys.argv[2]]).strip("\""))' "$1" "$2"
}

# container_event OP ID [PID]: what LXC's hook says.
container_event() {
	python3 - "$T/run/hook.sock" "$@" <<'END'
import json, socket, sys
request = {"cmd": "container-event", "op": sys.argv[2], "id": sys.argv[3]}
if len(sys.argv) > 4:
    request["pid"] = int(sys.argv[4])
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
s.sendall(json.dumps(request).encode() + b"\n")
sys.exit(0 if b'"ok":true' in s.recv(4096).replace(b" ", b"") else 1)
END
}

# hostd_socket UUID
hostd_socket() {
	echo "$T/run/kvm/$1.sock"
}

# A call that the filters do not know kills; sanitizers make some of their own.
hostd_sandbox() {
	if grep -q __asan_init "$B/onerng-hostd"; then
		echo off
	else
		echo kill
	fi
}

# hostd_conf NAME=UUID...: its configuration, one domain each; more sections
# may be appended to $T/hostd.conf.  $hostd_group: of domains' sockets.
hostd_conf() {
	mkdir -p "$T/run"
	# the simulator's firmware is not signed, unless a test sees to that
	printf '[agent]\nrun_dir=%s\nstate_dir=%s\nsandbox=%s\n' "$T/run" \
		"$T/state" "$(hostd_sandbox)" >"$T/hostd.conf"
	printf '[source]\nfirmware=%s\n' "${hostd_firmware:-off}" \
		>>"$T/hostd.conf"
	[ -z "${hostd_group:-}" ] || sed -i \
		"s/^\[agent\]\$/&\nsocket_group=$hostd_group/" "$T/hostd.conf"
	for hostd_domain; do
		printf '[domain %s]\nuuid=%s\n' "${hostd_domain%%=*}" \
			"${hostd_domain#*=}" >>"$T/hostd.conf"
	done
}

# The keeper starts the agent again whenever it ends, once $T/hostd.hold is
# gone, until $T/hostd.last is there.  $T/hostd.path, if there, is its PATH.
hostd_keep() {
	cat >"$T/keeper" <<'END'
#!/bin/sh
until [ -e "$1/hostd.last" ]; do
	if [ -e "$1/hostd.hold" ]; then
		sleep 0.1
		continue
	fi
	hostd_path=$(cat "$1/hostd.path" 2>/dev/null)
	env ${hostd_path:+"PATH=$hostd_path"} "$2" -c "$1/hostd.conf" &
	echo $! >"$1/hostd.new"
	mv "$1/hostd.new" "$1/hostd.pid"
	wait $!
	echo "keeper: the agent ended with status $?"
	rm -f "$1/hostd.pid"
done
END
	chmod +x "$T/keeper"
}

# hostd_start [SIMULATOR OPTION...]: returns once its control socket answers.
hostd_start() {
	hostd_keep
	start keeper "$B/onerng-sim" run --control "$T/sim.sock" "$@" -- \
		"$T/keeper" "$T" "$B/onerng-hostd"
	hostd_up
}

hostd_real() {
	hostd_keep
	start keeper "$T/keeper" "$T" "$B/onerng-hostd"
	hostd_up
}

hostd_up() {
	wait_for 30 hostd_ctl status && return
	echo "the host agent did not come up; its log ends with:"
	tail -n 8 "$T/keeper.log"
	return 1
}

# hostd_saved UUID GENERATION: the agent's file has it, which is written a while
# after what happened.
hostd_saved() {
	hostd_n=0
	while hostd_uuid=$(json "domains.$hostd_n.uuid" <"$T/run/domains.json"); do
		[ "$hostd_uuid $(json "domains.$hostd_n.generation" \
			<"$T/run/domains.json")" != "$1 $2" ] || return 0
		hostd_n=$((hostd_n + 1))
	done
	return 1
}

# hostd_end TERM|KILL: ends the agent; the keeper starts another one unless
# hostd_hold was called before.
hostd_end() {
	hostd_pid=$(cat "$T/hostd.pid") || return
	kill -s "$1" "$hostd_pid"
	wait_for 10 gone "$hostd_pid"
}

# hostd_reload: returns once the agent has taken its configuration, or refused it.
hostd_reload() {
	hostd_reloads=$(grep -c ' reload: ' "$T/keeper.log")
	kill -s HUP "$(cat "$T/hostd.pid")"
	wait_for 10 hostd_reloaded
}

hostd_reloaded() {
	[ "$(grep -c ' reload: ' "$T/keeper.log")" -gt "$hostd_reloads" ]
}

hostd_hold() {
	: >"$T/hostd.hold"
}

hostd_release() {
	rm -f "$T/hostd.hold"
}

# hostd_stop: ends agent, keeper and simulator.
hostd_stop() {
	: >"$T/hostd.last"
	hostd_release
	hostd_end TERM
	ended keeper 10 || stop keeper
}

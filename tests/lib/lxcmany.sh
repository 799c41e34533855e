# shellcheck shell=sh
# Many containers beside each other, each with a device of one host agent, after
# test.sh, hostd.sh and lxc.sh.  Each has a busybox and ttywild, its device is
# /dev/ttyACM0; NAME is as for lxc_make.

# many_agent [SIMULATOR OPTION...]: the agent, under a service manager that
# keeps its descriptors and starts it again whenever it ends.
many_agent() {
	hostd_conf
	start keeper "$B/onerng-sim" run --control "$T/sim.sock" "$@" -- \
		"$B/tests/integration/fdstore" "$T" "$B/onerng-hostd" -c \
		"$T/hostd.conf"
	hostd_up
}

# many_attach NAME WORD...: as ttyACM0, with the hook of this tree.
many_attach() {
	many_name=$1
	shift
	container attach "$many_name" --name ttyACM0 "$@" || return
	sed -i "s|[^ ]*/lxc-\([a-z-]*\)|$T/lib/lxc-\1|g" \
		"$T/includes/$(lxc_name "$many_name").d/onerng.conf"
}

# many_bring NAME PROGRAM...: into its /bin, and the libraries that each needs to
# where it looks for them.
many_bring() {
	many_root=$(lxc_root "$1")
	shift
	cp "$@" "$many_root/bin" || return
	for many_file in $(ldd "$@" 2>/dev/null | grep -o '/[^ :]*\.so[^ :]*'); do
		mkdir -p "$many_root${many_file%/*}"
		cp -L -n "$many_file" "$many_root$many_file"
	done
	chmod -R a+rX "$many_root"
}

# many_make NAME [idmapped] [common]: as lxc_make, and with what tests run in it.
# Nobody in it may feed the machine's own RNG.
many_make() {
	lxc_make "$@"
	for many_word in cat dd echo head kill wc; do
		ln -sf busybox "$(lxc_root "$1")/bin/$many_word"
	done
	many_bring "$1" "$B/tests/integration/ttywild"
	chmod 1777 "$(lxc_root "$1")/tmp"
	echo "lxc.cap.drop = sys_admin" >>"$(lxc_config "$1")"
}

# many_on NAME: switched on, each command by an open of its own, as the vendor's
# script does it.
many_on() {
	# shellcheck disable=SC2016 # the shell's in there
	lxc_run "$1" /bin/sh -c \
		'for c in cmd0 cmdO; do echo $c >/dev/ttyACM0; done'
}

# many_count NAME...: the bytes that each got, as the agent counts, in a line.
many_count() {
	hostd_ctl status --json | python3 -c '
import json, sys
got = {c["name"]: c["delivered"] for c in json.load(sys.stdin)["consumers"]
       if c["kind"] == "container"}
print(*(got[sys.argv[1] + name] for name in sys.argv[2:]))' "$(lxc_name "")" "$@"
}

# many_more BYTES BEFORE NAME...: each got so many more since the line BEFORE.
many_more() {
	many_bytes=$1 many_before=$2
	shift 2
	many_after=$(many_count "$@") || return
	for many_word in $many_after; do
		[ $((many_word - ${many_before%% *})) -ge "$many_bytes" ] ||
			return
		many_before=${many_before#* }
	done
}

# many_job NAME JOB COMMAND...: in the container, in the background.
many_job() {
	many_job=$1-$2 many_in=$(lxc_name "$1")
	shift 2
	# shellcheck disable=SC2016 # the shell's in there
	start "$many_job" nsenter -t "$(pid_of lxcns)" -m -- lxc-attach \
		-P "$LXC_PATH" -n "$many_in" --clear-env -- /bin/sh -c \
		'echo $$ >"/tmp/$0.pid"; exec "$@"' "${many_job#*-}" "$@"
}

# many_pid NAME JOB: as the container has it.
many_pid() {
	cat "$(lxc_root "$1")/tmp/$2.pid"
}

# many_end NAME JOB [SIGNAL]: its exit status.
many_end() {
	lxc_run "$1" /bin/kill "-${3:-TERM}" "$(many_pid "$1" "$2")"
	ended "$1-$2" 20
}

# many_taken COUNT: so many terminals were taken over from another agent, ever.
many_taken() {
	[ "$(grep -c 'taken over: /dev/pts/' "$T/keeper.log")" -ge "$1" ]
}

# many_again COUNT TITLE COMMAND...: so the agent is replaced, with that many
# terminals, and serves.
many_again() {
	many_total=$(($(grep -c 'taken over: /dev/pts/' "$T/keeper.log") + $1))
	many_title=$2
	shift 2
	check "$many_title" "$@"
	check "$many_title: terminals are taken over" \
		wait_for 30 many_taken $many_total
	check "$many_title: it serves" wait_for 60 hostd_state serving
}

# shellcheck shell=sh
# Containers of the test's own, after test.sh: in $T/lxc, without a network, each
# with a busybox, our probe, and a process that sleeps.  lxc_layout comes first
# and decides what control groups LXC sees; lxc_end belongs into the trap:
#
#	. tests/lib/lxc.sh
#	trap lxc_exit EXIT
#
# Everything of LXC runs in a mount namespace that the test has for itself, so
# that neither the machine's control groups are remounted nor /etc/subuid is
# written, which LXC needs of root where newuidmap is installed; and there nodes
# below $T/lxc are devices, whatever /tmp is mounted with.

LXC_PATH=$T/lxc
LXC_SHARE=/usr/share/lxc/config
lxc_tag=o$$

# Skips the whole script where containers cannot be had.
lxc_need() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	need lxc-start lxc-attach lxc-stop busybox nsenter unshare
	[ -d /sys/fs/cgroup ] || skip_all "no control groups"
	unshare -U true 2>/dev/null || skip_all "no user namespaces"
	# mapped ids have to get at what is in there
	chmod 755 "$T"
	mkdir -p "$LXC_PATH"
}

# lxc_layout v1|v2: as the machine has them, or a pure second version.
lxc_layout() {
	[ ! -e "$T/lxcns.pid" ] || stop lxcns
	echo root:100000:65536 >"$T/subid"
	cat >"$T/lxcns.sh" <<'END'
#!/bin/sh
for file in /etc/subuid /etc/subgid; do
	[ ! -e $file ] || mount --bind "$1/subid" $file || exit
done
if [ "$2" = v2 ]; then
	umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit
fi
mount --bind "$1/lxc" "$1/lxc" &&
	mount -o remount,bind,dev,suid,exec "$1/lxc" || exit
echo ready
exec sleep 100000
END
	: >"$T/lxcns.log"
	start lxcns unshare -m --propagation private \
		sh "$T/lxcns.sh" "$T" "$1"
	wait_for 10 grep -q ready "$T/lxcns.log" ||
		skip_all "no mount namespace with control groups as $1"
}

# Runs a command where LXC runs; at most 120 s.
lxc_in() {
	timeout -k 2 120 nsenter -t "$(pid_of lxcns)" -m -- "$@"
}

# Is the second version there, so that its device rules hold?
lxc_is_v2() {
	# shellcheck disable=SC2016 # the inner shell's
	lxc_in sh -c '[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]'
}

# lxc_name NAME: as LXC knows it; no other test has that.
lxc_name() {
	echo "$lxc_tag-$1"
}

lxc_root() {
	echo "$LXC_PATH/$(lxc_name "$1")/rootfs"
}

lxc_config() {
	echo "$LXC_PATH/$(lxc_name "$1")/config"
}

# lxc_make NAME [idmapped] [common]: a container; lines may be appended to its
# configuration.
lxc_make() {
	lxc_new=$1
	shift
	lxc_dir=$(lxc_root "$lxc_new")
	mkdir -p "$lxc_dir/bin" "$lxc_dir/dev" "$lxc_dir/proc" "$lxc_dir/sys" \
		"$lxc_dir/run" "$lxc_dir/tmp"
	cp "$(command -v busybox)" "$lxc_dir/bin/busybox"
	cp "$B/tests/integration/devprobe" "$lxc_dir/bin/devprobe"
	chmod 755 "$lxc_dir/bin/busybox" "$lxc_dir/bin/devprobe"
	for lxc_word in sh ls mount umount ln rm mkdir; do
		ln -sf busybox "$lxc_dir/bin/$lxc_word"
	done
	{
		case " $* " in
		*" common "*) echo "lxc.include = $LXC_SHARE/common.conf" ;;
		esac
		cat <<-END
			lxc.rootfs.path = dir:$lxc_dir
			lxc.uts.name = $lxc_new
			lxc.net.0.type = empty
			lxc.autodev = 1
			lxc.tty.max = 1
			lxc.pty.max = 16
			lxc.mount.auto = proc:mixed sys:ro
			lxc.init.cmd = /bin/busybox sleep 100000
		END
		case " $* " in
		*" idmapped "*)
			cat <<-END
				lxc.idmap = u 0 100000 65536
				lxc.idmap = g 0 100000 65536
				lxc.rootfs.options = idmap=container
			END
			;;
		esac
	} >"$(lxc_config "$lxc_new")"
}

# container VERB NAME WORD...: as an administrator would, with folders of ours.
container() {
	lxc_verb=$1 lxc_of=$(lxc_name "$2")
	shift 2
	lxc_in "$B/onerngctl" -s "$T/run/control.sock" container "$lxc_verb" \
		"$lxc_of" --path "$LXC_PATH" --includes "$T/includes" \
		--drop-ins "$T/hostd.conf.d" "$@"
}

# lxc_install: the hook, as it is installed, in $T/lib.
lxc_install() {
	mkdir -p "$T/lib"
	cp "$B/onerng-lxc-hook" "$T/lib/lxc-autodev"
	for lxc_type in pre-start start-host post-stop; do
		ln -sf lxc-autodev "$T/lib/lxc-$lxc_type"
	done
	chmod 755 "$T/lib" "$T/lib/lxc-autodev"
}

# lxc_hooks NAME WORD...: the lines that are generated, into its configuration.
# liblxc puts "exec" in front of a line, hence the redirection.
lxc_hooks() {
	lxc_hooked=$(lxc_config "$1")
	shift
	for lxc_type in pre-start autodev start-host post-stop; do
		lxc_program=$T/lib/lxc-$lxc_type
		echo "lxc.hook.$lxc_type = </dev/null; [ ! -x $lxc_program ]" \
			"|| exec $lxc_program $* run=$T/run #" >>"$lxc_hooked"
	done
}

# lxc_agent: the run directory of an agent that runs as user nobody.
lxc_agent() {
	mkdir -p "$T/run/lxc"
	chmod 755 "$T/run" "$T/run/lxc"
	chown nobody "$T/run/lxc"
}

# lxc_pty NAME: a pty of that agent's; its path and numbers in $T/NAME.pty.
lxc_pty() {
	rm -f "$T/$1.pty"
	start "$1-pty" "$B/tests/integration/devprobe" serve "$T/$1.pty"
	wait_for 10 test -s "$T/$1.pty" || return
	chown nobody "$(lxc_node "$1")"
}

lxc_node() {
	cut -d' ' -f1 "$T/$1.pty"
}

lxc_rdev() {
	cut -d' ' -f2 "$T/$1.pty"
}

# lxc_facts ID DEVICE [NODE RDEV]: what the agent publishes, as it does.
lxc_facts() {
	{
		printf 'version=1\ndevice=%s\nstate=serving\n' "$2"
		[ -z "${3:-}" ] || printf 'node=%s\nrdev=%s\n' "$3" "$4"
	} >"$T/run/lxc/$1.new"
	chown nobody "$T/run/lxc/$1.new"
	mv "$T/run/lxc/$1.new" "$T/run/lxc/$1.facts"
	mkdir -p "$T/run/lxc/$1"
	chown nobody "$T/run/lxc/$1"
}

# lxc_log NAME: what LXC said in its last start.
lxc_log() {
	echo "$LXC_PATH/$(lxc_name "$1").log"
}

lxc_start() {
	: >"$(lxc_log "$1")"
	lxc_in lxc-start -P "$LXC_PATH" -n "$(lxc_name "$1")" -l DEBUG \
		-o "$(lxc_log "$1")"
}

lxc_running() {
	[ "$(lxc_in lxc-info -P "$LXC_PATH" -n "$(lxc_name "$1")" -s -H)" = \
		RUNNING ]
}

# lxc_run NAME COMMAND...: in the container.
lxc_run() {
	lxc_ran=$(lxc_name "$1")
	shift
	lxc_in lxc-attach -P "$LXC_PATH" -n "$lxc_ran" --clear-env -- "$@" \
		</dev/null
}

# lxc_probe NAME WORD...: what devprobe says of it in there.
lxc_probe() {
	lxc_probed=$1
	shift
	lxc_run "$lxc_probed" /bin/devprobe "$@"
}

lxc_pid() {
	lxc_in lxc-info -P "$LXC_PATH" -n "$(lxc_name "$1")" -p -H
}

lxc_stop() {
	lxc_in lxc-stop -P "$LXC_PATH" -n "$(lxc_name "$1")" -k
}

# What LXC leaves of control groups, after a failed start also of its monitor.
lxc_sweep() {
	find /sys/fs/cgroup -depth -type d \
		\( -path "*/lxc.payload.$lxc_tag-*" -o \
		-path "*/lxc.monitor.$lxc_tag-*" \) -exec rmdir {} + 2>/dev/null
}

lxc_end() {
	for lxc_file in "$LXC_PATH"/*/config; do
		[ -e "$lxc_file" ] || continue
		lxc_word=$(basename "$(dirname "$lxc_file")")
		lxc_stop "${lxc_word#"$lxc_tag-"}" >/dev/null 2>&1
	done
	lxc_sweep
	[ -z "$(find /sys/fs/cgroup -type d -name "lxc.*.$lxc_tag-*")" ] ||
		wait_for 5 lxc_swept
	[ ! -e "$T/lxcns.pid" ] || stop lxcns
}

lxc_swept() {
	lxc_sweep
	[ -z "$(find /sys/fs/cgroup -type d -name "lxc.*.$lxc_tag-*")" ]
}

lxc_exit() {
	lxc_status=$?
	trap '' HUP INT TERM
	lxc_end
	(exit $lxc_status)
	test_cleanup
}

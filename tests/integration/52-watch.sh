#!/bin/sh
# libvirt's watcher: what the hook did not tell is put right, whatever goes away
# meanwhile; the policy in a domain's metadata is how it is served
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/domain.sh"
need libvirtd virsh qemu-system-x86_64

[ "$(id -u)" = 0 ] || skip_all "not root"
[ -d /etc/libvirt ] || skip_all "no /etc/libvirt"
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
uri="qemu+unix:///system?socket=$T/libvirt-sock"

# libvirtd in a mount namespace of its own; again with the same state, which is
# in $T.  Its hook is there only while $T/hooked is.
cat >"$T/libvirtd.sh" <<'END'
#!/bin/sh
# libvirtd.sh FOLDER HOOK
set -eu
mount --make-rprivate /
mkdir -p "$1/etc" "$1/state/lib" "$1/state/log" "$1/state/cache" "$1/state/run"
[ -e "$1/etc/libvirt" ] || cp -a /etc/libvirt /etc/passwd /etc/group "$1/etc/"
grep -q '^libvirt-qemu:' "$1/etc/passwd" || {
	echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >>"$1/etc/passwd"
	echo 'libvirt-qemu:x:64055:' >>"$1/etc/group"
}
for file in libvirt passwd group; do
	mount --bind "$1/etc/$file" "/etc/$file"
done
mount -t tmpfs none /var
mount -t tmpfs none /run
for dir in lib log cache; do
	mkdir -p /var/$dir/libvirt
	mount --bind "$1/state/$dir" /var/$dir/libvirt
done
mkdir -p /run/libvirt
mount --bind "$1/state/run" /run/libvirt
rm -rf /etc/libvirt/hooks /etc/libvirt/qemu/autostart
mkdir -p /etc/libvirt/hooks/qemu.d
printf '#!/bin/sh\n[ -e %s ] || exit 0\nexport ONERNG_RUN_DIR=%s\nexec %s "$@"\n' \
	"$1/hooked" "$1/run" "$2" >/etc/libvirt/hooks/qemu.d/50-onerng
chmod 755 /etc/libvirt/hooks/qemu.d/50-onerng
printf 'stdio_handler="file"\nuser="root"\ngroup="root"\n' \
	>/etc/libvirt/qemu.conf
printf '%s\n' "unix_sock_dir=\"$1\"" 'auth_unix_rw="none"' \
	'host_uuid="6f6e6572-6e67-4000-8000-0000000000ab"' \
	'log_outputs="3:stderr"' >"$1/libvirtd.conf"
exec libvirtd --config "$1/libvirtd.conf"
END

v() {
	timeout 300 virsh -q -c "$uri" "$@"
}

libvirtd_up() {
	start libvirtd unshare -m sh "$T/libvirtd.sh" "$T" \
		"$B/onerng-qemu-hook"
	wait_for 60 v version
}

libvirtd_kill() {
	kill -s KILL "$(pid_of libvirtd)"
	wait_for 10 gone "$(pid_of libvirtd)"
}

watcher_up() {
	start watcher "$B/onerngctl" -s "$T/run/control.sock" domain watch \
		--connect "$uri"
	wait_for 30 watched connected true
}

# watched KEY VALUE: what the status says of the watcher.
watched() {
	[ "$(hostd_get "domain_watch.$1")" = "$2" ]
}

looked_at_all() {
	[ "$(hostd_get domain_watch.looked)" -gt 0 ]
}

# policy ATTRIBUTES
policy() {
	echo "<onerng:policy xmlns:onerng='urn:onerng-virt:policy:1' $1/>"
}

# What libvirt started outlives it: ended by the process ids it wrote down.
domains_end() {
	for file in "$T"/state/run/qemu/*.pid; do
		[ -e "$file" ] || continue
		pid=$(cat "$file")
		grep -qa "$T/" "/proc/$pid/cmdline" 2>/dev/null &&
			kill -s KILL "$pid"
	done
}
trap 'domains_end; test_cleanup' EXIT

chmod 755 "$T"
hostd_conf
check "the agent starts" hostd_start --devices 1 || exit 1
check "and serves" wait_for 60 hostd_state serving || exit 1
: >"$T/hooked"
check "libvirtd starts" libvirtd_up || {
	tail -n 3 "$T/libvirtd.log"
	exit 1
}

# -- the policy, by the hook alone
domain_idle a $a "$(policy "class='seed' rate='4096' weight='3'")" >"$T/a.xml"
domain_idle b $b "$(policy "class='best' rate='99'")" >"$T/b.xml"
check "a domain is defined" v define "$T/a.xml"
check "and started" v start a
check "it is served as its metadata says" wait_for 20 of_is $a class seed
equal "in all of it" "4096 3" "$(of $a rate) $(of $a weight)"
equal "which status knows" domain "$(of $a policy_from)"
check "it can be changed live" hostd_ctl domain set a --rate 7777
check "another is created" v create "$T/b.xml"
check "of its policy that counts which makes sense" wait_for 20 of_is $b rate 99
equal "and no more" raw "$(of $b class)"
wait_for 10 hostd_saved $a 1
wait_for 10 hostd_saved $b 1
hostd_end KILL
hostd_up
check "another agent goes on with it" wait_for 10 of_is $a class seed
equal "not with what was set live" 4096 "$(of $a rate)"
printf '[domain a]\nuuid=%s\nrate=55\n' $a >>"$T/hostd.conf"
kill -HUP "$(cat "$T/hostd.pid")"
check "a key of its section goes first" wait_for 10 of_is $a rate 55
equal "the rest is still the domain's" "seed 3 domain" \
	"$(of $a class) $(of $a weight) $(of $a policy_from)"

# -- a watcher
equal "there is no watcher" false "$(hostd_get domain_watch.connected)"
generation=$(of $a domain.generation)
watcher_up
check "status says that it watches" watched connected true
equal "for whom" "$uri" "$(hostd_get domain_watch.uri)"
check "it is connected to libvirt" wait_for 30 watched libvirt true
check "it looks at all domains" wait_for 20 looked_at_all
equal "which are as they were" "running $generation" \
	"$(of $a domain.phase) $(of $a domain.generation)"
check "metadata may change while a domain runs" v metadata b --live \
	urn:onerng-virt:policy:1 --key onerng --set "<policy rate='123'/>"
check "which the watcher tells" wait_for 20 of_is $b rate 123
refuse "another host is not watched" 1 "$B/onerngctl" \
	-s "$T/run/control.sock" domain watch --connect qemu+ssh://host/system
check "status is for people, too" sh -c "
	'$B/onerngctl' -s '$T/run/control.sock' status |
		grep -q \"^libvirt's watcher: pid .*, since 20\""
start second "$B/onerngctl" -s "$T/run/control.sock" domain watch \
	--connect "$uri"
check "a second one is refused" wait_for 10 \
	grep -q "another watcher, pid $(pid_of watcher)" "$T/second.log"
stop second

# -- a hook that tells nothing
rm "$T/hooked"
check "a domain is destroyed behind the hook's back" v destroy b
check "which the watcher tells" wait_for 30 of_is $b domain.phase stopped
check "it is created again likewise" v create "$T/b.xml"
check "which is told, too" wait_for 30 of_is $b domain.phase running
check "its QEMU counts by its connection" \
	wait_for 30 of_is $b domain.generation 2
check "its QEMU is connected" wait_for 20 of_is $b connected true
check "a domain ends while the watcher is away" sh -c \
	"kill -KILL $(pid_of watcher)"
check "whose end is seen" wait_for 10 watched connected false
v destroy b
check "is taken for running" of_is $b domain.phase running
watcher_up
check "until there is another" wait_for 30 of_is $b domain.phase stopped

# -- libvirtd comes and goes
libvirtd_kill
check "libvirtd's end is seen" wait_for 30 watched libvirt false
check "the watcher stays" watched connected true
equal "a domain that runs stays so" running "$(of $a domain.phase)"
libvirtd_up
check "and so is its return" wait_for 60 watched libvirt true
equal "by the same watcher" "$(pid_of watcher)" "$(hostd_get domain_watch.pid)"
check "a domain is created" v create "$T/b.xml"
check "events are told again" wait_for 30 of_is $b domain.phase running
kill -s STOP "$(pid_of libvirtd)"
check "a libvirtd that does not answer is noticed" \
	wait_for 60 watched libvirt false
kill -s CONT "$(pid_of libvirtd)"
check "and when it does" wait_for 60 watched libvirt true

# -- the agent comes and goes; it has forgotten everything
hostd_hold
hostd_end KILL
rm -f "$T/run/domains.json"
hostd_release
hostd_up
check "the watcher finds another agent" wait_for 60 watched libvirt true
check "a domain that runs and is not configured has its socket" \
	wait_for 30 test -S "$(hostd_socket $b)"
equal "as the domain wishes" "99 domain" "$(of $b rate) $(of $b policy_from)"
check "its QEMU comes back" wait_for 30 of_is $b connected true
kill -s STOP "$(cat "$T/hostd.pid")"
check "an agent that does not answer holds up no domain" v destroy b
kill -s CONT "$(cat "$T/hostd.pid")"
check "and is told when it does" wait_for 90 of_is $b domain.phase stopped
kill -USR2 "$(cat "$T/hostd.pid")"
wait_for 30 grep -q "takes over" "$T/keeper.log"
hostd_up
check "a hand-over by exec is no end" wait_for 60 watched libvirt true

# -- names, and what is defined
domain_idle b $b "" >"$T/b.xml"
: >"$T/hooked"
check "a domain is defined" v define "$T/b.xml"
check "runs" v start b
check "is known" wait_for 30 of_is $b domain.phase running
check "is destroyed" v destroy b
check "is down" wait_for 30 of_is $b domain.phase stopped
check "is renamed" v domrename b bb
check "is known by its name" wait_for 30 of_is $b name bb
equal "with what was counted" 1 "$(of $b domain.generation)"
check "is undefined" v undefine bb
check "is forgotten at once" wait_for 30 of_is $b name none
check "its socket goes, too" test ! -e "$(hostd_socket $b)"
check "one that is configured is not" v destroy a
v undefine a
sleep 1
check "though it is down" of_is $a domain.phase stopped

equal "nothing is wrong with the watcher" 0 \
	"$(grep -c -i 'sanitizer' "$T/watcher.log")"
stop watcher 5
stop libvirtd 10

# -- a domain that has the OneRNG itself, whose start nobody told
cat >"$T/usb.xml" <<END
<node><domain type='test'><name>c</name><uuid>$b</uuid><memory>65536</memory>
<os><type>hvm</type></os><devices><hostdev mode='subsystem' type='usb'><source>
<vendor id='0x1d50'/><product id='0x6086'/></source></hostdev></devices>
</domain></node>
END
watches() {
	start watcher "$B/onerngctl" -s "$T/run/control.sock" domain watch \
		--connect "test://$1"
}
check "the agent has a device" wait_for 60 hostd_state serving
watches "$T/usb.xml"
check "which a domain has that runs: it is let go" \
	wait_for 30 hostd_state no-device
equal "for that one" "domain c" "$(hostd_get devices.0.detail)"
sleep 6 # what the hook would just have told
equal "as long as it runs" no-device "$(hostd_get state)"
stop watcher 5
watches /default
check "it is gone: the agent has its device" wait_for 60 hostd_state serving
stop watcher 5
hostd_stop

# -- as the services run: agent and watcher as one user who has no rights
unwatched() {
	grep -q "libvirt's watcher, pid .*: gone" "$T/unprivileged.log"
}
mkdir "$T/user"
chown nobody:nogroup "$T/user"
printf '[agent]\nrun_dir=%s\nstate_dir=%s\nsandbox=%s\n' "$T/user" \
	"$T/user/state" "$(hostd_sandbox)" >"$T/user.conf"
sed "s|$T/run/kvm|$T/user/kvm|; s/type='qemu'/type='test'/" "$T/b.xml" |
	sed '1s/^/<node>/; $s/$/<\/node>/' >"$T/node.xml"
start unprivileged setpriv --reuid=nobody --regid=nogroup --clear-groups -- \
	"$(for_others "$B/onerng-hostd")" -c "$T/user.conf"
wait_for 10 test -S "$T/user/hook.sock"
start watcher setpriv --reuid=nobody --regid=nogroup --clear-groups -- \
	"$(for_others "$B/onerngctl")" -s "$T/user/control.sock" domain watch \
	--connect "test://$T/node.xml"
check "the watcher needs no rights" \
	wait_for 20 test -S "$T/user/kvm/$b.sock"
start other setpriv --reuid=daemon --regid=nogroup --clear-groups -- \
	"$(for_others "$B/onerngctl")" -s "$T/user/control.sock" domain watch \
	--connect test:///default
check "others may not speak to the agent" wait_for 10 \
	grep -q "hook.sock: permission denied" "$T/other.log"
stop other 5
stop watcher 5
check "its end is seen" wait_for 10 unwatched
stop unprivileged 5

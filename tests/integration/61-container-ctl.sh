#!/bin/sh
# onerngctl container as scripts see it: real configurations and the real
# liblxc in a folder of the test's own; what is written, refused and put back
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/said.sh"
need lxc-start lxc-info busybox patch shellcheck python3 unshare
[ "$(id -u)" -eq 0 ] || skip_all "needs root"

lxc=$T/lxc
inc=$T/inc
data=tests/data/containers
share=/usr/share/lxc/config
mkdir -p "$lxc" "$T/run"
chmod 755 "$T"

# container VERB WORD...
container() {
	verb=$1
	shift
	case $verb in
	list | show | hook | set) set -- "$@" --path "$lxc" --includes "$inc" ;;
	*)
		set -- "$@" --path "$lxc" --includes "$inc" \
			--drop-ins "$T/hostd.conf.d"
		;;
	esac
	hostd_ctl container "$verb" "$@"
}

# shellcheck disable=SC2120 # said() gives it some
refresh() {
	hostd_ctl container refresh "$@" --includes "$inc"
}

attach_read_only() {
	# shellcheck disable=SC2016 # that shell's own
	unshare -m --propagation private sh -c '
		mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&
			shift && exec "$@"' sh "$lxc/web" \
		"$B/onerngctl" -s "$T/run/control.sock" container attach web \
		--class seed --path "$lxc" --includes "$inc" \
		--drop-ins "$T/hostd.conf.d"
}

# config NAME: its configuration from standard input.
config() {
	mkdir -p "$lxc/$1"
	cat >"$lxc/$1/config"
}

# item NAME KEY: as liblxc has it.
item() {
	lxc-info -P "$lxc" -n "$1" -c "$2" 2>/dev/null
}

tree() {
	find "$lxc" "$inc" "$T/hostd.conf.d" -type f -exec cksum {} + 2>/dev/null
}

config web <<END2
lxc.include = $share/common.conf
lxc.rootfs.path = dir:$lxc/web/rootfs
lxc.uts.name = web
lxc.net.0.type = empty
END2

# What is refused.
refuse "no name" 2 said container attach
refuse "two names" 2 said container attach web mail
refuse "a device that there is not" 2 said container attach web --device magic
refuse "a node outside of /dev" 2 \
	said container attach web --device passthrough=/etc/passwd
refuse "a name with a slash" 2 said container attach web --name a/b
refuse "an executable device" 2 said container attach web --mode 0777
refuse "a group by name" 2 said container attach web --group dialout
refuse "a class that no agent knows" 2 said container attach web --class best
refuse "no such container" 1 said container attach wbe
says "and which may have been meant" "no such container: wbe; near it: web"
refuse "a name that leaves the folder" 1 said container attach ../lxc/web
refuse "a folder that is not there" 1 said hostd_ctl container list \
	--path "$T/none"

# A dry run.
before=$(tree)
check "a dry run needs no agent" said container attach web --dry-run --socket
says "shows the configuration" "^+lxc.include = $inc/web.d/\$"
says "what is included" "^+lxc.cgroup2.devices.allow = c 136:\* rw\$"
says "and what the agent is told" "^+\[container web\]\$"
equal "and changes nothing" "$before" "$(tree)"
sed '/^--- .*inc\/web.d/,$d' "$T/said" >"$T/diff"
cp "$lxc/web/config" "$T/patched"
check "its diff is one to patch" patch -s "$T/patched" "$T/diff"

# Without an agent; owner, mode, links.
chmod 640 "$lxc/web/config"
chown 12:34 "$lxc/web/config"
mv "$lxc/web/config" "$lxc/web/real"
ln -s real "$lxc/web/config"
cp -p "$lxc/web/real" "$T/web.before"
check "attach" said container attach web --device virtual --name onerng \
	--name ttyACM0
says "says that no agent runs" "host agent: does not run"
says "and that it is done" "configuration: attached"
check "the configuration is what the diff said" cmp "$T/patched" "$lxc/web/real"
check "a link stays one" test -L "$lxc/web/config"
equal "owner and mode stay" "12:34 640" "$(stat -c '%u:%g %a' "$lxc/web/real")"
# of another user's liblxc is not asked
chown 0:0 "$lxc/web/real"
check "liblxc has the hook" sh -c "lxc-info -P '$lxc' -n web \
	-c lxc.hook.autodev | grep -q 'web device=virtual name=onerng name=ttyACM0'"
check "and the rule" sh -c "lxc-info -P '$lxc' -n web \
	-c lxc.cgroup2.devices.allow | grep -qx 'c 136:\* rw'"
before=$(tree)
check "attach again" said container attach web
says "has nothing to do" "configuration: nothing to do"
equal "and writes nothing" "$before" "$(tree)"
check "one thing alone can be changed" said container attach web --mode 0600
check "the rest stays" grep -q "name=ttyACM0 .* mode=0600 " \
	"$inc/web.d/onerng.conf"
check "names are given anew" said container attach web --name hwrng
refuse "all of them" 1 grep -q ttyACM0 "$inc/web.d/onerng.conf"
check "show" said container show web
says "says which device" "^device: virtual, as /dev/hwrng, 0:20 0600"
says "and which rules" "^device rules: cgroup cgroup2$"
says "and that nobody could be asked" "^host agent: onerng-hostd is not running"
equal "as JSON, too" "web stopped true 0600" "$(container show web --json >"$T/json"
	echo "$(json id <"$T/json") $(json state <"$T/json") $(
		json attached <"$T/json") $(json mode <"$T/json")")"
# For scripts: one object on standard output.
answer() {
	container "$@" --json >"$T/answer.json" 2>"$T/answer.err"
}
# of MEMBER...: their values.
of() {
	for member; do
		json "$member" <"$T/answer.json"
	done | tr '\n' ' '
}
check "attach as JSON" answer attach web --mode 0640
equal "says what it did" "web web true true null $inc/web.d/onerng.conf " \
	"$(of name id changed config live files.0)"
check "attach of what is so" answer attach web
equal "changes nothing" "false false known [] [] " \
	"$(of changed config agent files warnings)"

# One at a time; by a lock of the folder.
locked() {
	! flock -n "$inc/web.d" true
}
start busy flock "$inc/web.d" sleep 2
wait_for 5 locked
check "a refresh waits for who works on the container" said refresh web
refuse "to the end" 1 locked
ended busy 5
slow_refresh() (
	export LD_PRELOAD="$B/tests/lib/preload/slowlocks.so"
	refresh "$@"
)
start busy flock "$inc/web.d" sleep 3
wait_for 5 locked
check "who leaves it while that is found out was at work" said slow_refresh web
ended busy 5
# shellcheck disable=SC2016 # that shell's own
start busy flock "$inc/web.d" sh -c 'echo $$ >"$1"; exec sleep 60' sh \
	"$T/sleeper"
wait_for 5 test -s "$T/sleeper"
refuse "not without a limit" 1 said refresh web
says "which it says" "web: failed: .*passed over: another onerngctl"
kill -9 "$(cat "$T/busy.pid")"
ended busy 5
refuse "what somebody left is passed over" 1 said refresh web
says "as that" "passed over: a process .* cannot be ended"
kill "$(cat "$T/sleeper")"
check "and is no more in the way once it is gone" said refresh web

check "a dry run of detach" answer detach web --dry-run
equal "changes nothing either" "false true [] " "$(of changed dry_run files)"
check "and has the diffs" grep -q '"diff": "--- .*-lxc.include' "$T/answer.json"
check "a hook as JSON" answer hook web
equal "is one text" "web web false" "$(of name id changed | sed 's/ $//')"
check "a shell script" sh -c "'$B/tests/integration/jsonget' hook \
	<'$T/answer.json' | sh -n"
config latin <<END2
# $(printf 'f\374r')
lxc.uts.name = latin
lxc.net.0.type = empty
END2
check "a configuration that is not UTF-8" answer attach latin --dry-run
check "is shown" grep -q "^  \"diff\": .*+lxc.include" "$T/answer.json"
check "as far as it is text" grep -q "f$(printf '\357\277\275')r" \
	"$T/answer.json"
rm -r "${lxc:?}/latin"
refuse "what is not there" 1 answer attach wbe
equal "is an answer as well" "false [] " "$(of changed files)"
check "with the reason beside it" grep -q "no such container: wbe" "$T/answer.err"
check "detach" said container detach web
says "says that nobody was told" "host agent: does not run"
check "gives back what was there" cmp "$T/web.before" "$lxc/web/real"
equal "and leaves nothing" '' "$(find "$inc" "$T/hostd.conf.d" -type f)"
check "detach again" said container detach web
says "has nothing to do, either" "configuration: nothing to do"

# Every configuration of the unit tests, as far as liblxc takes it here.
for file in "$data"/*.conf; do
	name=$(basename "$file" .conf)
	case $name in
	ours*) continue ;;
	esac
	mkdir -p "$lxc/$name"
	cp "$file" "$lxc/$name/config"
	item "$name" lxc.uts.name >/dev/null && loads=true || loads=false
	container attach "$name" >"$T/said" 2>&1 ||
		not_ok "$name: attach" "$(cat "$T/said")"
	$loads && ! item "$name" lxc.hook.autodev | grep -q " $name device=" &&
		not_ok "$name: liblxc has the hook" "$(item "$name" lxc.hook)"
	container detach "$name" >"$T/said" 2>&1 ||
		not_ok "$name: detach" "$(cat "$T/said")"
	check "$name: to the byte" cmp "$file" "$lxc/$name/config"
	rm -r "${lxc:?}/$name"
done

# A name that a shell would mind never gets to one.
# shellcheck disable=SC2016 # that is the point of it
odd='x$(touch INJ) y'
config "$odd" <<END2
lxc.uts.name = odd
lxc.net.0.type = empty
END2
check "a name that is no ID" said container attach "$odd"
refuse "is nowhere in what is included" 1 \
	sh -c "grep -v '^#' '$inc'/x*/onerng.conf | grep -qF '(touch'"
check "the ID is made of it" test -e "$inc"/x__touch_INJ__y-????????.d
check "it is found again" said container detach "$odd"
rm -r "$lxc/${odd:?}"

# A copy, a renamed one, and one that is gone.
check "a container that is copied" said container attach web
mkdir "$lxc/copy"
cp "$lxc/web/config" "$lxc/copy/config"
refuse "has the other's device" 3 said container check copy
says "which is found" "^copy: error: include-of-another: includes web.d"
check "attach gives it its own" said container attach copy
says "and says so" "was a copy of web"
check "the copy" grep -qx "lxc.include = $inc/copy.d/" "$lxc/copy/config"
check "does not touch the original" grep -qx "lxc.include = $inc/web.d/" \
	"$lxc/web/config"
cp "$lxc/web/config" "$lxc/copy/config"
check "detach of a copy" said container detach copy
check "leaves the original its own" test -e "$inc/web.d/onerng.conf"
rm -r "$lxc/copy"
mv "$lxc/web" "$lxc/web2"
check "a renamed container" said container attach web2
check "keeps its ID" grep -q "lxc-autodev web device=" "$inc/web.d/onerng.conf"
check "by its new name" grep -qx "# config: $lxc/web2/config" \
	"$inc/web.d/onerng.conf"
mv "$lxc/web2" "$T/gone"
refuse "what a container left behind" 3 said container check
says "is found" "^web: warning: left-over"
check "detach" said container detach web
says "removes it" "the container is gone"
equal "all of it" '' "$(find "$inc" "$T/hostd.conf.d" -type f -name '*web*')"
refuse "once" 1 said container detach web
mv "$T/gone" "$lxc/web"
check "a container that came back" said container detach web

ln -s "$lxc" "$T/link"
check "an lxcpath that is a link" said hostd_ctl container attach web \
	--path "$T/link/" --includes "$inc" --no-register
check "is what LXC is asked for" grep -qx "# config: $T/link/web/config" \
	"$inc/web.d/onerng.conf"
check "and is the same container" said container attach web --no-register
says "that it was" "configuration: attached"
check "with one ID" test "$(find "$inc" -name '*.d' | wc -l)" -eq 1
container detach web >/dev/null

# A configuration alone, and a host without liblxc.
check "a configuration by its path" said hostd_ctl container attach other \
	--path "$lxc/web/real" --includes "$inc" --no-register
says "has no state" "whether it runs cannot be told"
check "has the name that is given" test -e "$inc/other.d/onerng.conf"
check "and back" said hostd_ctl container detach other \
	--path "$lxc/web/real" --includes "$inc" --no-register
check "to the byte" cmp "$T/web.before" "$lxc/web/real"
mkdir "$T/nolib"
: >"$T/nolib/liblxc.so.1"
check "a host without liblxc" said env LD_LIBRARY_PATH="$T/nolib" \
	"$B/onerngctl" -s "$T/run/control.sock" container list --path "$lxc" \
	--includes "$inc"
says "has containers without a state" "^web .*unknown"
check "nothing of liblxc is linked" sh -c "! ldd '$B/onerngctl' | grep -q lxc"

config strange <<END2
lxc.uts.name = strange
lxc.net.0.type = empty
END2
check "a node that root names" said container attach strange \
	--device passthrough=/dev/null
says "and that is no OneRNG is told of" "/dev/null is no OneRNG"
check "is taken away again" said container detach strange
rm -r "${lxc:?}/strange"

# The linter.
config hand <<END2
lxc.uts.name = hand
lxc.net.0.type = empty
lxc.cgroup.devices.allow = c 166:* rwm
lxc.mount.entry = /dev/ttyACM63 dev/ttyACM0 none bind,optional,create=file 0 0
lxc.hook.autodev = /usr/lib/onerng/lxc-autodev
lxc.hook.start-host = $T/no-such-hook
lxc.hook.mount = [ ! -x /bin/true ] || exec /bin/true
lxc.include = $T/no-such-file
END2
refuse "a configuration by hand" 3 said container check hand
for code in not-attached acm-any acm-stale one-family optional-file \
	hook-unguarded hook-missing hook-exec include-missing; do
	says "has $code" "^hand: [a-z]*: $code: "
done
config late <<END2
lxc.uts.name = late
lxc.include = $inc/late.d
lxc.include = $share/userns.conf
lxc.autodev = 0
END2
refuse "an include at the wrong place" 3 said container check late
for code in include-no-slash userns-after generated-missing autodev-off; do
	says "has $code" "^late: [a-z]*: $code: "
done
says "names commands that look there, too" \
	"^    onerngctl container attach late --includes $inc --path $lxc"
check "attach mends it" said container attach late
container check late >"$T/said"
refuse "all but what it cannot" 1 grep -qE "include-|userns-|generated-" "$T/said"
echo "lxc.cgroup2.devices.deny = a" >>"$lxc/late/config"
container check late >"$T/said"
says "rules that came later" "rule-missing: nothing of lxc.cgroup2"
check "are followed by attach" said container attach late
check "with a rule" grep -q "^lxc.cgroup2.devices" "$inc/late.d/onerng.conf"
sed -i /deny/d "$lxc/late/config"
container check late >"$T/said"
says "rules that are gone" "rule-alone: a rule of lxc.cgroup2"
container check --json >"$T/json"
equal "findings as JSON" "hand not-attached note" "$(
	json containers.0.name <"$T/json") $(
	json containers.0.findings.0.code <"$T/json") $(
	json containers.0.findings.0.severity <"$T/json")"
check "list" said container list
says "has the attached" "^late  *late  *stopped  *virtual"
says "and one that liblxc does not load" "^hand  *-  *unknown  *-"
container detach late >/dev/null
rm -r "$lxc/late" "$lxc/hand"

# The agent.
hostd_conf
printf '[container x]\ndevice=virtual\n' | cat "$T/hostd.conf" - >"$T/x.conf"
if "$B/onerng-hostd" -t -c "$T/x.conf" >/dev/null 2>&1; then
	check "the host agent starts" hostd_start --absent || exit 1
	check "attach tells it" said container attach web --class drbg --socket
	says "and says so" "host agent: told"
	check "it publishes facts" wait_for 10 test -e "$T/run/lxc/web.facts"
	check "set" said container set web --rate 64
	says "changes how it is served" "rate 64"
	mv "$lxc/web" "$lxc/web2"
	check "by its name" said container set web2 --rate 65
	says "that is not its ID" "rate 65"
	check "by its ID" said container set web --rate 64
	mv "$lxc/web2" "$lxc/web"
	check "as JSON" answer set web --rate 64
	equal "says what is in force" "web true 64 []" \
		"$(of name changed rate warnings | sed 's/ $//')"
	check "where LXC is not" said hostd_ctl container set web --rate 66 \
		--path "$T/none"
	refuse "a domain is none" 1 said container set host --rate 64
	cp "$T/hostd.conf" "$T/hostd.conf.good"
	echo nonsense=1 >>"$T/hostd.conf"
	cp "$lxc/web/config" "$T/web.attached"
	refuse "what it refuses" 1 said container attach web --class seed
	check "is taken back" grep -qx class=drbg \
		"$T/hostd.conf.d/container-web.conf"
	mv "$T/hostd.conf.good" "$T/hostd.conf"

	# Our line is taken out by hand, the configuration cannot be written.
	cat "$T/web.before" >"$lxc/web/real"
	refuse "a folder that cannot be written" 1 said attach_read_only
	says "is said" "/web/real: Read-only file system"
	check "leaves what the agent was told" grep -qx class=drbg \
		"$T/hostd.conf.d/container-web.conf"
	check "a refresh without our line is no failure" said refresh web
	says "and nothing is done" "does not include it"
	mv "$lxc/web/real" "$T/web.gone"
	check "nor is one of a container that is gone" said refresh web
	says "which says what to do" "is gone: onerngctl container detach web"
	equal "nothing, if nobody asked" "" "$(refresh)"
	mv "$T/web.gone" "$lxc/web/real"
	cat "$T/web.attached" >"$lxc/web/real"

	check "detach tells it, too" said container detach web
	says "and says so" "host agent: told"
	check "the configuration is as before" \
		cmp "$T/web.before" "$lxc/web/config"
	container_is_known() {
		hostd_ctl status --json | grep -q '"container"'
	}
	unknown() {
		! container_is_known
	}
	check "it is forgotten" wait_for 10 unknown
	hostd_stop
else
	check "the host agent starts" hostd_start --absent || exit 1
	refuse "an agent that knows no containers" 1 said container attach web
	says "says why" "nothing is attached: the host agent refuses"
	equal "and nothing of it stays" '' \
		"$(find "$inc" "$T/hostd.conf.d" -type f)"
	check "neither in the configuration" \
		cmp "$T/web.before" "$lxc/web/config"
	hostd_stop
fi

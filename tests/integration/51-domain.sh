#!/bin/sh
# onerngctl domain attach, detach, show and check as scripts see them: what is
# printed, refused and returned, with libvirt's test driver, and how the agent
# is told
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/said.sh"
. "$(dirname "$0")/../lib/domain.sh"
need virsh patch

web=11111111-1111-1111-1111-111111111111
mail=22222222-2222-2222-2222-222222222222

{
	echo "<graphics type='vnc' passwd='hush-hush'/>" |
		domain_test web $web off
	domain_rng "$T/run/kvm/$mail.sock" |
		sed "/<reconnect/d; s|</rng>|<alias name='ua-onerng0'/></rng>|" |
		domain_test mail $mail
} | domain_node >"$T/node.xml"
uri=test://$T/node.xml

# domain VERB WORD...
domain() {
	hostd_ctl domain "$@" --connect "$uri"
}

attach() {
	domain attach --drop-ins "$T/hostd.conf.d" "$@"
}

refuse "no libvirt at all" 1 said hostd_ctl domain check \
	--connect "qemu+unix:///session?socket=$T/none"
says "what to do then" "is it running? systemctl start libvirtd"
refuse "no name" 2 said domain attach
refuse "two names" 2 said domain attach web mail
refuse "an option it does not have" 2 said domain detach web --class raw
refuse "a class that no agent knows" 2 said attach web --class best
refuse "a weight of 0" 2 said attach web --weight 0
refuse "no such domain" 1 said attach wbe --config
says "and which may have been meant" "no such domain: wbe; near it: web"
refuse "a name like none" 1 said attach database --config
refuse "offers none" 1 grep -q near "$T/said"
refuse "a UUID that is not there" 1 \
	said attach 33333333-3333-3333-3333-333333333333
refuse "a socket's relative path" 1 said "$B/onerngctl" -s control.sock \
	domain attach web --connect "$uri"

# Without an agent.
refuse "live is for what runs" 1 said attach web --live
says "which it says" "is not running: only --config"
virsh -q -c "$uri" dumpxml --inactive web >"$T/web.xml"
check "a dry run needs no agent" said attach web --dry-run
says "and says what is meant" "is not running: --config is meant"
said attach web --config --dry-run
check "its diff is one to patch" patch -s "$T/web.xml" "$T/said"
check "what it makes is libvirt's" \
	virsh -q -c "$uri" define "$T/web.xml"
refuse "no secret of the domain is in it" 1 grep -q hush "$T/said"
refuse "an agent that does not answer" 1 said attach web --config
says "is what is missing" "does not serve it yet: onerng-hostd is not running"
says "while the domain is changed" "configuration: attached"
check "which may be all that is wanted" said attach web --config --no-register
check "the running domain's device cannot be changed" \
	test "$(attach mail --live 2>&1 | grep -c 'cannot be changed while')" -eq 1
check "its configuration can" said attach mail --config --dry-run
says "and is mended" "+ *<reconnect"
check "detach" said domain detach mail --config --dry-run
says "prints a diff too" '^- *<rng'
check "detach of nothing" said domain detach web --config
says "has nothing to do" "configuration: nothing to do"

# With one: the drop-in is the agent's own configuration.
hostd_conf
check "show without an agent" said domain show mail
says "says that it does not answer" "^host agent: onerng-hostd is not running"
check "the host agent starts" hostd_start --absent || exit 1
check "show before it knows the domain" said domain show mail
says "says that" "^host agent: does not know it$"
check "attach tells it" said attach web --config --class seed --rate 64
says "and says so" "host agent: told"
check "the agent has a socket" test -S "$(hostd_socket $web)"
agent_has() {
	domain show web --json >"$T/show.json" || return
	[ "$(json agent.class <"$T/show.json") $(
		json agent.rate <"$T/show.json")" = "$*" ]
}
# hook_tells POLICY: a start of web with that in its metadata.
hook_tells() {
	virsh -q -c "$uri" dumpxml web | sed "s|<devices>|<metadata>\
		<o:policy xmlns:o='$ns' $1/></metadata>\
		<devices><rng model='virtio'><backend model='egd' type='unix'>\
		<source mode='connect' path='$(hostd_socket $web)'/>\
		</backend></rng>|" >"$T/started.xml"
	ONERNG_RUN_DIR="$T/run" "$B/onerng-qemu-hook" web prepare begin - \
		<"$T/started.xml"
}
ns=urn:onerng-virt:policy:1
check "the drop-in has no policy" test -z "$(grep -E '^(class|rate)' \
	"$T/hostd.conf.d/domain-$web.conf")"
check "until it starts it has what is configured" agent_has raw 0
hook_tells "class='seed' rate='64'"
check "then what its metadata says" wait_for 10 agent_has seed 64
hook_tells "class='drbg'"
check "also when that is another" wait_for 10 agent_has drbg 0
check "what it was told is valid" "$B/onerng-hostd" -t -c "$T/hostd.conf"
check "attach again" said attach web --config --class seed --rate 64
refuse "tells it nothing" 1 grep -q told "$T/said"
check "another class" said attach web --config --class drbg
refuse "is not the drop-in's business" 1 grep -q told "$T/said"
echo rate=5 >>"$T/hostd.conf.d/domain-$web.conf"
kill -s HUP "$(cat "$T/hostd.pid")"
check "a key that somebody adds to it goes first" \
	wait_for 10 agent_has drbg 5

# For scripts: one object on standard output, whatever becomes of it.
answer() {
	attach "$@" --json >"$T/answer.json" 2>"$T/answer.err"
}
# of MEMBER...: their values.
of() {
	for member; do
		json "$member" <"$T/answer.json"
	done | tr '\n' ' '
}
check "attach as JSON" answer web --config --class seed --no-register
equal "says what it did" "web $web true true null [] [] " \
	"$(of name uuid changed config live files warnings)"
check "a dry run" answer web --config --class seed --dry-run
equal "changed nothing" "false true true " "$(of changed config dry_run)"
check "and has the diff" grep -q '"diff": "--- .*urn:onerng' "$T/answer.json"
refuse "live is for what runs, as JSON" 1 answer web --live
equal "and nothing was changed" "false [] " "$(of changed files)"
check "why is on standard error" grep -q "is not running" "$T/answer.err"

# What the agent refuses is taken back: it would not start with it.
cp "$T/hostd.conf" "$T/hostd.conf.good"
echo nonsense=1 >>"$T/hostd.conf"
refuse "a configuration that the agent refuses" 1 \
	said attach web --config --class seed
says "is refused with its words" "refuses its configuration: .*nonsense"
check "and the drop-in is as it was" \
	grep -qx rate=5 "$T/hostd.conf.d/domain-$web.conf"
refuse "for a domain that was not known" 1 said attach mail --config
refuse "there is none" 1 test -e "$T/hostd.conf.d/domain-$mail.conf"
mv "$T/hostd.conf.good" "$T/hostd.conf"

# Somebody else's drop-in that is wrong is told of, and in nobody's way.
printf '[domain other]\nuuid=nonsense\n' \
	>"$T/hostd.conf.d/domain-other.conf"
check "a wrong drop-in of another" said attach web --config
says "is no reason not to attach" "web: host agent: told"
says "but is warned of" "warning: .*domain-other.conf:2: .*: left out"
echo rate=5 >>"$T/hostd.conf.d/domain-$web.conf"
check "the same as JSON" answer web --config
equal "says that" "true told domain-$web.conf" "$(of changed agent)$(
	of files.0 | sed 's|.*/||; s| $||')"
check "with the warning" grep -q 'domain-other.conf:2: .*: left out"' \
	"$T/answer.json"
check "which stands on standard error, too" \
	grep -q "warning: .*domain-other.conf:2: " "$T/answer.err"
echo nonsense >"$T/hostd.conf.d/domain-$web.conf"
check "its own" said attach web --config
check "is written anew" grep -qx "uuid=$web" "$T/hostd.conf.d/domain-$web.conf"
check "detach takes it back" said domain detach web --config \
	--drop-ins "$T/hostd.conf.d"
says "and warns, too" "warning: .*domain-other.conf:2: "
rm "$T/hostd.conf.d/domain-other.conf"
check "the agent's socket goes" wait_for 10 \
	test ! -e "$(hostd_socket $web)"

# What the operator wrote stands; a name that is taken is not taken over.
printf '[domain mine]\nuuid=%s\n[domain mail]\nuuid=%s\n' $web \
	44444444-4444-4444-4444-444444444444 >>"$T/hostd.conf"
kill -s HUP "$(cat "$T/hostd.pid")"
check "a section of the operator" wait_for 10 test -S "$(hostd_socket $web)"
check "is enough" said attach web --config --class seed
refuse "and nothing is written" 1 test -e "$T/hostd.conf.d/domain-$web.conf"
says "nor believed to be followed" "configured elsewhere"
check "a name that is another's" said attach mail --config
check "is left to it" grep -qx "\[domain $mail\]" \
	"$T/hostd.conf.d/domain-$mail.conf"
equal "its own has its socket" 1 \
	"$(hostd_ctl domain list | grep -c "^$mail  *$mail")"

# show and check
check "show" said domain show mail
says "what libvirt knows" "^mail $mail: running, persistent"
says "and what the agent does" "^host agent: not connected, class raw"
check "list has what the agent serves" said hostd_ctl domain list
check "list --all has libvirt's too" said domain list --all
says "with their devices" "^mail  *$mail  *device  *device"
says "or without" "^web  *$web  *-  *none"
check "as JSON" said domain list --all --json
equal "says the same" "mail true" \
	"$(json libvirt.0.name <"$T/said") $(json libvirt.0.running <"$T/said")"
refuse "check finds" 3 said domain check
says "a domain without any" "^web: warning: no-rng"
says "with what mends it" "onerngctl domain attach web --config"
says "one that does not reconnect" "^mail: error: egd-no-reconnect"
says "and counts" "^3 domains checked, 3 findings"
refuse "check of one" 3 said domain check web
says "is of one" "^1 domain checked, 1 finding"
refuse "check of what is not there" 1 said domain check web nowhere
domain check --json >"$T/check.json"
equal "findings as JSON" "no-rng warning" \
	"$(json domains.1.findings.0.code <"$T/check.json"
	) $(json domains.1.findings.0.severity <"$T/check.json")"
check "nothing of libvirt is needed for the rest" sh -c \
	"! ldd '$B/onerngctl' | grep -q libvirt"

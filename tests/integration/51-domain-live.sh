#!/bin/sh
# onerngctl domain attach --live: the agent follows a running domain's policy
# at once.  With libvirt's test driver, no hook and no watcher.
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/said.sh"
. "$(dirname "$0")/../lib/domain.sh"
need virsh

web=11111111-1111-1111-1111-111111111111
domain_rng "$T/run/kvm/$web.sock" |
	sed "s|</rng>|<alias name='ua-onerng0'/></rng>|" |
	domain_test web $web | domain_node >"$T/node.xml"

attach() {
	hostd_ctl domain attach web --live --drop-ins "$T/hostd.conf.d" \
		--connect "test://$T/node.xml" "$@" >"$T/said" 2>&1
}

# served: how the agent serves it, and by whose word.
served() {
	hostd_ctl domain list --json >"$T/list" || return
	for served_key in class rate weight policy_from override; do
		json "consumers.0.$served_key" <"$T/list"
	done | tr '\n' ' '
}

# is_served WORD...
is_served() {
	[ "$(served)" = "$* " ]
}

hostd_conf
check "the host agent starts" hostd_start --absent || exit 1
check "a domain that runs is registered" attach
says "and the agent is told" "host agent: told"
equal "it is served by what is configured" "raw 0 1 config false " "$(served)"
check "a policy, live" attach --class drbg --rate 64
equal "is followed at once, as the domain's own" \
	"drbg 64 1 domain false " "$(served)"
kill -s HUP "$(cat "$T/hostd.pid")"
check "another policy" attach --weight 3
check "replaces what it was told before" is_served raw 0 3 domain false
equal "the domain runs, for all the agent knows" running \
	"$(json consumers.0.domain.phase <"$T/list")"
equal "and was not started anew" 0 \
	"$(json consumers.0.domain.generation <"$T/list")"

# What the operator wrote goes first.
echo class=seed >>"$T/hostd.conf.d/domain-$web.conf"
kill -s HUP "$(cat "$T/hostd.pid")"
check "a key of its section" wait_for 10 is_served seed 0 3 domain false
cp "$T/hostd.conf.d/domain-$web.conf" "$T/kept"
mv "$T/hostd.conf.d/domain-$web.conf" "$T/hostd.conf.d/mine.conf"
check "with a policy against it" attach --class drbg --weight 5
says "goes before it" "what that section says goes before"
check "key by key" is_served seed 0 5 domain false

# Without an agent, or one that cannot be told.
rm "$T/run/hook.sock"
check "an agent that cannot be told keeps nothing from it" \
	attach --class drbg --weight 7
says "and is said" "does not follow the policy yet"
says "with the rest as it is" "running: attached"
hostd_stop
check "no agent at all does not, either" attach --class drbg
says "which is said" "onerng-hostd is not running"
check "nothing is told where that is not wanted" attach --class drbg \
	--no-register
equal "and nothing said of it" "web: running: attached" "$(cat "$T/said")"

#!/bin/sh
# What is left of a domain that libvirt does not know any more: check finds it,
# detach takes it back; and a OneRNG that two domains want.  With libvirt's
# test driver.
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/said.sh"
. "$(dirname "$0")/../lib/domain.sh"
need virsh

web=11111111-1111-1111-1111-111111111111
mail=22222222-2222-2222-2222-222222222222
gone=33333333-3333-3333-3333-33333333333c
crashed=44444444-4444-4444-4444-44444444444d
dynamic=55555555-5555-5555-5555-55555555555e
mine=66666666-6666-6666-6666-66666666666f

usb() {
	echo "<hostdev mode='subsystem' type='usb'><source>$1</source></hostdev>"
}
{
	usb "<vendor id='0x1d50'/><product id='0x6086'/>" |
		domain_test web $web
	usb "<vendor id='0x1d50'/><product id='0x6086'/>
		<address bus='1' device='4'/>" | domain_test mail $mail off
} | domain_node >"$T/node.xml"
uri=test://$T/node.xml

domain() {
	hostd_ctl domain "$@" --drop-ins "$T/hostd.conf.d" --connect "$uri"
}

# serves UUID
serves() {
	hostd_ctl domain list --json | grep -q "$1"
}

# hook OPERATION UUID NAME
hook() {
	ONERNG_RUN_DIR="$T/run" "$B/onerng-qemu-hook" "$3" "$1" begin - <<END
<domain type='qemu'><name>$3</name><uuid>$2</uuid><devices>
<rng model='virtio'><backend model='egd' type='unix'>
<source mode='connect' path='$(hostd_socket "$2")'/></backend></rng>
</devices></domain>
END
}

# What two domains want.
refuse "check finds a OneRNG that two domains want" 3 said domain check
says "of each, where it runs and where not" \
	"^web: warning: usb-shared: .* to mail (both)"
says "and who has it" "^mail: warning: usb-shared: .* to web (runs)"
domain check web --json >"$T/check.json"
equal "as JSON, the sides" "usb-shared both" \
	"$(json domains.0.findings.2.code <"$T/check.json"
	) $(json domains.0.findings.2.in <"$T/check.json")"

# The four kinds of what is left, and one that is somebody's own.
mkdir -p "$T/hostd.conf.d"
printf '[domain old]\nuuid=%s\n' $gone >"$T/hostd.conf.d/domain-$gone.conf"
hostd_conf
printf '[domain mine]\nuuid=%s\n' $mine >>"$T/hostd.conf"

# Without an agent.
refuse "without an agent, check" 3 said domain check
says "finds what attach wrote" "^old: warning: left-over: .*domain-$gone.conf"
check "a dry run of detach" said domain detach old --dry-run
says "says what it would do" "would remove .*domain-$gone.conf"
check "and does it not" test -e "$T/hostd.conf.d/domain-$gone.conf"
domain detach old --dry-run --json >"$T/answer.json"
equal "as JSON" "old true false true" "$(json name <"$T/answer.json") $(
	json left_over <"$T/answer.json") $(json changed <"$T/answer.json") $(
	json dry_run <"$T/answer.json")"

check "the host agent starts" hostd_start --absent || exit 1
hook prepare $dynamic fleeting
check "a domain that nobody configured" wait_for 10 serves $dynamic
python3 -c "import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])" "$(hostd_socket $crashed)"
refuse "check with an agent" 3 said domain check
says "finds what attach wrote, by its name" "^old: warning: left-over"
says "what goes by itself" "^fleeting: note: left-over"
says "a socket that nobody listens on" "^$crashed: warning: left-over: "
says "what may be right is a note" "^mine: note: not-known"
says "and the command" "onerngctl domain detach $gone"

# detach
check "detach by name" said domain detach old
says "says what it removed" "$gone: left over: removed .*/domain-$gone.conf"
refuse "which is gone" 1 test -e "$T/hostd.conf.d/domain-$gone.conf"
check "and so is the socket" wait_for 10 test ! -e "$(hostd_socket $gone)"
refuse "a name that nothing is left of is none" 1 said domain detach old
says "and refused as one" "no such domain: old"
check "detach by UUID" said domain detach $gone
says "has nothing to do then" "$gone: libvirt does not know it: nothing to do"
check "a UUID as people write it" said domain detach \
	"$(echo $dynamic | tr -d - | tr a-f A-F)"
says "is the same" "$dynamic: left over: the host agent forgot it"
refuse "and the agent has" 1 serves $dynamic
check "a socket of an agent that was killed" said domain detach $crashed
says "is removed" "removed $(hostd_socket $crashed)"
refuse "and is gone" 1 test -e "$(hostd_socket $crashed)"
refuse "a section of the operator's" 1 said domain detach mine
says "is left to him" "attach did not write its section"
check "and stays" test -S "$(hostd_socket $mine)"
equal "check has nothing else to say" "mine: note: not-known" \
	"$(domain check | grep -v '^ ' | cut -d: -f1-3 | grep -vE '^(web|mail|[0-9])')"

# One that libvirt knows, and that has no device any more.
printf '[domain web]\nuuid=%s\n' $web >"$T/hostd.conf.d/domain-$web.conf"
refuse "check of a domain whose device was taken away" 3 said domain check web
says "finds what was not taken back" "^web: note: left-over: .*domain-$web.conf"
says "and the command" "onerngctl domain detach $web --config"
check "which does it" said domain detach $web --config
says "and says so" "web: host agent: told"
refuse "the drop-in is gone" 1 test -e "$T/hostd.conf.d/domain-$web.conf"
refuse "check then" 3 said domain check web
refuse "does not find it" 1 grep -q left-over "$T/said"

# One that runs without this libvirt.
hook prepare $dynamic fleeting
hook start $dynamic fleeting
start peer "$B/tests/integration/egdpeer" read "$(hostd_socket $dynamic)" \
	1000 64 "$T/bytes" 100 -uuid $dynamic
connected() {
	hostd_ctl domain list | grep "$dynamic" | grep -q yes
}
check "one that runs for another libvirt" wait_for 10 connected
refuse "is not taken away" 1 said domain detach $dynamic
says "which it says" "its QEMU is connected"
check "nor found by check" sh -c "! grep -q fleeting '$T/said'"

# libvirt does not answer.
printf '[domain old]\nuuid=%s\n' $gone >"$T/hostd.conf.d/domain-$gone.conf"
refuse "without libvirt nothing is taken for gone" 1 \
	said hostd_ctl domain detach $gone --drop-ins "$T/hostd.conf.d" \
	--connect "qemu+unix:///session?socket=$T/none"
says "and said what can be done" "rm .*domain-$gone.conf && systemctl reload"
check "what is left stays" test -e "$T/hostd.conf.d/domain-$gone.conf"

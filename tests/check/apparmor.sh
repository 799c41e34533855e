#!/bin/sh
# the AppArmor rule that is shipped is one, and libvirt writes none of its own
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
need apparmor_parser

rule=packaging/apparmor/local-abstractions-libvirt-qemu
helper=/usr/lib/libvirt/virt-aa-helper
xml=libvirt-xml/onerng-egd.xml

# parses FILE...: as parts of a profile; nothing is loaded or cached.
parses() {
	{
		printf 'profile test /usr/bin/test {\n'
		cat "$@"
		printf '}\n'
	} >"$T/profile"
	apparmor_parser -Q -K -T "$T/profile"
}

check "$rule is part of a profile" parses "$rule"
sed 's/ rw,/ rq,/' "$rule" >"$T/broken"
refuse "another is refused" 1 parses "$T/broken"
check "it is of the socket that a domain names" sh -c "
	grep -v '^#' $rule | grep -q '/run/onerng/kvm/\*.sock rw,' &&
	grep -q \"path='/run/onerng/kvm/[^/]*\.sock'\" $xml"

if [ -x $helper ]; then
	uuid=$(sed -n 's|.*<uuid>\(.*\)</uuid>.*|\1|p' $xml)
	# a dry run: what libvirt would let this domain's QEMU open
	check "libvirt makes a profile for $xml" sh -c \
		"$helper -d -c -u libvirt-$uuid <$xml >'$T/helper' 2>&1"
	grep '^  "' "$T/helper" >"$T/files"
	check "with files" test -s "$T/files"
	grep onerng "$T/files" >"$T/own"
	equal "none of them is the socket: our rule is needed" "" \
		"$(cat "$T/own")"
	check "both make one profile" parses "$T/files" "$rule"
else
	skip "libvirt writes no rule of its own" "no virt-aa-helper"
fi

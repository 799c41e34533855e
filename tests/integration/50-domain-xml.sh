#!/bin/sh
# domain XML as a caller sees it: exit status, diffs, findings, bad files
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
need virt-xml-validate virsh patch diff

tool=$B/tests/integration/domainxml
data=tests/data/domains
uuid=$(sed -n 's/.*<uuid>\(.*\)<.*/\1/p' $data/q35.xml)

# attach, and what libvirt's own tools think of it
check "attach prints a domain" sh -c "$tool attach $data/q35.xml >$T/with.xml"
check "which libvirt takes" virt-xml-validate "$T/with.xml" domain
refuse "attach again has nothing to do" 3 "$tool" attach "$T/with.xml"
refuse "detach has nothing to do without it" 3 "$tool" detach $data/q35.xml
"$tool" detach "$T/with.xml" >"$T/without.xml"
check "detach gives back every byte" cmp $data/q35.xml "$T/without.xml"
"$tool" device $data/q35.xml >"$T/device.xml"
equal "the device alone connects to the domain's socket" \
	"/run/onerng/kvm/$uuid.sock" \
	"$(xmllint --xpath 'string(/rng/backend/source/@path)' "$T/device.xml")"

# policy
"$tool" attach "$T/with.xml" class=drbg weight=2 >"$T/policy.xml"
equal "a policy is kept in the domain" "class=drbg weight=2" \
	"$("$tool" policy "$T/policy.xml" | tr '\n' ' ' | sed 's/ $//')"
check "and libvirt takes it" virt-xml-validate "$T/policy.xml" domain
refuse "a policy that no host agent knows is refused" 1 \
	"$tool" attach $data/q35.xml class=best

# The diff of a dry run is one to patch(1), and no longer than diff(1)'s.
for domain in "$data"/*.xml; do
	name=$(basename "$domain")
	"$tool" diff "$domain" $data/attached/"$name" >"$T/diff"
	cp "$domain" "$T/patched"
	patch -s --binary "$T/patched" "$T/diff" >"$T/patch.log" 2>&1 &&
		cmp -s "$T/patched" $data/attached/"$name" ||
		echo "$name: does not apply: $(head -n 1 "$T/patch.log")"
	ours=$(grep -c '^[-+]' "$T/diff")
	theirs=$(diff -u "$domain" $data/attached/"$name" | grep -c '^[-+]')
	[ "$ours" -le "$theirs" ] || echo "$name: $ours lines, not $theirs"
done >"$T/bad"
equal "every diff applies, and is as short as can be" '' "$(head -n 3 "$T/bad")"

# Nothing but our own lines changes in a domain that has none of ours.
for domain in "$data"/*.xml; do
	name=$(basename "$domain")
	[ ! -e "$data/detached/$name" ] || continue
	case $name in
	# Those have no line of their own to add to.
	one-line*|tiny-*|metadata-*|odd-indent.xml) continue ;;
	esac
	diff "$domain" $data/attached/"$name" | grep '^<' | sed "s/^/$name: /"
done >"$T/bad"
equal "attach removes no line of a domain" '' "$(head -n 3 "$T/bad")"

# libvirt's own parser and printer, of its test driver: no daemon, no network.
# The types are what that driver knows; the rest is the domain's.
printed() {
	sed -e "s/<domain type='[a-z]*'/<domain type='test'/" \
		-e "s/<type>/<type arch='i686'>/" \
		-e "s/<type arch='x86_64' machine='[^']*'/<type arch='i686'/" \
		"$data/attached/$1.xml" >"$T/defined.xml"
	name=$(sed -n 's/.*<name>\(.*\)<.*/\1/p' "$T/defined.xml")
	virsh -q -c test:///default \
		"define $T/defined.xml; dumpxml --inactive $name" \
		>"$T/printed.xml" 2>"$T/virsh.log"
}
for name in tiny-closed metadata-empty metadata-other ours-policy; do
	check "libvirt prints $name" printed $name || cat "$T/virsh.log"
	sed -n '/<domain/,$p' "$T/printed.xml" >"$T/dump.xml"
	refuse "$name, printed by libvirt, is as attach wants it" 3 \
		"$tool" attach "$T/dump.xml" class=drbg rate=4096 \
		when-absent=kernel
	"$tool" detach "$T/dump.xml" >"$T/gone.xml"
	equal "$name, printed by libvirt, keeps nothing of ours" 0 \
		"$(grep -cE 'onerng|<metadata/>' "$T/gone.xml")"
done

# findings
codes() {
	"$tool" check "$@" | sed -n 's/.*"code": "\(.*\)",/\1/p' | tr '\n' ' '
}
equal "a domain without any is found" "no-rng " "$(codes $data/q35.xml)"
equal "a device that can go away is found" "no-onerng rng-random-unplug " \
	"$(codes $data/rng-hwrng.xml)"
equal "a machine without a slot is found" "no-rng pci-slots " \
	"$(codes $data/no-slot.xml)"
equal "so is a full conventional one" "no-rng pci-slots " \
	"$(codes $data/pc-no-slot.xml)"
equal "an old machine is found" "no-rng machine-old " \
	"$(codes $data/pc-old.xml)"
equal "passthrough is found" "no-rng usb-takes-device " \
	"$(codes $data/hostdev-usb.xml)"
equal "passthrough by address is found" \
	"no-rng usb-takes-device usb-by-address " \
	"$(codes $data/hostdev-usb-address.xml onerng=1:4)"
equal "passthrough beside ours is found" "usb-collision no-genid " \
	"$(codes $data/hostdev-usb-ours.xml)"
equal "what the host lacks is found" \
	"socket-missing apparmor-rule qemu-detach no-genid " \
	"$(codes $data/ours.xml socket=missing apparmor=0 detach-unsafe=QEMU-7.2.22)"
equal "rights that keep QEMU out are found" "socket-rights no-genid " \
	"$(codes $data/ours.xml socket=0660:0:0 qemu=64055:64055)"
equal "rights that let QEMU in are fine" "no-genid " \
	"$(codes $data/ours.xml socket=0660:0:64055 qemu=64055:64055)"

# files that are no domain
: >"$T/empty"
head -c 10000001 /dev/zero | tr '\0' ' ' >"$T/large"
head -n 20 $data/q35.xml >"$T/half"
echo '<!DOCTYPE domain SYSTEM "http://192.0.2.1/"><domain/>' >"$T/doctype"
for name in empty large half doctype; do
	refuse "a file that is $name is refused" 1 "$tool" attach "$T/$name"
done
check "with its line" sh -c "$tool attach $T/half 2>&1 | grep -q 'half:2[01]:'"

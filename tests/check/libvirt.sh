#!/bin/sh
# the shipped domain XML is what libvirt takes, and says what it is for
# timeout: 240
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"
need xmllint virt-xml-validate

schemas=/usr/share/libvirt/schemas
rng=/domain/devices/rng
field() {
	xmllint --xpath "string($2)" "$1" 2>/dev/null
}

for xml in libvirt-xml/*.xml; do
	check "$xml is a domain to libvirt" virt-xml-validate "$xml" domain
	check "$xml says what it is for" sh -c "head -n 1 $xml | grep -qx '<!--'"
done

egd=libvirt-xml/onerng-egd.xml
equal "$egd connects to the host agent's socket of its domain" \
	"/run/onerng/kvm/$(field $egd /domain/uuid).sock" \
	"$(field $egd "$rng/backend/source/@path")"
equal "$egd leaves the limits to the host agent" '' \
	"$(field $egd "$rng/rate/@bytes")"
for xml in libvirt-xml/onerng-egd*.xml; do
	equal "$xml connects again after the other end was gone" yes \
		"$(field "$xml" "$rng/backend/source/reconnect/@enabled")"
done

cat libvirt-xml/*.xml | sed -n 's/.*<uuid>\(.*\)<.*/\1/p' | sort | uniq -d |
	none "no two examples are the same domain" "the same uuid"

# One run, because reading the schema takes most of the time.
for folder in tests/data/domains tests/data/domains/attached \
	tests/data/domains/detached; do
	check "every domain of $folder is one to libvirt" \
		xmllint --noout --relaxng $schemas/domain.rng $folder/*.xml
done

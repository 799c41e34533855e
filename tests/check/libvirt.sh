#!/bin/sh
# the shipped domain XML is well formed and says what DESIGN.md decides
# timeout: 30
. "$(dirname "$0")/../lib/test.sh"
need xmllint

rng=/domain/devices/rng
field() {
	xmllint --xpath "string($2)" "$1" 2>/dev/null
}

for xml in libvirt-xml/*.xml; do
	check "$xml is well formed" xmllint --noout "$xml"
	uuid=$(field "$xml" /domain/uuid)
	equal "$xml connects to the host agent's socket of its domain" \
		"/run/onerng/kvm/$uuid.sock" \
		"$(field "$xml" "$rng/backend/source/@path")"
	equal "$xml connects again after a restart of the host agent" yes \
		"$(field "$xml" "$rng/backend/source/reconnect/@enabled")"
	equal "$xml leaves the limits to the host agent" '' \
		"$(field "$xml" "$rng/rate/@bytes")"
done

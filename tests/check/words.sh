#!/bin/sh
# no claim that cannot be kept, no word that means something else
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

# Documents, manuals and what the programs print.
documents() {
	tree_files '*.md' '*.[1-8]' '*.c' '*.h' '*.conf' '*.service' '*.xml' |
		grep -vE '^tests/check/'
}

# absent NAME PATTERN [BUT]: BUT is what may stand on the same line.
absent() {
	documents | xargs -d '\n' grep -HniE "$2" | grep -viE "${3:-^$}" |
		none "$1" "says"
}

absent 'nothing is called "true random"' '\btru(e|ly)[- ]random' \
	'("|“|\\\*\(Lq|\bno\b|\bnot\b|never).*tru(e|ly)[- ]random'
absent 'nothing is called "FIPS compliant"' \
	'fips([- ]140(-2)?)?[- ](compliant|certified|approved|validated)' \
	'("|“|\bno\b|\bnot\b|never).*fips'
absent 'nothing is called "full entropy" without its H' 'full[- ]entropy' \
	'(assessed|stated|\bH\b|"full|\bno\b|\bnot\b|never)'
absent 'nothing is called unbreakable or military' \
	'unbreakable|military[- ]grade|unhackable|perfectly random'
absent 'a health test is no "quality test"' \
	'quality test|randomness (check|test)'
absent 'a container is no guest' '(lxc|container)[- ]guest|guest container'
absent 'a domain has no "VM config"' '\bvm config\b|event script'

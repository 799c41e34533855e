#!/bin/sh
# every manual page is clean mdoc
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need mandoc
# Which other manuals are installed here says nothing about the page.
lint() {
	mandoc -Tlint -Wstyle "$1" | grep -v 'referenced manual not found' |
		none "$1 is clean mdoc" "mandoc says"
}

for page in man/*.[1-8]; do
	lint "$page"
	sed -n 's/^\.Xr \(onerng[a-z.-]*\) \([1-8]\).*/\1.\2/p' "$page" |
		sort -u | while IFS= read -r name; do
		[ -e "man/$name" ] || echo "$name"
	done | none "$page refers to pages that exist" "missing"
done

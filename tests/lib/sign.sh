# shellcheck shell=sh
# Keys and signed firmware images, made while the test runs, after test.sh.
# Nothing here knows the vendor's key, and no key outlives $T.
#
#	sign_key ada ed25519		a key; more options go to gpg
#	sign_keyring $T/ring.gpg ada	what gpgv takes as a keyring
#	sign_dump ada 3 $T/a.dump	a dump as firmware 3 sends it
#	sign_flash ada 3 $T/a.flash	the flash for onerng-sim --image
#	sign_end			when nothing more is to be signed

# gpg with a home of its own; $sign_time pretends another time.
sign_gpg() {
	[ -d "$T/gnupg" ] || mkdir -m 700 "$T/gnupg"
	env GNUPGHOME="$T/gnupg" gpg --batch --quiet --no-tty --yes \
		--pinentry-mode loopback --passphrase '' \
		--trust-model always --no-auto-check-trustdb \
		${sign_time:+--faked-system-time "$sign_time"} "$@" 2>>"$T/gpg.log"
}

# The agent ends by itself when its home is gone; this is sooner.
sign_end() {
	env GNUPGHOME="$T/gnupg" gpgconf --kill all 2>>"$T/gpg.log"
}

# sign_key NAME ALGORITHM [EXPIRES]
sign_key() {
	sign_gpg --quick-generate-key "$1 <$1@example.org>" "$2" sign "${3:-never}"
}

# sign_fingerprint NAME: of its primary key.
sign_fingerprint() {
	sign_gpg --list-keys --with-colons "$1@example.org" |
		awk -F : '$1 == "fpr" { print $10; exit }'
}

# gpg makes the certificate with the key; its colon keeps it from being used
# by accident.
sign_revoke() {
	sed 's/^:---/---/' \
		"$T/gnupg/openpgp-revocs.d/$(sign_fingerprint "$1").rev" |
		sign_gpg --import
}

# sign_keyring FILE NAME...
sign_keyring() {
	sign_file=$1
	shift
	for sign_name in "$@"; do
		sign_gpg --export "$sign_name@example.org"
	done >"$sign_file"
}

# sign_sig NAME FIRMWARE SIG [OPTION...]
sign_sig() {
	sign_name=$1 sign_firmware=$2 sign_file=$3
	shift 3
	"$B/tests/integration/mkimage" signed "$sign_firmware" >"$T/.signed" &&
		sign_gpg -u "$sign_name@example.org" "$@" \
			-o "$sign_file" --detach-sign "$T/.signed"
}

# sign_dump NAME FIRMWARE FILE [OPTION...]
sign_dump() {
	sign_out=$3
	sign_image dump "$@"
}

# sign_flash NAME FIRMWARE FILE [OPTION...]
sign_flash() {
	sign_out=$3
	sign_image flash "$@"
}

sign_image() {
	sign_kind=$1 sign_by=$2 sign_version=$3
	shift 4
	sign_sig "$sign_by" "$sign_version" "$T/.sig" "$@" &&
		"$B/tests/integration/mkimage" "$sign_kind" "$sign_version" \
			"$T/.sig" >"$sign_out"
}

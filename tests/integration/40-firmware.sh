#!/bin/sh
# firmware is accepted if exactly one trusted key signed it, and never otherwise
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/sign.sh"

need gpg gpgv
tool=$B/tests/integration/gpgvcheck
ring=$T/ring.gpg
data=${ONERNG_REFERENCE_DATA:-../shared/data}

# verdict NAME WORD DUMP [KEYRING [FINGERPRINT...]]: the checker's first word.
verdict() {
	verdict_name=$1 verdict_word=$2 verdict_dump=$3
	shift 3
	[ $# -gt 0 ] || set -- "$ring" "$rsa" "$ed"
	timeout 60 "$tool" "${verb:-dump}" "$verdict_dump" "$@" \
		>"$T/out" 2>"$T/err" </dev/null
	read -r got _ signer hash why <"$T/out" || got=nothing
	if [ "$got" = "$verdict_word" ]; then
		ok "$verdict_name"
	else
		cat "$T/out" "$T/err"
		not_ok "$verdict_name" "wanted '$verdict_word', got '$(cat "$T/out")'"
		return 1
	fi
}

# says NAME WORDS: the reason of the last verdict.
says() {
	case $why in
	*"$2"*) ok "$1" ;;
	*) not_ok "$1" "'$why' does not say '$2'" ;;
	esac
}

# poke FILE OFFSET OCTAL...
poke() {
	poke_file=$1 poke_at=$2
	shift 2
	for poke_byte in "$@"; do
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$poke_byte"
	done | dd of="$poke_file" bs=1 seek="$poke_at" conv=notrunc status=none
}

# flip FILE OFFSET: its lowest bit.
flip() {
	flip_byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	poke "$1" "$2" "$(printf %03o $((flip_byte ^ 1)))"
}

# changed NAME WORD COMMAND...: a fresh copy of good.dump, changed.
changed() {
	changed_name=$1 changed_word=$2
	shift 2
	cp "$T/good.dump" "$T/changed.dump"
	"$@"
	verdict "$changed_name" "$changed_word" "$T/changed.dump"
}

header=13
length3=$((header + 262144 - 680)) # of the signature, firmware 3

make_keys() {
	sign_key rsa rsa3072 && sign_key ed ed25519 && sign_key other ed25519 &&
		sign_key absent ed25519 && sign_key gone ed25519 &&
		sign_time=20200101T000000 sign_key old ed25519 1d &&
		sign_time=20200101T000000 sign_key past ed25519 &&
		sign_time=20990101T000000 sign_key future ed25519 &&
		sign_gpg --quick-generate-key "both <both@example.org>" \
			ed25519 cert never &&
		sign_gpg --quick-add-key "$(sign_fingerprint both)" \
			ed25519 sign never &&
		sign_gpg --cert-digest-algo SHA1 --quick-generate-key \
			"sha1 <sha1@example.org>" rsa3072 sign never
}
check "test keys are made" make_keys || exit 1
rsa=$(sign_fingerprint rsa)
ed=$(sign_fingerprint ed)

sign_dump gone 3 "$T/gone.dump"
sign_revoke gone
sign_keyring "$ring" rsa ed other gone old both sha1 past future

# Good ones, of every version.
for firmware in 1 2 3; do
	for key in rsa ed; do
		sign_dump $key $firmware "$T/$key-$firmware.dump"
		verdict "firmware $firmware signed with $key is good" good \
			"$T/$key-$firmware.dump"
	done
done
equal "who signed is told" "$ed" "$signer"
cp "$T/ed-3.dump" "$T/good.dump"

# F18: one bit.
changed "a bit flipped in the program is seen" bad-signature \
	flip "$T/changed.dump" $((header + 5000))
changed "a bit flipped in the first byte is seen" bad-signature \
	flip "$T/changed.dump" $header
changed "a bit flipped in the padding is seen" bad-signature \
	flip "$T/changed.dump" $((header + 200000))
changed "a bit flipped in the last signed byte is seen" bad-signature \
	flip "$T/changed.dump" $((length3 - 1))
siglen=$(od -An -tu2 --endian=little -j $length3 -N 2 "$T/good.dump")
changed "a bit flipped in the signature's numbers is seen" bad-signature \
	flip "$T/changed.dump" $((length3 + 2 + siglen - 20))
changed "a bit flipped in the signature's head is seen" no-signature \
	flip "$T/changed.dump" $((length3 + 4))

# F19: header and signature length out of range.
changed "a signature length of 0 is no signature" unsigned \
	poke "$T/changed.dump" $length3 000 000
changed "a signature length of 65535 is no signature" unsigned \
	poke "$T/changed.dump" $length3 377 377
changed "a signature length of 551 is out of range" signature-length \
	poke "$T/changed.dump" $length3 047 002
changed "a signature length of 65534 is out of range" signature-length \
	poke "$T/changed.dump" $length3 376 377
# 0xff behind the signature, taken for one more packet
changed "a signature one byte too long is refused" several-signatures \
	poke "$T/changed.dump" $length3 "$(printf %03o $((siglen + 1)))"
changed "a byte behind the signature is refused" fill \
	poke "$T/changed.dump" $((length3 + 2 + siglen)) 000
changed "a byte in the last place is refused" fill \
	poke "$T/changed.dump" $((header + 262143)) 000
for bytes in "000 000 000" "001 000 000" "130 002 000" "377 377 377"; do
	# shellcheck disable=SC2086 # three bytes
	changed "an image length of $bytes (octal) is refused" header-length \
		poke "$T/changed.dump" 6 $bytes
done
for bytes in "000 000" "004 000" "003 001"; do
	# shellcheck disable=SC2086 # two bytes
	changed "version $bytes (octal) is refused" version \
		poke "$T/changed.dump" 9 $bytes
done

# F22: the wrong layout, none, and none at all.
cp "$T/ed-2.dump" "$T/wrong.dump"
poke "$T/wrong.dump" 9 003
timeout 60 "$tool" dump "$T/wrong.dump" "$ring" "$ed" >"$T/out" 2>&1
equal "firmware 2 that says it is 3 is refused" 1 $?
cp "$T/good.dump" "$T/wrong.dump"
poke "$T/wrong.dump" 9 002
timeout 60 "$tool" dump "$T/wrong.dump" "$ring" "$ed" >"$T/out" 2>&1
equal "firmware 3 that says it is 2 is refused" 1 $?
cp "$T/ed-2.dump" "$T/other.dump"
poke "$T/other.dump" 9 001
verdict "1 and 2 have the same layout" good "$T/other.dump"
: >"$T/none.sig"
"$B/tests/integration/mkimage" dump 3 "$T/none.sig" >"$T/unsigned.dump"
verdict "an image without a signature is refused" unsigned "$T/unsigned.dump"
{
	head -c $header "$T/good.dump"
	head -c 262144 /dev/zero | tr '\000' '\377'
} >"$T/erased.dump"
verdict "erased flash is refused" erased "$T/erased.dump"
says "erased flash is named" "0xff"

# F17: dumps that end too soon.
for bytes in 1 6 12 13 100000 262144 262156; do
	head -c $bytes "$T/good.dump" >"$T/short.dump"
	verdict "a dump that ends after $bytes bytes is incomplete" incomplete \
		"$T/short.dump"
done
: >"$T/short.dump"
verdict "an empty dump is incomplete" incomplete "$T/short.dump"
{
	cat "$T/good.dump"
	echo
} >"$T/long.dump"
verdict "a dump with something behind it is refused" too-long "$T/long.dump"
tail -c +2 "$T/good.dump" >"$T/long.dump"
verdict "a dump without its first byte is none" no-header "$T/long.dump"

# F20: whose signature.
sign_dump other 3 "$T/other.dump"
verdict "another key of the keyring does not count" not-pinned "$T/other.dump"
says "the key that does not count is named" "$(sign_fingerprint other)"
verdict "the vendor's key is pinned by default" not-pinned "$T/good.dump" \
	"$ring"
sign_dump absent 3 "$T/absent.dump"
verdict "a key that is not in the keyring is named" no-key "$T/absent.dump"
says "the missing key is named" "$(sign_fingerprint absent)"
sign_time=20200101T120000 sign_dump old 3 "$T/old.dump"
verdict "an expired key is refused" key-expired "$T/old.dump" "$ring" \
	"$(sign_fingerprint old)"
verdict "a revoked key is refused" key-revoked "$T/gone.dump" "$ring" \
	"$(sign_fingerprint gone)"
sign_time=20200102T000000 sign_dump past 3 "$T/past.dump" \
	--default-sig-expire 1d
verdict "an expired signature is refused" signature-expired "$T/past.dump" \
	"$ring" "$(sign_fingerprint past)"
sign_dump both 3 "$T/both.dump"
verdict "a primary key's fingerprint allows its subkey" good "$T/both.dump" \
	"$ring" "$(sign_fingerprint both)"
[ "$signer" != "$(sign_fingerprint both)" ]
equal "the subkey is told as signer" 0 $?
verdict "a subkey's fingerprint alone pins nothing" not-pinned "$T/both.dump" \
	"$ring" "$signer"
sign_time=20990102T000000 sign_dump future 3 "$T/future.dump"
verdict "a clock that is behind does no harm" good "$T/future.dump" "$ring" \
	"$(sign_fingerprint future)"

# Hashes, and signatures that are something else.
sign_dump rsa 3 "$T/sha1.dump" --digest-algo SHA1
verdict "SHA-1 by a pinned key is accepted, as by gpgv" good "$T/sha1.dump"
equal "SHA-1 is told" 2 "$hash"
sign_dump sha1 3 "$T/sha1.dump" --digest-algo SHA1
verdict "so is a key that certifies itself with SHA-1" good "$T/sha1.dump" \
	"$ring" "$(sign_fingerprint sha1)"
sign_dump rsa 3 "$T/md5.dump" --digest-algo MD5
verdict "MD5 is refused" algorithm "$T/md5.dump"
sign_dump ed 3 "$T/text.dump" --textmode
verdict "a signature over text is refused" not-binary "$T/text.dump"
sign_sig ed 3 "$T/ed.sig"
sign_sig other 3 "$T/other.sig"
cat "$T/ed.sig" "$T/other.sig" >"$T/two.sig"
"$B/tests/integration/mkimage" dump 3 "$T/two.sig" >"$T/two.dump"
verdict "two signatures are refused" several-signatures "$T/two.dump"
cat "$T/ed.sig" "$T/ed.sig" >"$T/two.sig"
"$B/tests/integration/mkimage" dump 3 "$T/two.sig" >"$T/two.dump"
verdict "the same one twice is refused" several-signatures "$T/two.dump"
sign_gpg --armor --output "$T/noise.sig" --export ed@example.org
head -c 300 "$T/noise.sig" >"$T/noise2.sig"
"$B/tests/integration/mkimage" dump 3 "$T/noise2.sig" >"$T/noise.dump"
verdict "a key in place of a signature is refused" no-signature "$T/noise.dump"

# The keyring.
verdict "a keyring that is not there is named" keyring-missing "$T/good.dump" \
	"$T/none.gpg" "$ed"
says "the keyring is named" "$T/none.gpg"
says "it is told how to make one" "onerngctl firmware import-key"
: >"$T/empty.gpg"
verdict "an empty keyring is named" keyring-empty "$T/good.dump" \
	"$T/empty.gpg" "$ed"
verdict "a folder is no keyring" keyring-unreadable "$T/good.dump" "$T" "$ed"
verdict "a device is no keyring" keyring-unreadable "$T/good.dump" \
	/dev/zero "$ed"
mkfifo "$T/fifo"
verdict "a keyring that is a pipe is not waited for" keyring-unreadable \
	"$T/good.dump" "$T/fifo" "$ed"
sign_gpg --armor --output "$T/ed.asc" --export ed@example.org
verdict "an armored keyring is named" keyring-format "$T/good.dump" \
	"$T/ed.asc" "$ed"
printf '\231\377\377junk' >"$T/junk.gpg"
verdict "a damaged keyring has no key" no-key "$T/good.dump" "$T/junk.gpg" "$ed"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 755 "$T/open"
	cp "$tool" "$T/good.dump" "$ring" "$T/open"
	chmod 600 "$T/open/ring.gpg"
	chmod 711 "$T"
	setpriv --reuid=65534 --clear-groups "$T/open/gpgvcheck" dump \
		"$T/open/good.dump" "$T/open/ring.gpg" "$ed" >"$T/out" 2>&1
	equal "a keyring without permission is named" keyring-unreadable \
		"$(tail -n 1 "$T/out" | cut -d ' ' -f 1)"
	chmod 644 "$T/open/ring.gpg"
	check "any user's gpgv can read a public one" setpriv --reuid=65534 \
		--clear-groups "$T/open/gpgvcheck" dump "$T/open/good.dump" \
		"$T/open/ring.gpg" "$ed"
else
	skip "a keyring without permission is named" "not root"
fi

# gpgv itself: another one, found first, that fails in a way of its own.
mkdir "$T/none" "$T/fake"
env PATH="$T/none" "$tool" dump "$T/good.dump" "$ring" "$ed" \
	>"$T/out" 2>"$T/err"
equal "a missing gpgv is a failure" gpgv-missing "$(cut -d ' ' -f 1 "$T/out")"
check "it is told what to install" grep -q 'install the package gpgv' "$T/out"

# fake LINE...: the script.
fake() {
	{
		echo '#!/bin/sh'
		printf '%s\n' "$@"
	} >"$T/fake/gpgv"
	chmod 755 "$T/fake/gpgv"
}
good_line="[GNUPG:] GOODSIG 0123456789ABCDEF ed"
valid_line="[GNUPG:] VALIDSIG $ed 2026-01-01 1 0 4 0 22 8 00 $ed"
faked() {
	PATH=$T/fake:$PATH verdict "$1" "$2" "$T/good.dump"
}

fake 'sleep 600 &' 'echo $! >'"$T/sleeper" 'sleep 600'
GPGVCHECK_MS=3000 faked "a gpgv that does not end is a failure" gpgv-timeout
sleeper_gone() {
	gone "$(cat "$T/sleeper")"
}
check "what it had started ended with it" wait_for 10 sleeper_gone
check "the loop went on meanwhile" sh -c \
	"[ \$(sed -n 's/.*: \([0-9]*\) ticks/\1/p' '$T/err') -gt 20 ]"
verb=cancel faked "a cancelled check is never told of" good
verb=restart GPGVCHECK_MS=1000 faked "a check may be started anew" gpgv-timeout
fake 'kill -KILL $$'
faked "a gpgv that was killed is a failure" gpgv-killed
fake 'echo "gpgv: no" >&2' 'exit 3'
faked "an exit status without a word is a failure" gpgv-failed
check "what it said is logged" grep -q 'gpgv said: gpgv: no' "$T/err"
fake 'exit 0'
faked "success without a word is a failure" gpgv-failed
fake "echo '$good_line' >&3" 'exit 0'
faked "a good signature of no one is a failure" gpgv-unintelligible
fake "echo '[GNUPG:] NEWSIG' >&3" "echo '$good_line' >&3" 'exit 0'
faked "a good signature that is not valid is a failure" gpgv-unintelligible
fake "echo '[GNUPG:] NEWSIG' >&3" "echo '$valid_line' >&3" 'exit 0'
faked "a valid signature that is not good is a failure" gpgv-unintelligible
fake "echo '[GNUPG:] NEWSIG' >&3" "echo '$good_line' >&3" \
	"echo '$valid_line' >&3" 'exit 2'
faked "a good signature and a failure is a failure" gpgv-failed
fake 'while :; do echo "[GNUPG:] PROGRESS x"; done >&3'
faked "a flood of status lines is a failure" gpgv-unintelligible
# shellcheck disable=SC2016 # a script
fake 'i=0' 'while [ $i -lt 20000 ]; do echo "[GNUPG:] x"; i=$((i + 1)); done >&2' \
	'exit 2'
faked "a flood of errors is read and a failure" gpgv-failed
fake 'exec 3>&-' 'sleep 1' 'exit 0'
faked "status lines that end early are a failure" gpgv-failed
fake "env | sort >'$T/env'" "ls -l /proc/\$\$/fd >'$T/fds'" \
	"cat <&0 >'$T/stdin'" "echo \"\$@\" >'$T/args'" 'exit 1'
SECRET=1 faked "the child's surroundings are looked at" gpgv-failed
equal "it inherits no environment" "LC_ALL=C PATH=/usr/bin:/bin" \
	"$(grep -v '^PWD=\|^_=\|^OLDPWD=\|^SHLVL=' "$T/env" | tr '\n' ' ' |
		sed 's/ $//')"
equal "it inherits no descriptor but its own" "0 1 2 3 4 5 6" \
	"$(awk '$9 ~ /^[0-9]$/ { print $9 }' "$T/fds" | tr '\n' ' ' |
		sed 's/ $//')"
equal "its standard input is empty" 0 "$(wc -c <"$T/stdin")"
echo 'not a program' >"$T/fake/gpgv"
chmod 644 "$T/fake/gpgv"
env PATH="$T/fake" "$tool" dump "$T/good.dump" "$ring" "$ed" \
	>"$T/out" 2>"$T/err"
equal "a gpgv that cannot be run is a failure" gpgv-cannot-start \
	"$(cut -d ' ' -f 1 "$T/out")"
limit_files() {
	prlimit --nofile=8 "$tool" dump "$T/good.dump" "$ring" "$ed" |
		grep -q '^gpgv-cannot-start\|^keyring-unreadable'
}
check "no descriptors left is a failure" limit_files

# The importer.
import() {
	verb=import verdict "$@"
}
new=$T/new.gpg
import "an armored key is imported" good "$T/ed.asc" "$new" "$ed"
equal "it is readable for everybody" 644 "$(stat -c %a "$new")"
verdict "and gpgv can use it" good "$T/good.dump" "$new" "$ed"
sign_keyring "$T/both.gpg" both
import "a binary key is imported over another" good "$T/both.gpg" "$new" \
	"$(sign_fingerprint both)"
verdict "and gpgv can use that one" good "$T/both.dump" "$new" \
	"$(sign_fingerprint both)"
cp "$new" "$T/before.gpg"
import "a key that is not pinned is refused" refused "$T/ed.asc" "$new"
says "the pinned key is named" 967F859E460B41CF0DEB7857026F85A235D6020C
import "a file that is not there is refused" refused "$T/nothing" "$new" "$ed"
import "an empty file is refused" refused "$T/empty.gpg" "$new" "$ed"
import "two keys are refused" refused "$ring" "$new" "$ed"
import "a signature is refused" refused "$T/ed.sig" "$new" "$ed"
import "a dump is refused" refused "$T/good.dump" "$new" "$ed"
sign_gpg --export-secret-keys ed@example.org >"$T/secret.gpg"
import "a secret key is refused" refused "$T/secret.gpg" "$new" "$ed"
says "a secret key is named" "secret key"
head -n 6 "$T/ed.asc" >"$T/cut.asc"
import "half an armored key is refused" refused "$T/cut.asc" "$new" "$ed"
sed '4s/[a-m]/Z/' "$T/ed.asc" >"$T/typo.asc"
import "a typing error is refused" refused "$T/typo.asc" "$new" "$ed"
says "a typing error is named" checksum
import "a folder that is not there is named" refused "$T/ed.asc" \
	"$T/nowhere/new.gpg" "$ed"
says "the folder is named" "$T/nowhere/new.gpg"
full_disk() {
	(
		trap '' XFSZ
		ulimit -f 0
		"$tool" import "$T/ed.asc" "$new" "$ed"
	) | grep -q '^refused .*cannot write'
}
check "a full disk is a failure" full_disk
check "a refusal leaves the keyring as it was" cmp "$new" "$T/before.gpg"
equal "nothing is left behind" "$new" "$(echo "$T"/new*)"

if [ -r "$data/onerng-vendor-key.asc" ]; then
	import "the vendor's key is imported" good \
		"$data/onerng-vendor-key.asc" "$T/vendor.gpg"
	equal "its fingerprint is the pinned one" \
		967F859E460B41CF0DEB7857026F85A235D6020C "$signer"
	verdict "it did not sign the simulator's firmware" no-key \
		"$T/good.dump" "$T/vendor.gpg"
else
	skip "the vendor's key is imported" \
		"no onerng-vendor-key.asc (ONERNG_REFERENCE_DATA)"
fi
sign_end

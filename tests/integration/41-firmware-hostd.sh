#!/bin/sh
# a device is used if its firmware is signed by a trusted key, never before
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/sign.sh"

need gpg gpgv
[ "$(id -u)" -eq 0 ] || skip_all "needs root, as a dump of firmware does"
peer=$B/tests/integration/egdpeer
a=11111111-1111-1111-1111-111111111111
A=$(hostd_socket $a)
ring=$T/ring.gpg
real=$(command -v gpgv)

# conf POLICY LINE...: the agent's configuration, with more of [source].
conf() {
	hostd_firmware=$1
	shift
	hostd_conf a=$a
	printf '[agent]\nidle_pause=0\n[source]\n' >>"$T/hostd.conf"
	printf '%s\n' "$@" >>"$T/hostd.conf"
}

# reload POLICY LINE...: while it runs.
reload() {
	conf "$@"
	hostd_reload
}

# flash FILE [DEVICE]: unplugged, other firmware, plugged in again.
flash() {
	hostd_sim "@${2:-1}" unplug >/dev/null
	wait_for 20 device "$((${2:-1} - 1))" gone || return
	raw=$(hostd_get devices.0.raw_bytes)
	hostd_sim "@${2:-1}" image "$1" && hostd_sim "@${2:-1}" plug
}

device() {
	[ "$(hostd_get "devices.$1.state")" = "$2" ]
}

verdict() {
	[ "$(hostd_get "devices.${2:-0}.firmware_check.verdict")" = "$1" ]
}

# served BYTES: a peer gets so many.
served() {
	timeout 240 "$peer" read "$A" "$(($1 / 64))" 64 "$T/a" 20
}

# refused NAME VERDICT WORDS: not used, told why, and not one byte of it is.
refused() {
	if ! wait_for 40 verdict "$2"; then
		not_ok "$1" "$(hostd_ctl status --json | json devices.0)"
		return
	fi
	equal "$1" failed "$(hostd_get devices.0.state)"
	case $(hostd_get devices.0.detail) in
	*"$3"*) ok "$1, and why is told" ;;
	*) not_ok "$1, and why is told" "$(hostd_get devices.0.detail)" ;;
	esac
	nothing "$1"
}

# raw is what was read of the device at that port before it was plugged in.
raw=0
nothing() {
	equal "$1: nothing was read of it" "$raw" \
		"$(hostd_get devices.0.raw_bytes)"
	equal "$1: nothing of it is kept" 0 "$(hostd_get pool.bytes)"
}

make_images() {
	sign_key ed ed25519 && sign_key other ed25519 &&
		sign_keyring "$ring" ed other &&
		sign_flash ed 1 "$T/1.flash" && sign_flash ed 2 "$T/2.flash" &&
		sign_flash ed 3 "$T/3.flash" &&
		sign_flash other 3 "$T/other.flash" &&
		flip "$T/3.flash" 5000 >"$T/flipped.flash"
}

# flip FILE OFFSET: the file with one bit changed.
flip() {
	flip_byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	head -c "$2" "$1"
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %03o $((flip_byte ^ 1)))"
	tail -c +$(($2 + 2)) "$1"
}
check "test keys and images are made" make_images || exit 1
sign_end
ed=$(sign_fingerprint ed)
key=firmware_key=$ed
keyring=firmware_keyring=$ring

# Every version, to the end.
for firmware in 1 2 3; do
	conf require "$keyring" "$key"
	hostd_start --firmware $firmware --image "$T/$firmware.flash" || exit 1
	check "firmware $firmware with a good signature is used" \
		wait_for 40 hostd_state serving
	check "firmware $firmware is served" served 640
	[ $firmware = 3 ] || hostd_stop
	rm -f "$T/hostd.last"
done
check "it is told as verified" verdict good
equal "and by whom" "$ed" "$(hostd_get devices.0.firmware_check.signer)"
hostd_ctl status >"$T/table"
check "the table says so too" grep -q "signature verified: key $ed" "$T/table"
refuse "and nothing of UNVERIFIED" 1 grep UNVERIFIED "$T/table"

# The image, and the same verdict off line.
check "the image is dumped" hostd_ctl firmware dump "$T/a.dump"
equal "into a file for root alone" 600 "$(stat -c %a "$T/a.dump")"
sign_dump ed 3 "$T/ed.dump"
sign_end
check "as the device sent it" test "$(tail -c +14 "$T/a.dump" |
	sha256sum | cut -d ' ' -f 1)" = "$(hostd_get devices.0.image_sha256)"
refuse "never over another file" 1 hostd_ctl firmware dump "$T/a.dump"
refuse "of no other device" 1 hostd_ctl firmware dump --device x "$T/b.dump"
cp "$T/.check" "$T/said"
check "which is told" grep -q "no such device" "$T/said"
check "the dump verifies off line" "$B/onerngctl" firmware verify \
	--keyring "$ring" --key "$ed" "$T/a.dump"
refuse "the vendor's key is the default" 1 "$B/onerngctl" firmware verify \
	--keyring "$ring" "$T/a.dump"
equal "the verdict is JSON too" good "$("$B/onerngctl" firmware verify --json \
	--keyring "$ring" --key "$ed" "$T/a.dump" | json verdict)"
head -c 200000 "$T/a.dump" >"$T/short.dump"
refuse "half a dump does not verify" 1 "$B/onerngctl" firmware verify \
	--keyring "$ring" --key "$ed" "$T/short.dump"
refuse "a file is needed" 2 "$B/onerngctl" firmware verify
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$T" && chmod 755 "$T/run"
	chmod 666 "$T/run/control.sock"
	mkdir -m 777 "$T/open"
	cp "$B/onerngctl" "$T/open/ctl"
	refuse "only root may dump" 1 setpriv --reuid=65534 --clear-groups \
		"$T/open/ctl" -s "$T/run/control.sock" firmware dump \
		"$T/open/a.dump"
	cp "$T/.check" "$T/said"
	check "which is told" grep -q "only root" "$T/said"
	check "others may see the status" setpriv --reuid=65534 \
		--clear-groups "$T/open/ctl" -s "$T/run/control.sock" status
else
	skip "only root may dump" "not root"
fi

# Other firmware, one after the other.
flash "$T/flipped.flash" >/dev/null
refused "one bit flipped" bad-signature "bad signature"
flash "$T/other.flash" >/dev/null
refused "a key that is not trusted" not-pinned "not trusted"
reload require "$keyring" "firmware_key=$(sign_fingerprint other)"
check "a reload that trusts it uses it" wait_for 40 device 0 running
reload require "$keyring" "$key"
check "a reload that does not gives it back" wait_for 40 device 0 failed
equal "and nothing of it is kept" 0 "$(hostd_get pool.bytes)"
reload warn "$keyring" "$key"
check "with warn it is used" wait_for 40 device 0 running
equal "why it should not be is told" not-pinned \
	"$(hostd_get devices.0.firmware_check.verdict)"
hostd_ctl status >"$T/table"
check "and the table says UNVERIFIED" grep -q UNVERIFIED "$T/table"
check "so does the log" grep -q 'firmware 3 UNVERIFIED' "$T/keeper.log"
reload off
check "with off it is used" wait_for 40 verdict unchecked
check "once it was started anew" wait_for 40 device 0 running
hostd_ctl status >"$T/table"
check "and the table says UNVERIFIED" grep -q UNVERIFIED "$T/table"
reload require "$key" firmware_keyring="$T/none.gpg"
check "a keyring that is not there gives it back" wait_for 40 device 0 failed
flash "$T/3.flash" >/dev/null
refused "without a keyring" keyring-missing "$T/none.gpg"
check "it is told how to make one" sh -c \
	"'$B/onerngctl' -s '$T/run/control.sock' status |
		grep -q 'onerngctl firmware import-key FILE'"
sign_gpg --armor --output "$T/ed.asc" --export ed@example.org
sign_end
check "which makes it" "$B/onerngctl" firmware import-key --key "$ed" \
	--keyring "$T/none.gpg" "$T/ed.asc"
refuse "no other key gets in" 1 "$B/onerngctl" firmware import-key \
	--keyring "$T/none.gpg" "$T/ed.asc"
kill -s HUP "$(cat "$T/hostd.pid")"
check "and a reload uses the device" wait_for 40 device 0 running
check "it is verified" verdict good
check "and served" served 640

# The image is cut short by the device.
hostd_sim unplug >/dev/null
wait_for 20 device 0 gone
raw=$(hostd_get devices.0.raw_bytes)
echo "cut off" >>"$T/keeper.log"
hostd_sim fault unplug-at dump 100000 >/dev/null
hostd_sim plug >/dev/null
# its states pass too fast to be seen by asking
cut_off() {
	sed -n "/cut off/,\$p" "$T/keeper.log" | grep -q 'checking: reading' &&
		device 0 gone
}
check "an image that is cut off is a departure" wait_for 30 cut_off
nothing "an image that is cut off"
hostd_sim clear >/dev/null
hostd_sim plug >/dev/null
check "and the next arrival is used" wait_for 40 device 0 running

# gpgv that is not there, and one that takes its time.
again() {
	raw=0
	hostd_end TERM && hostd_up
}
mkdir "$T/empty" "$T/slow"
echo "$T/empty" >"$T/hostd.path"
again
refused "without gpgv" gpgv-missing "install the package gpgv"
slow_gpgv() {
	cat >"$T/slow/gpgv" <<END
#!/bin/sh
: >"$T/asked"
while [ ! -e "$T/go" ]; do sleep 0.1; done
exec "$real" "\$@"
END
	chmod 755 "$T/slow/gpgv"
}
slow_gpgv
echo "$T/slow:$PATH" >"$T/hostd.path"
again
wait_for 40 test -e "$T/asked"
sleep 1
check "while gpgv works the device is being checked" device 0 checking
check "which is told" verdict checking
nothing "while gpgv works"
check "the agent answers meanwhile" hostd_ctl status
: >"$T/go"
check "and the device is used when it is done" wait_for 40 device 0 running
rm -f "$T/go" "$T/asked"
flash "$T/3.flash" >/dev/null
wait_for 40 test -e "$T/asked"
gpgv_gone() {
	! pgrep -P "$(cat "$T/hostd.pid")" -f gpgv
}
hostd_sim unplug >/dev/null
check "departure ends the check" wait_for 20 device 0 gone
check "and gpgv" wait_for 20 gpgv_gone
cat >"$T/slow/gpgv" <<END
#!/bin/sh
[ -e "$T/killed" ] && exec "$real" "\$@"
: >"$T/killed"
kill -KILL \$\$
END
hostd_sim plug >/dev/null
check "one that is killed is asked again" wait_for 40 device 0 running ||
	tail -n 30 "$T/keeper.log"
check "and believed" verdict good
check "it was killed" test -e "$T/killed"
hostd_sim unplug >/dev/null
wait_for 20 device 0 gone
raw=$(hostd_get devices.0.raw_bytes)
slow_gpgv
rm -f "$T/asked"
hostd_sim plug >/dev/null
wait_for 40 test -e "$T/asked"
refused "a gpgv that does not end" gpgv-timeout "did not end in time"
equal "which was asked three times" 2 \
	"$(grep -c 'signature: .*did not end in time.*again in' "$T/keeper.log")"
wait_for 20 gpgv_gone
too_late() {
	grep -c 'signature: .*did not end in time' "$T/keeper.log"
}
kill -s HUP "$(cat "$T/hostd.pid")"
wait_for 40 verdict checking
late=$(too_late)
check "a check does not hold up the end" hostd_stop
equal "which does not wait until it is late" "$late" "$(too_late)"

# Two, of which one is bad.
rm -f "$T/hostd.last" "$T/hostd.path"
conf require "$keyring" "$key"
hostd_start --devices 2 --absent --image "$T/3.flash" || exit 1
hostd_sim @2 image "$T/flipped.flash" >/dev/null
hostd_sim @1 plug >/dev/null
wait_for 40 device 0 running
hostd_sim @2 plug >/dev/null
check "the bad one of two is refused" wait_for 40 device 1 failed
check "the good one serves on" served 640
equal "nothing was read of the bad one" 0 "$(hostd_get devices.1.raw_bytes)"
refuse "a dump needs a name then" 1 hostd_ctl firmware dump "$T/c.dump"
check "with one it is taken" hostd_ctl firmware dump --device 1-2 "$T/c.dump"
refuse "and is the bad one's" 1 "$B/onerngctl" firmware verify \
	--keyring "$ring" --key "$ed" "$T/c.dump"
flash "$T/3.flash" 2 >/dev/null
check "replugged with good firmware it is used" wait_for 40 device 1 running
hostd_stop

# shellcheck shell=sh
# Sourced behind test.sh by the tests of the reader and watcher roles: they run
# below the real libusb, against the simulated OneRNG, whose noise is a pattern
# that shows where each byte is from (see tests/integration/readernoise.c).

peer=$B/tests/integration/readerpeer
"$B/tests/integration/readernoise" "$T/noise" 16000000 || exit 1

# on OPTION... -- STEP...: one simulator, and the peer's steps against it.
on() {
	reader_options=
	while [ "$1" != -- ]; do
		reader_options="$reader_options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options have no blanks
	timeout -k 5 240 "$B/onerng-sim" run --control "$T/sim" \
		--noise "file=$T/noise" --rate 20000 $reader_options -- \
		"$peer" -c "$T/sim" "$@"
}

# Steps that many tests share.
# shellcheck disable=SC2034
{
	starts='state running 20'
	flows='samples 20000 10'
}

#!/bin/sh
# the reader streams raw samples, pauses, starts again and ends as asked
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/reader.sh

check "samples arrive in sequence and are fresh raw noise" \
	on -- reader 'ident 3 10' "$starts" 'samples 100000 15' \
	stop 'exit 0 5'
# Four seconds of each, without a gap but for what the device itself stirred
# because the machine was busy; what share of the rate is used, the benchmark
# tells (bench/20-hostd.sh).
for rate in 57600 150000; do
	check "no sample of $rate bytes a second is lost" \
		on --rate $rate -- reader "$starts" "samples $((4 * rate)) 30" \
		stop 'exit 0 5'
done
for firmware in 1 2; do
	check "firmware $firmware has no id and streams" \
		on --firmware $firmware -- reader "ident $firmware 10" \
		"$starts" "$flows" stop 'exit 0 5'
done

check "the image's digest and the id are the device's" \
	on --seed 7 -- reader 'ident 3 10' stop 'exit 0 5'
grep -E '^(sha256|id) ' "$T/.check" >"$T/first"
check "the same device again" \
	on --seed 7 -- reader 'ident 3 10' stop 'exit 0 5'
grep -E '^(sha256|id) ' "$T/.check" >"$T/second"
check "another device" on --seed 8 -- reader 'ident 3 10' stop 'exit 0 5'
grep -E '^(sha256|id) ' "$T/.check" >"$T/third"
check "a device keeps its identity" cmp "$T/first" "$T/second"
refuse "two devices differ in it" 1 cmp -s "$T/first" "$T/third"

check "a pause stops samples; a run gives fresh ones" \
	on -- reader "$starts" "$flows" pause 'state paused 3' 'none 3' \
	run 'skipped 50000' 'state running 5' "$flows" stop 'exit 0 5'
check "a pause as the core's first word is kept" \
	on -- hold reader 'ident 3 20' pause 'state paused 20' 'none 1' run "$starts" "$flows" \
	stop 'exit 0 5'
for when in "$flows" pause; do
	check "it identifies itself again, and is quiet until a run ($when)" \
		on -- hold reader 'ident 3 20' run "$starts" "$when" \
		identify 'ident 3 5' 'state paused 5' 'none 1' identify 'ident 3 1' run \
		'skipped 20000' "$starts" "$flows" stop 'exit 0 5'
	equal "as the same device ($when)" "1 1" "$(grep '^sha256' "$T/.check" |
		sort -u | wc -l) $(grep '^id ' "$T/.check" | sort -u | wc -l)"
done
check "also before its first run" \
	on -- hold reader 'ident 3 20' identify 'ident 3 5' 'state paused 5' \
	'none 1' run "$starts" "$flows" stop 'exit 0 5'
check "one that knows no device yet ends" \
	on -- hold reader 'state checking 10' identify 'exit 0 5'
check "run while running starts again with fresh samples" \
	on -- reader "$starts" "$flows" run 'skipped 7000' 'state running 5' \
	"$flows" stop 'exit 0 5'

for end in stop close term; do
	check "$end ends it within a second while it streams" \
		on -- reader "$starts" "$flows" $end 'exit 0 1'
	check "$end ends it within a second while it reads the image" \
		on -- reader 'state checking 10' $end 'exit 0 1'
	check "$end ends it within a second while paused" \
		on -- reader "$starts" pause 'state paused 20' $end 'exit 0 1'
done
check "stop ends it within a second while the device takes no command" \
	on -- reader "$starts" "$flows" 'ctl fault out-nak' stop 'exit 0 1'
check "stop ends it within a second on the ladder" \
	on -- reader "$starts" 'ctl fault silence never' \
	'state recovering 10' stop 'exit 0 1'
check "stop ends it within a second while it waits for the device" \
	on -- 'ctl fault slow-start 30000' reader 'state checking 10' \
	'none 2' stop 'exit 0 1'

check "it leaves the device as it was after power-on" \
	on -- reader "$starts" "$flows" stop 'exit 0 5' 'ctl status'
tail -n 1 "$T/.check" >"$T/status"
equal "it leaves it paused" true "$(json paused <"$T/status")"
equal "it leaves DTR off" false "$(json dtr <"$T/status")"
equal "it leaves its pool empty" 0 "$(json pool <"$T/status")"
equal "it leaves its noise sources off" 4 "$(json mode <"$T/status")"

state=$B/tests/integration/usbpeer
check "the kernel has its driver back" timeout 240 "$B/onerng-sim" run -- sh -c "
	'$state' driver 1-1 kernel && '$peer' reader '$starts' stop 'exit 0 5' &&
	'$state' driver 1-1 kernel"
check "it has none meanwhile" timeout 240 "$B/onerng-sim" run -- sh -c "
	'$peer' loose reader '$starts' 'samples 100000 20' stop 'exit 0 5' &
	until '$state' driver 1-1 none; do
		kill -0 \$! || exit
		sleep 0.1
	done
	wait \$!"
check "a killed reader's successor gives the driver back" \
	timeout 240 "$B/onerng-sim" run -- sh -c "
	'$peer' reader '$starts' kill 'state gone 1'
	'$state' driver 1-1 none &&
	'$peer' reader '$starts' stop 'exit 0 5' &&
	'$state' driver 1-1 kernel"

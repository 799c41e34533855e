#!/bin/sh
# the EGD publisher of the real agent: commands, limits, bad peers
# timeout: 300
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
c=33333333-3333-3333-3333-333333333333
A=$(hostd_socket $a)
C=$(hostd_socket $c)

# consumer INDEX KEY: the host is number 0, domains follow in their order.
consumer() {
	hostd_get "consumers.$1.$2"
}

is() {
	[ "$(consumer "$1" "$2")" = "$3" ]
}

# raw HEX [SOCKET]: what a peer gets, in hex, and how it ended.
raw() {
	timeout 60 "$peer" raw "${2:-$A}" "$1" 2000
}

hostd_conf a=$a b=$b c=$c
printf 'rate=640\nburst=640\n' >>"$T/hostd.conf"
hostd_start --rate 57600 || exit 1
check "the agent serves" wait_for 30 hostd_state serving

check "100 requests of 64 bytes are answered" \
	timeout 240 "$peer" read "$A" 100 64 "$T/a"
check "so are requests of 255 bytes" \
	timeout 240 "$peer" read "$A" 20 255 "$T/a2"
check "and of 1 byte" timeout 240 "$peer" read "$A" 5 1 "$T/a3"
equal "exactly what was asked for arrived" "6400 5100 5" \
	"$(wc -c <"$T/a") $(wc -c <"$T/a2") $(wc -c <"$T/a3")"
check "the peer's departure is seen" wait_for 5 is 1 connected false

# Byte-exact: hex digits, two per byte.
got=$(raw 00)
equal "level: four bytes, room for a count of bits" "0000 open" \
	"$(echo "$got" | sed 's/^\(....\).... /\1 /')"
got=$(raw 0120)
equal "non-blocking read: a count, then as many bytes" "20 71 open" \
	"$(echo "$got" | cut -c1-2) ${#got} ${got##* }"
got=$(raw 0100)
equal "non-blocking read of nothing: a zero byte" "00 open" "$got"
pid=$(cat "$T/hostd.pid")
got=$(raw 04)
equal "process id: counted digits" \
	"$(printf '%02x%s open' ${#pid} "$(printf %s "$pid" | od -An -tx1 | tr -d ' \n')")" \
	"$got"
got=$(raw 040003ff0210aabbccddeeff0011223344556677889900020a)
head=$(printf '%02x%s' ${#pid} "$(printf %s "$pid" | od -An -tx1 | tr -d ' \n')")
case $got in
"$head"*) ok "commands are answered in their order" ;;
*) not_ok "commands are answered in their order" "$got" ;;
esac
equal "what is offered is dropped, what is behind it answered exactly" \
	$((${#head} + 8 + 8 + 20 + 5)) ${#got}
got=$(raw 0401ff00)
equal "a non-blocking read gives 64 bytes at most" 40 \
	"$(echo "$got" | cut -c$((${#head} + 1))-$((${#head} + 2)))"
got=$(raw 0200)
pushed=$(((${#got} - 5) / 2))
if [ $pushed -ge 64 ] && [ $((pushed % 64)) -eq 0 ]; then
	ok "a blocking read of nothing is no request: blocks are pushed"
else
	not_ok "a blocking read of nothing is no request: blocks are pushed" \
		"$got"
fi

got=$(raw 0240)
equal "a stream peer has one block ahead, and only one" "128 open" \
	"$(((${#got} - 5) / 2)) ${got##* }"
got=$(raw 02400240)
equal "also behind two requests" "192 open" \
	"$(((${#got} - 5) / 2)) ${got##* }"
pushed=$(consumer 1 pushed)
got=$(timeout 60 "$peer" raw "$A" "" 4000)
equal "a silent peer that reads is pushed 256 bytes and no more" "256 open" \
	"$(((${#got} - 5) / 2)) ${got##* }"
equal "which is counted" 256 $(($(consumer 1 pushed) - pushed))
start silent "$peer" flood "$A" 0 300
check "a silent peer that does not read" wait_for 5 is 1 connected true
check "is pushed one block" wait_for 5 is 1 pushed $((pushed + 320))
sleep 2
equal "and no more" $((pushed + 320)) "$(consumer 1 pushed)"
stop silent

# Bad peers, while another one streams.
start polite "$peer" read "$(hostd_socket $b)" 60 64 "$T/b" 50
wait_for 5 is 2 connected true
got=$(raw 02400705)
equal "garbage closes the connection that sent it" closed "${got##* }"
got=$(raw ff)
equal "also as its first byte" "closed" "${got##* }"
check "the reason is logged" grep -q "0x07 is no EGD command" "$T/keeper.log"
start first "$peer" flood "$A" 2 300
wait_for 5 is 1 connected true
got=$(raw 0240)
equal "a second peer of a socket is closed" " closed" "$got"
check "and counted" is 1 refused 1
check "and logged" grep -q "refused: pid $(pid_of first)" "$T/keeper.log"
kill -KILL "$(pid_of first)"
wait_for 10 is 1 connected false
got=$(raw 0240)
equal "the next one may come when the first was killed" open "${got##* }"
check "33 MB of headers are read from a peer that never reads" \
	timeout 240 "$peer" flood "$A" 33000000 0
wait_for 5 is 1 connected false
start dead "$peer" flood "$A" 200 300
owes() {
	[ "$(consumer 1 owed)" -gt 20000 ]
}
check "a peer that does not read is owed what does not fit its buffer" \
	wait_for 10 owes
check "the polite peer got all it asked for meanwhile" ended polite 60
equal "to the last byte" 3840 "$(wc -c <"$T/b")"
# How fast an answer is, the benchmark tells (bench/20-hostd.sh).
p50=$(consumer 2 latency_us.p50)
if [ "$p50" -le 20000 ]; then
	ok "and half of it at once, not behind the others"
else
	not_ok "and half of it at once, not behind the others" "$p50 us"
fi
stop dead

# 640 bytes a second, 640 at once: 3200 bytes need 4 s.
begin=$(date +%s%N)
check "a limited peer gets what it asks for" \
	timeout 240 "$peer" read "$C" 50 64 "$T/c"
took=$((($(date +%s%N) - begin) / 1000000))
if [ "$took" -ge 2200 ]; then
	ok "at its rate"
else
	not_ok "at its rate" "3200 bytes took $took ms"
fi
if [ "$(consumer 3 throttled)" -gt 0 ]; then
	ok "and is counted as throttled"
else
	not_ok "and is counted as throttled"
fi
check "no 16 bytes were delivered twice" \
	"$wild" unique "$T/a" "$T/b" "$T/c"

kill -USR1 "$(cat "$T/hostd.pid")"
check "SIGUSR1 logs rngd's statistics" wait_for 5 \
	grep -q "stats: bits sent to consumers: [1-9]" "$T/keeper.log"
hostd_stop
check "nothing is left in the runtime directory" rmdir "$T/run"
if grep -q "ended with status 0" "$T/keeper.log"; then
	ok "it ends with status 0"
else
	not_ok "it ends with status 0" "$(tail -n 1 "$T/keeper.log")"
fi

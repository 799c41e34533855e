#!/bin/sh
# restarts that nobody sees: hand-over by exec and through a store of file
# descriptors, an upgrade, a kill; peers that read all the time
# timeout: 400
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"

peer=$B/tests/integration/egdpeer
wild=$B/tests/integration/egdwild
a=11111111-1111-1111-1111-111111111111
b=22222222-2222-2222-2222-222222222222
c=33333333-3333-3333-3333-333333333333
execs=30 stores=5
[ -z "${SOAK:-}" ] || execs=100 stores=20
program=$T/sbin/onerng-hostd
mkdir "$T/sbin"
cp "$B/onerng-hostd" "$program"

hostd_pid() {
	cat "$T/hostd.pid"
}

# A peer each of a and b, the host's own, which asks for odd sizes.
peers_start() {
	for name in a b host; do
		rm -f "$T/$name.log"
	done
	start a "$peer" steady "$(hostd_socket $a)" 64 "$T/got.a" 5
	start b "$peer" steady "$(hostd_socket $b)" 64 "$T/got.b" 1
	start host "$peer" steady "$T/run/host.sock" 255 "$T/got.host" 10
}

# said NAME FIELD: a number of what the peer said.
said() {
	sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$T/$1.log"
}

# peers_stop MOST: whole, on the connection it began with.  After a kill a
# block more than one may have been given ahead: MOST bytes.
peers_stop() {
	for name in a b host; do
		if ! running $name; then
			not_ok "$name was never disconnected" \
				"$(tail -n 1 "$T/$name.log")"
			continue
		fi
		check "$name was never disconnected" stop $name 30
		if [ "$(said $name asked)" -gt 0 ]; then
			ok "$name got what it asked for"
		else
			not_ok "$name got what it asked for"
		fi
		more=$(said $name more)
		if [ "${more:-999}" -le "$1" ]; then
			ok "$name got one block more and no other"
		else
			not_ok "$name got one block more and no other" "$more"
		fi
		echo "$name: $(cat "$T/$name.log")"
	done
}

serving() {
	hostd_state serving
}

starts() {
	grep -c 'takes over$' "$T/keeper.log"
}

taken_over() {
	[ "$(grep -c "taken over: pid" "$T/keeper.log")" -ge "$1" ]
}

connected() {
	[ "$(hostd_ctl status --json | grep -o '"connected": *true' |
		wc -l)" -eq "$1" ]
}

hostd_conf a=$a b=$b c=$c
printf '[host]\nenabled=yes\n' >>"$T/hostd.conf"

# Exec: no service manager.
cat >"$T/wrap" <<END
#!/bin/sh
exec "$program" "\$@"
END
chmod +x "$T/wrap"
hostd_keep
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$T/keeper" "$T" "$T/wrap"
hostd_up || exit 1
check "the agent serves" wait_for 30 serving
peers_start
check "three peers are connected" wait_for 10 connected 3
pid=$(hostd_pid)
# The reader goes on: the device is not opened anew, nor its image read.
reader_pid() {
	pgrep -P "$pid" -f -- '--role reader'
}
replies() {
	hostd_sim status | sed 's/.*"reply_bytes":\([0-9]*\).*/\1/'
}
reader=$(reader_pid)
read_before=$(replies)
n=0 lost=0
while [ $n -lt $execs ]; do
	n=$((n + 1))
	kill -USR2 "$pid"
	if ! wait_for 20 taken_over $((3 * n)); then
		lost=$((lost + 1))
	fi
	# some while the reader is still being asked, some much later
	[ $((n % 3)) -ne 0 ] || wait_for 30 serving
done
equal "$execs hand-overs by exec" 0 $lost
equal "by one process" "$pid" "$(hostd_pid)"
check "the agent serves after them" wait_for 30 serving
sleep 1
peers_stop 64

# A peer that reads all the time over single ones.
start gap "$peer" steady "$(hostd_socket $c)" 64 "$T/got.gap" 5
n=0 served=$(grep -c ': state: serving$' "$T/keeper.log")
serves_again() {
	[ "$(grep -c ': state: serving$' "$T/keeper.log")" -ge $((served + n)) ]
}
while [ $n -lt 5 ]; do
	n=$((n + 1))
	kill -USR2 "$pid"
	wait_for 30 serves_again || break
	sleep 1
done
check "a peer reads over 5 of them" stop gap 30
echo "its longest read: $(said gap slowest) ms"
equal "the reader is the same process" "$reader" "$(reader_pid)"
equal "the image was not read again" "$read_before" "$(replies)"

# One that does not answer is not waited for.
kill -STOP "$reader"
n=$((n + 1))
kill -USR2 "$pid"
check "the agent serves after a reader that hung" wait_for 60 serves_again
check "it said so" grep -q "its reader does not answer: started anew" \
	"$T/keeper.log"
check "that one was killed" wait_for 10 gone "$reader"

# Nor is one kept whose port is not configured any more.
reader=$(reader_pid)
sed -i 's/^\[source\]$/&\nport=9-9/' "$T/hostd.conf"
kill -USR2 "$pid"
check "a device that is not configured any more is given back" \
	wait_for 20 grep -q "onerng0: gone: not used" "$T/keeper.log"
check "by its old reader, which ends" wait_for 10 gone "$reader"
sed -i '/^port=9-9$/d' "$T/hostd.conf"
n=$((n + 1))
kill -USR2 "$pid"
check "and used again when it is" wait_for 30 serves_again

# Another program at the same path.
peers_start
check "three peers are connected again" wait_for 10 connected 3
cp "$B/onerng-hostd" "$T/sbin/new"
printf 'tail' >>"$T/sbin/new"
mv "$T/sbin/new" "$program"
before=$(starts)
one_more() {
	[ "$(starts)" -gt "$before" ]
}
kill -USR2 "$pid"
check "an upgrade takes over" wait_for 20 one_more
is_new() {
	cmp -s "/proc/$pid/exe" "$program"
}
check "it is the new program" wait_for 10 is_new
check "the upgrade serves" wait_for 30 serving
echo '#!/bin/false' >"$T/sbin/broken"
chmod +x "$T/sbin/broken"
cp "$program" "$T/sbin/kept"
mv "$T/sbin/broken" "$program"
kill -USR2 "$pid"
check "a program that does not start is refused" wait_for 10 \
	grep -q "does not start: this process goes on" "$T/keeper.log"
cp "$T/sbin/kept" "$T/sbin/new" && mv "$T/sbin/new" "$program"
echo 'nonsense=1' >>"$T/hostd.conf"
kill -USR2 "$pid"
check "so is a configuration with an error" wait_for 10 \
	grep -q "hostd.conf:.*unknown key" "$T/keeper.log"
equal "neither ended it" "$pid" "$(hostd_pid)"
sed -i '/nonsense/d' "$T/hostd.conf"
check "the agent serves on" wait_for 10 serving
peers_stop 64

# A domain that is no longer configured is let go.
start gone "$peer" steady "$(hostd_socket $c)" 64 "$T/got.c" 5
check "a peer of another domain" wait_for 10 connected 1
sed -i "/domain c/,/uuid=$c/d" "$T/hostd.conf"
kill -USR2 "$pid"
check "a domain that is no longer named is closed" \
	wait_for 20 gone "$(pid_of gone)"
check "and said to be" grep -q "$c: not taken: closed" "$T/keeper.log"
check "no block came twice" "$wild" unique "$T"/got.*
printf '#!/bin/sh\necho $$ >"%s/rehearsal"\nexec sleep 300\n' "$T" \
	>"$T/sbin/slow"
chmod +x "$T/sbin/slow"
mv "$T/sbin/slow" "$program"
kill -USR2 "$pid"
check "a program is rehearsed" wait_for 10 test -s "$T/rehearsal"
hostd_stop
check "a rehearsal ends with the agent" \
	wait_for 5 gone "$(cat "$T/rehearsal")"
mv "$T/sbin/kept" "$program"
check "nothing is left in the runtime directory" rmdir "$T/run"

# A service manager that keeps descriptors.
rm -f "$T/hostd.last" "$T"/got.*
mkdir -p "$T/run"
: >"$T/keeper.log"
start keeper "$B/onerng-sim" run --control "$T/sim.sock" --rate 150000 -- \
	"$B/tests/integration/fdstore" "$T" "$program" -c "$T/hostd.conf"
hostd_up || exit 1
check "the agent serves under a service manager" wait_for 30 serving
peers_start
check "three peers are connected to it" wait_for 10 connected 3
stored() {
	[ "$(grep -c "^$1" "$T/store")" -eq "$2" ]
}
check "the store has the sockets" stored listen- 5
check "and the peers" wait_for 10 stored peer- 3
check "and one table" stored records- 1
sleep 1
n=0
while [ $n -lt $stores ]; do
	n=$((n + 1))
	hostd_end TERM
	wait_for 20 taken_over $((3 * n)) || break
done
equal "$stores restarts" $stores $n
check "the agent serves after its restarts" wait_for 30 serving
sleep 1
peers_stop 64

peers_start
check "three peers are connected to the last one" wait_for 10 connected 3
check "which are stored" wait_for 10 stored peer- 3
base=$(grep -c "taken over: pid" "$T/keeper.log")
n=0
while [ $n -lt $stores ]; do
	n=$((n + 1))
	hostd_end KILL
	wait_for 20 taken_over $((base + 3 * n)) || break
	wait_for 30 serving
done
equal "$stores kills" $stores $n
sleep 1
peers_stop 320
hostd_hold
hostd_end TERM
check "sockets stay while there is no agent" test -S "$(hostd_socket $a)"
check "and their table" stored records- 1
start late "$peer" read "$(hostd_socket $a)" 2 64 "$T/got.late"
sleep 1
hostd_release
check "a peer that connects meanwhile waits and is served" ended late 30
check "no block came twice over all restarts" "$wild" unique "$T"/got.*
hostd_stop

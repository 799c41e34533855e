# shellcheck shell=sh
# Containers' terminals, after hostd.sh: is what `ttywild steady` has read, and
# what waits for it, all that the agent says it delivered?
#
# tty_hold stops the reader $T/NAME.pid, which appends to $T/got.NAME, of the
# container NAME; nobody else may have that.  tty_mark begins to count;
# tty_even tells whether it comes out even, once nothing moves any more.

tty_node() {
	sed -n 's/^node=//p' "$T/run/lxc/$1.facts"
}

tty_waits() {
	"$B/tests/integration/ttywild" waits "$(tty_node "$1")"
}

# tty_had NAME: read by the reader, or ready to be.
tty_had() {
	echo $(($(stat -c %s "$T/got.$1") + $(tty_waits "$1")))
}

tty_hold() {
	kill -s USR1 "$(pid_of "$1")"
}

# A busy machine may take a while to tell it: this one is no answer to that.
tty_go_on() {
	kill -s USR2 "$(pid_of "$1")"
}

# Delivered, and had, with nothing delivered meanwhile: now and then a reader
# that is held gets a block, and on a busy machine a look takes seconds.
tty_look() {
	tty_given=$(container_of "$1" delivered)
	sleep 0.3
	tty_has=$(tty_had "$1")
	[ "$tty_given" = "$(container_of "$1" delivered)" ]
}

# tty_say NAME COMMAND: to its device.
tty_say() {
	# shellcheck disable=SC2016 # that shell's own
	timeout 60 sh -c 'echo "$1" >"$2"' sh "$2" "$(tty_node "$1")"
}

tty_drained() {
	tty_look "$1" && [ "$(tty_waits "$1")" -eq 0 ]
}

# tty_mark NAME: counts from here, where nothing waits.
tty_mark() {
	tty_say "$1" cmdo
	wait_for 60 tty_drained "$1" || return
	tty_from=$tty_given tty_mark=$tty_has
	tty_say "$1" cmdO
}

# What was given to a full terminal in one piece waits behind it, uncounted.
tty_even() {
	tty_look "$1" || return
	tty_misses=$((tty_given - tty_from - tty_has + tty_mark))
	[ $tty_misses -eq 0 ] ||
		{ [ $tty_misses -gt 0 ] && [ "$(tty_waits "$1")" -ge 4095 ]; }
}

tty_all_even() {
	tty_drained "$1" && tty_even "$1" && [ "$tty_misses" -eq 0 ]
}

# tty_comes_out TITLE NAME: a reader that goes on gets all that was delivered.
tty_comes_out() {
	tty_say "$2" cmdo
	if wait_for 60 tty_all_even "$2"; then
		ok "$1"
	else
		not_ok "$1" "$((tty_given - tty_from)) delivered, \
$((tty_has - tty_mark)) came"
	fi
	tty_say "$2" cmdO
}

# tty_counts TITLE NAME: a reader that is held got what was delivered.
tty_counts() {
	wait_for 60 tty_even "$2" && ok "$1" && return
	not_ok "$1" "$((tty_given - tty_from)) delivered, \
$((tty_has - tty_mark)) came"
}

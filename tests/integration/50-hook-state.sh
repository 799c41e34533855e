#!/bin/sh
# The hooks of libvirt and LXC, in whatever state they are run: they end, in time
# and with the status that they should
# timeout: 200
. "$(dirname "$0")/../lib/test.sh"
. tests/lib/domain.sh
need python3

export ONERNG_RUN_DIR="$T/run"
qemu=$B/onerng-qemu-hook
lxc=$B/onerng-lxc-hook
uuid=11111111-1111-1111-1111-111111111111

# as.py STATE COMMAND...: its exit status, 128 and the signal that it died of, or
# 99 if it does not end.
cat >"$T/as.py" <<'END'
import os, resource, signal, subprocess, sys

state, command = sys.argv[1], sys.argv[2:]
err = None
if state == "unread":
    _, err = os.pipe()
    os.set_blocking(err, False)
    try:
        while True:
            os.write(err, bytes(4096))
    except BlockingIOError:
        os.set_blocking(err, True)
elif state == "unheard":
    gone, err = os.pipe()
    os.close(gone)


def before():
    if state == "size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    elif state == "blocked":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    elif state == "ignored":
        for number in signal.SIGALRM, signal.SIGPIPE, signal.SIGCHLD:
            signal.signal(number, signal.SIG_IGN)
    elif state == "pending":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        os.kill(os.getpid(), signal.SIGALRM)


hook = subprocess.Popen(command, stderr=err, preexec_fn=before)
try:
    status = hook.wait(timeout=30)
except subprocess.TimeoutExpired:
    hook.kill()
    status = 99
sys.exit(status if status >= 0 else 128 - status)
END

as() {
	python3 "$T/as.py" "$@"
}

# autodev STATE [WORD...]: one that has something to complain of.
autodev() {
	autodev_state=$1
	shift
	as "$autodev_state" env -i "$lxc" x type=autodev device=virtual \
		run="$T/run" "$@" </dev/null 2>"$T/autodev.err"
}

{
	printf "<domain><uuid>%s</uuid><devices>\n" $uuid
	domain_rng /run/elsewhere/kvm/$uuid.sock
	printf "</devices></domain>\n"
} >"$T/domain.xml"

# Nobody reads what it says; nobody could; no file may have a byte; signals that
# it needs are blocked or ignored; the signal of its limit has come already.
for state in unread unheard size blocked ignored pending; do
	autodev $state
	equal "$state: LXC's hook refuses no start" 0 $?
	autodev $state require=yes
	equal "$state: unless the device is required" 1 $?
	as $state "$qemu" x prepare begin - <"$T/domain.xml" 2>"$T/qemu.err"
	equal "$state: libvirt's hook ends with 0" 0 $?
	as $state "$qemu" x restore begin - <"$T/domain.xml" \
		2>"$T/qemu.err" | cat >"$T/restored.xml"
	check "$state: and has done its work" \
		grep -q "path='$T/run/kvm/$uuid.sock'" "$T/restored.xml"
done

#!/bin/sh
# layers are respected: who may include and call whom
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

# includes FILE...: "FILE:LINE:#include ..." of all of them.
includes() {
	xargs -r -d '\n' grep -HnE '^[[:blank:]]*#[[:blank:]]*include' |
		sed 's/[[:blank:]]*#[[:blank:]]*include[[:blank:]]*//'
}

own() {
	tree_files '*.c' '*.h' | grep "^$1/"
}

# Names of a folder's code, however an include spells the way to it.
code_of='(host-agent|guest-agent|ctl|hooks|lxc|libvirt-xml|tests)'

own common | includes | grep -E "\"(\.\./)*$code_of/" |
	none "common knows nobody" "includes a program"

for folder in host-agent guest-agent ctl hooks; do
	own $folder | includes | grep -E "\"(\.\./)*$code_of/" |
		grep -vE "\"($folder|lxc|libvirt-xml)/" |
		none "$folder includes no other program" "includes another's code"
done

for folder in lxc libvirt-xml; do
	own $folder | includes | grep -E "\"(\.\./)*$code_of/" |
		grep -v "\"$folder/" |
		none "$folder knows common alone" "includes a program"
done
own libvirt-xml | includes | grep -E '<libvirt/' |
	none "libvirt-xml needs no libvirt" "includes"
own lxc | includes | grep -E '<lxc/' |
	none "lxc needs no liblxc" "includes"

own 'tests/sim' | includes | grep -E "\"(\.\./)*$code_of/" |
	grep -v '"tests/sim/' |
	none "the simulated OneRNG shares no code with what it tests" "includes"

own 'tests/sim' | grep -vE '/(front_|main\.c)' | includes |
	grep -E '<(umockdev|glib|gio|usbredir|libusb)' |
	none "the simulator's model knows no transport" "includes a transport"

tree_files '*.c' '*.h' | includes | grep -E '<(libusb-1.0/)?libusb\.h>' |
	grep -vE '^(host-agent/(usb|watcher)[_a-z]*\.[ch]|tests/)' |
	none "only usb*.c and watcher.c know libusb" "includes libusb"

for file in $(tree_files '*.c' '*.h' |
	grep -E '^host-agent/((egd|tty)_(pub|conn)|vrng)'); do
	echo "$file"
done | includes | grep -E '(sampler|reader|rawmsg|health|usb|onerng)\.h' |
	none "the publisher never sees the source" "includes"

tree_files '*.c' '*.h' | grep -E '^host-agent/(usb|watcher|reader)' |
	includes | grep -E '(pool|sched|condition|egd_pub|control)\.h' |
	none "the reader never sees what is served" "includes"

# libc and the kernel's headers; of common, what itself is libc alone.
own guest-agent | includes |
	grep -E '<(event2|openssl|jansson|ini|libusb|systemd|seccomp|glib)' |
	none "the guest agent needs nothing but libc" "includes"
own guest-agent | includes | grep -E '"common/ini\.h"' |
	none "the guest agent has no configuration file" "includes"

if [ -x "$B/onerng-guestd" ]; then
	readelf -d "$B/onerng-guestd" | grep NEEDED |
		grep -vE '\[(libc|ld-linux[^]]*|lib[au]san|libm)\.so' |
		none "onerng-guestd is linked with libc alone" "needs"
else
	not_ok "onerng-guestd is linked with libc alone" "not built"
fi

own hooks | includes | grep -vE '"(hooks|lxc)/|<(sys/)?[a-z]+\.h>' |
	none "the hooks need nothing but libc" "includes"
# What LXC's hook is made of, which root runs among strangers.
tree_files '*.c' '*.h' |
	grep -E '^lxc/(device|facts|idmap|inject|node|place|words)\.' | includes |
	grep -vE '"lxc/(device|facts|idmap|inject|node|place|words)\.h"' |
	grep -v '"common/textfile\.h"' |
	grep -vE '<((sys|linux)/)?[a-z0-9]+\.h>' |
	none "LXC's hook and what goes into containers need nothing but libc" \
		"includes"
if [ -x "$B/onerng-lxc-hook" ]; then
	readelf -d "$B/onerng-lxc-hook" | grep NEEDED |
		grep -vE '\[(libc|ld-linux[^]]*|lib[au]san|libm)\.so' |
		none "onerng-lxc-hook is linked with libc alone" "needs"
else
	not_ok "onerng-lxc-hook is linked with libc alone" "not built"
fi

# Entropy is wiped by what cannot be optimised away.
tree_files '*.c' | grep -E '^(common|host-agent|guest-agent|libvirt-xml|lxc|ctl|hooks)/' |
	xargs -d '\n' grep -nE '\b(bzero|strcpy|strcat|sprintf|gets|alloca)\(' |
	grep -v explicit_bzero |
	none "no call that has a safe sister" "calls"

# Only main may end a process; a reader and a child end with _exit.
tree_files '*.c' | grep -E '^(common|host-agent|guest-agent|ctl|libvirt-xml|lxc)/' |
	grep -v '/main\.c$' | xargs -r -d '\n' grep -nE '(^|[^_a-z])exit\(|\babort\(' |
	none "only main may exit" "calls exit"

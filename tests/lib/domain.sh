# shellcheck shell=sh
# Domains as libvirt takes them, after test.sh.

# domain_rng SOCKET: the device, as attach writes it.
domain_rng() {
	cat <<END
    <rng model='virtio'>
      <backend model='egd' type='unix'>
        <source mode='connect' path='$1'>
          <reconnect enabled='yes' timeout='1'/>
        </source>
      </backend>
    </rng>
END
}

# domain_test NAME UUID [OFF]: one of libvirt's test driver, which runs unless
# OFF is given.  Standard input: its devices.
domain_test() {
	cat <<END
  <domain type='test'>
    <name>$1</name>
    <uuid>$2</uuid>
    <memory>65536</memory>
    <os><type>hvm</type></os>
    <devices>
$(cat)
    </devices>
    ${3:+<test:runstate>5</test:runstate>}
  </domain>
END
}

# domain_node: the test driver's node, test://FILE.  Standard input: its
# domains; each process that connects has a copy of its own.
domain_node() {
	echo "<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
	cat
	echo "</node>"
}

# domain_idle NAME UUID [METADATA]: one that has nothing to boot, and ours.
domain_idle() {
	cat <<END
<domain type='qemu'>
  <name>$1</name>
  <uuid>$2</uuid>
  <metadata>${3:-}</metadata>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
$(domain_rng "$(hostd_socket "$2")")
  </devices>
</domain>
END
}

# domain_guest NAME UUID MIB WORDS FEATURES: one that boots $T/vmlinux with
# $T/guest.gz and WORDS for its kernel.  Standard input: more of its devices.
domain_guest() {
	cat <<END
<domain type='qemu'>
  <name>$1</name>
  <uuid>$2</uuid>
  <memory unit='MiB'>$3</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$T/vmlinux</kernel>
    <initrd>$T/guest.gz</initrd>
    <cmdline>console=ttyS0 panic=-1 quiet $4</cmdline>
  </os>
  <features>$5</features>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>$(command -v qemu-system-x86_64)</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
$(cat)
  </devices>
</domain>
END
}

# domain_console FILE [ATTRIBUTE]: what the guest prints on its serial port.
domain_console() {
	cat <<END
    <serial type='file'>
      <source path='$1' ${2:-}/>
    </serial>
END
}

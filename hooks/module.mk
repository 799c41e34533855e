# hooks/: what libvirt and LXC execute.  libc only; all but the two mains is an
# archive.
HOOK_LIB   := $(B)/libhook.a
HOOK_MAINS := hooks/main.c hooks/lxc_main.c
HOOK_PROG  := $(B)/onerng-qemu-hook
LXC_PROG   := $(B)/onerng-lxc-hook
PROGS      += $(HOOK_PROG) $(LXC_PROG)

$(HOOK_LIB): $(call objs,$(filter-out $(HOOK_MAINS),$(wildcard hooks/*.c)))

$(HOOK_PROG): $(B)/hooks/main.o $(HOOK_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(LXC_PROG): $(B)/hooks/lxc_main.o $(HOOK_LIB) $(CONTAINER_LIB) $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

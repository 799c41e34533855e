# hooks/: what libvirt executes.  libc only; all but main.c is an archive.
HOOK_LIB  := $(B)/libhook.a
HOOK_PROG := $(B)/onerng-qemu-hook
PROGS     += $(HOOK_PROG)

$(HOOK_LIB): $(call objs,$(filter-out hooks/main.c,$(wildcard hooks/*.c)))

$(HOOK_PROG): $(B)/hooks/main.o $(HOOK_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

# guest-agent/: onerng-guestd, libc only.
GUEST_LIB    := $(B)/libguest.a
GUEST_PROG   := $(B)/onerng-guestd
GUEST_STATIC := $(B)/onerng-guestd-static
PROGS        += $(GUEST_PROG)

$(GUEST_LIB): $(call objs,$(filter-out guest-agent/main.c,$(wildcard guest-agent/*.c)))

$(GUEST_PROG): $(B)/guest-agent/main.o $(GUEST_LIB) $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(GUEST_STATIC): $(B)/guest-agent/main.o $(GUEST_LIB) $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter-out -pie,$(ALL_LDFLAGS)) -no-pie -static -o $@ $^

guest-static: $(GUEST_STATIC) ## one static onerng-guestd, for an initramfs
.PHONY: guest-static

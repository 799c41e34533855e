# host-agent/: onerng-hostd.  Everything but main.c is an archive, for tests.
HOST_PKGS := libusb-1.0 libevent_core libcrypto inih jansson libsystemd libseccomp
HOST_LIB  := $(B)/libhost.a
HOST_PROG := $(B)/onerng-hostd
PROGS     += $(HOST_PROG)

$(HOST_LIB): $(call objs,$(filter-out host-agent/main.c,$(wildcard host-agent/*.c)))

$(HOST_PROG): $(B)/host-agent/main.o $(HOST_LIB) $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(HOST_PKGS)) -lm

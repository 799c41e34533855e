# ctl/: onerngctl, what the operator types.
# libvirt and liblxc are loaded by the commands that need them, and not linked.
CTL_PKGS := jansson libevent_core libcrypto libxml-2.0
CTL_LIB  := $(B)/libctl.a
CTL_PROG := $(B)/onerngctl
PROGS    += $(CTL_PROG)

$(CTL_LIB): $(call objs,$(filter-out ctl/main.c,$(wildcard ctl/*.c)))

$(CTL_PROG): $(B)/ctl/main.o $(CTL_LIB) $(DOMAIN_LIB) $(CONTAINER_LIB) \
	$(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(CTL_PKGS))

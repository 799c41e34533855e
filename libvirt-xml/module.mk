# libvirt-xml/: reads, edits and judges domain XML; a library for onerngctl and
# the hooks.
DOMAIN_PKGS := libxml-2.0 jansson
DOMAIN_LIB  := $(B)/libdomain.a
DOMAIN_SRCS := $(wildcard libvirt-xml/*.c)

$(call objs,$(DOMAIN_SRCS)): private CPPFLAGS += $(call pkg_cflags,$(DOMAIN_PKGS))

$(DOMAIN_LIB): $(call objs,$(DOMAIN_SRCS))

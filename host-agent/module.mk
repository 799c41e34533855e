# host-agent/: everything but main.c is an archive, for tests.
HOST_PKGS := libusb-1.0 libevent_core libcrypto inih jansson libsystemd
HOST_LIB  := $(B)/libhost.a

$(HOST_LIB): $(call objs,$(filter-out host-agent/main.c,$(wildcard host-agent/*.c)))

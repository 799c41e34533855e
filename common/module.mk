# common/: what two or more programs need.  Only what links libinih (ini),
# libevent (gpgv) or libjansson (finding) is not libc alone; the guest agent,
# which is libc only, does not pull them in.
COMMON_PKGS := inih libevent_core jansson
COMMON_LIB := $(B)/libcommon.a
$(COMMON_LIB): $(call objs,$(wildcard common/*.c))

# common/: what two or more programs need.  Only what links libinih is not
# libc alone; the guest agent, which is libc only, does not pull it in.
COMMON_PKGS := inih
COMMON_LIB := $(B)/libcommon.a
$(COMMON_LIB): $(call objs,$(wildcard common/*.c))

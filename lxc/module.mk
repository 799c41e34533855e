# lxc/: reads and edits containers' configuration, judges it, and makes what is
# included into it; a library for onerngctl.  It does not know liblxc.
CONTAINER_LIB  := $(B)/libcontainer.a
CONTAINER_SRCS := $(wildcard lxc/*.c)

$(CONTAINER_LIB): $(call objs,$(CONTAINER_SRCS))

# What it prints is in there.
$(B)/lxc/container_hook.o: lxc/hook.sh

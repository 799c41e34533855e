# The only makefile.  One graph: each folder says what it adds in module.mk.
.DEFAULT_GOAL := all
MAKEFLAGS     += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

VERSION    := 0.1
B          ?= build/opt
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= /usr/lib/systemd/system
UDEVDIR    ?= /usr/lib/udev/rules.d
CC         ?= cc
ifeq ($(origin CC),default)
CC         := cc
endif
AR         := ar
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough \
	-Wformat=2 -Wconversion -Wno-sign-conversion
ifdef CI
WARN += -Werror
endif
ifdef FUZZ
HARDEN := -fsanitize=address,undefined,fuzzer-no-link \
	  -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN_LD := -fsanitize=address,undefined
else ifdef SANITIZE
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -fno-omit-frame-pointer
HARDEN_LD := -fsanitize=address,undefined
else
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now
endif
ALL_CPPFLAGS = -D_GNU_SOURCE -I. -DONERNG_VERSION='"$(VERSION)"' \
	-DONERNG_SYSCONFDIR='"$(SYSCONFDIR)"' -DONERNG_LIBDIR='"$(LIBDIR)"' \
	$(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS  = $(HARDEN_LD) $(LDFLAGS)

pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs   = $(shell $(PKG_CONFIG) --libs $(1))

Q   := $(if $(V),,@)
say  = $(if $(V),,@echo "  $(1) $(2)")
objs = $(patsubst %.c,$(B)/%.o,$(1))

PROGS :=
include $(foreach dir,common libvirt-xml lxc host-agent guest-agent ctl hooks \
	examples tests packaging,$(wildcard $(dir)/module.mk))

all: $(PROGS) ## build every program

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC   ,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Archives, so that a program links only what it uses.
$(B)/%.a:
	@mkdir -p $(@D)
	$(call say,AR   ,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

clean: ## remove everything that was built
	$(RM) -r build

help: ## show this list
	@cat $(MAKEFILE_LIST) | awk -F ':.*## ' \
	  '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' | sort -u

.PHONY: all clean help

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# packaging/: where everything goes.  Paths in units are filled in here.
SBINDIR    := $(PREFIX)/sbin
BINDIR     := $(PREFIX)/bin
MANDIR     := $(PREFIX)/share/man
LIBDIR     := $(PREFIX)/lib/onerng
# Configurations by hand, which name what is in LIBDIR.
EXAMPLEDIR ?= $(PREFIX)/share/doc/onerng-virt/examples/lxc
INITRAMFSDIR ?= /usr/share/initramfs-tools
DRACUTDIR  ?= /usr/lib/dracut/modules.d/90onerng
SYSUSERSDIR ?= /usr/lib/sysusers.d
# libvirtd has to be reloaded to see the first hook there.
HOOKDIR    ?= $(SYSCONFDIR)/libvirt/hooks/qemu.d
INSTALL    := install
# Further names of LXC's hook, each the type it is run as.
LXC_LINKS  := lxc-pre-start lxc-start-host lxc-post-stop

GUEST_MAN   := $(wildcard man/onerng-guestd.*)
HOST_MAN    := $(filter-out $(GUEST_MAN),$(wildcard man/*.[1-8]))
GUEST_UNITS := $(addprefix packaging/systemd/,onerng-guestd.service \
	onerng-guest-require.service onerng-guestd-container.service)
# On the host the guest agent feeds the host's own kernel: another unit.
HOST_UNITS  := $(filter-out $(GUEST_UNITS),$(wildcard packaging/systemd/*.service \
	packaging/systemd/*.path))
UDEV_RULES  := $(wildcard packaging/udev/*.rules)
LXC_CONFS   := $(wildcard lxc/*.conf)
# hook.sh is no example: onerngctl container hook fills it in.
LXC_SCRIPTS := $(filter-out lxc/hook.sh,$(wildcard lxc/*.sh))
SYSUSERS    := $(wildcard packaging/sysusers.d/*.conf)

fill = sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@BINDIR@|$(BINDIR)|g' \
	-e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' -e 's|@LIBDIR@|$(LIBDIR)|g'
# $(call put,MODE,FILES,FOLDER): FILES, filled in, into DESTDIR/FOLDER.
put = @set -e; $(INSTALL) -d '$(DESTDIR)$(3)'; for file in $(2); do \
	target='$(DESTDIR)$(3)'/$${file\#\#*/}; \
	$(fill) "$$file" >"$$target"; chmod $(1) "$$target"; done
# $(call put_hook,PROGRAM,TARGET,BESIDE): who runs TARGET meanwhile finds the old
# one or the new one, whole.  BESIDE is a name that nobody runs, close by.
put_hook = @set -e; $(INSTALL) -d '$(DESTDIR)$(dir $(2))'; \
	$(INSTALL) $(1) '$(DESTDIR)$(3)'; mv -f '$(DESTDIR)$(3)' '$(DESTDIR)$(2)'
# $(call put_man,FILES): each page into its section.  In the tree they name what
# the default PREFIX makes.
put_man = @set -e; for file in $(1); do \
	target='$(DESTDIR)$(MANDIR)'/man$${file\#\#*.}/$${file\#\#*/}; \
	$(INSTALL) -D -m 644 /dev/null "$$target"; \
	sed 's|/usr/local/lib/onerng|$(LIBDIR)|g' "$$file" >"$$target"; done

# $(call put_conf,FILE,NAME): into SYSCONFDIR, unless there is one.
put_conf = @test -e '$(DESTDIR)$(SYSCONFDIR)/$(2)' || \
	$(INSTALL) -D -m 644 $(1) '$(DESTDIR)$(SYSCONFDIR)/$(2)'

install: $(PROGS) $(SIM_PROG) ## install the host's side (DESTDIR, PREFIX)
	$(INSTALL) -d '$(DESTDIR)$(SBINDIR)' '$(DESTDIR)$(BINDIR)'
	$(INSTALL) $(HOST_PROG) $(GUEST_PROG) '$(DESTDIR)$(SBINDIR)'
	$(INSTALL) $(CTL_PROG) $(SIM_PROG) '$(DESTDIR)$(BINDIR)'
	$(call put,644,$(HOST_UNITS),$(UNITDIR))
	$(call put,644,$(UDEV_RULES),$(UDEVDIR))
	$(call put,644,$(SYSUSERS),$(SYSUSERSDIR))
	$(call put_hook,$(HOOK_PROG),$(HOOKDIR)/50-onerng,$(HOOKDIR)/../.50-onerng.new)
	$(call put_hook,$(LXC_PROG),$(LIBDIR)/lxc-autodev,$(LIBDIR)/.lxc-autodev.new)
	for name in $(LXC_LINKS); do \
	  ln -sf lxc-autodev '$(DESTDIR)$(LIBDIR)/'$$name; done
	$(call put,644,$(LXC_CONFS),$(EXAMPLEDIR))
	$(call put,755,$(LXC_SCRIPTS),$(EXAMPLEDIR))
	$(call put_man,$(HOST_MAN) $(GUEST_MAN))
	$(call put_conf,packaging/hostd.conf,onerng/hostd.conf)

# What goes into an initramfs: initramfs-tools or dracut takes its part.
INITRAMFS_HOOK   := packaging/initramfs-tools/hooks/onerng
INITRAMFS_SCRIPT := packaging/initramfs-tools/scripts/init-top/onerng
DRACUT_MODULE    := $(wildcard packaging/dracut/90onerng/*.sh)

install-guest: $(GUEST_PROG) $(GUEST_STATIC) ## install the guest's side
	$(INSTALL) -D $(GUEST_PROG) '$(DESTDIR)$(SBINDIR)/onerng-guestd'
	$(INSTALL) -D $(GUEST_STATIC) '$(DESTDIR)$(LIBDIR)/onerng-guestd'
	$(call put,755,packaging/initramfs/onerng-seed,$(LIBDIR))
	$(call put,755,$(INITRAMFS_HOOK),$(INITRAMFSDIR)/hooks)
	$(call put,755,$(INITRAMFS_SCRIPT),$(INITRAMFSDIR)/scripts/init-top)
	$(call put,755,$(DRACUT_MODULE),$(DRACUTDIR))
	$(call put,644,$(GUEST_UNITS),$(UNITDIR))
	$(call put_man,$(GUEST_MAN))
	$(call put_conf,packaging/onerng-guestd.default,default/onerng-guestd)
	$(call put_conf,packaging/onerng-guestd-container.default,default/onerng-guestd-container)

# Without DESTDIR, which may hold blanks.
INSTALLED := $(addprefix $(SBINDIR)/,onerng-hostd onerng-guestd) \
	$(addprefix $(BINDIR)/,onerngctl onerng-sim) $(HOOKDIR)/50-onerng \
	$(addprefix $(UNITDIR)/,$(notdir $(HOST_UNITS) $(GUEST_UNITS))) \
	$(addprefix $(UDEVDIR)/,$(notdir $(UDEV_RULES))) \
	$(addprefix $(SYSUSERSDIR)/,$(notdir $(SYSUSERS))) \
	$(addprefix $(LIBDIR)/,onerng-guestd onerng-seed lxc-autodev $(LXC_LINKS)) \
	$(addprefix $(EXAMPLEDIR)/,$(notdir $(LXC_CONFS) $(LXC_SCRIPTS))) \
	$(INITRAMFSDIR)/hooks/onerng $(INITRAMFSDIR)/scripts/init-top/onerng \
	$(addprefix $(DRACUTDIR)/,$(notdir $(DRACUT_MODULE))) \
	$(foreach page,$(HOST_MAN) $(GUEST_MAN),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
# Folders that nobody else has, from the innermost.
INSTALLED_DIRS := $(LIBDIR) $(DRACUTDIR) $(EXAMPLEDIR) \
	$(patsubst %/lxc,%,$(filter %/onerng-virt/examples/lxc,$(EXAMPLEDIR))) \
	$(patsubst %/examples/lxc,%,$(filter %/onerng-virt/examples/lxc,$(EXAMPLEDIR)))

uninstall: ## remove what was installed; the configuration stays
	$(RM) $(foreach path,$(INSTALLED),'$(DESTDIR)$(path)')
	@for dir in $(foreach path,$(INSTALLED_DIRS),'$(DESTDIR)$(path)'); do \
	  [ ! -d "$$dir" ] || rmdir --ignore-fail-on-non-empty "$$dir"; done

.PHONY: install install-guest uninstall

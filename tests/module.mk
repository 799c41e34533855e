# tests/: the simulated OneRNG, the suites and what runs them.
SIM_PKGS := umockdev-1.0 gobject-2.0 libusbredirparser-0.5
SIM_LIB  := $(B)/libsim.a
SIM_PROG := $(B)/onerng-sim
# Front ends and main know a transport; the model knows none.
SIM_FRONT := $(wildcard tests/sim/front_*.c tests/sim/main.c)

$(call objs,$(SIM_FRONT)): private CPPFLAGS += $(call pkg_cflags,$(SIM_PKGS))

$(SIM_LIB): $(call objs,$(filter-out $(SIM_FRONT),$(wildcard tests/sim/*.c)))

$(SIM_PROG): $(call objs,$(SIM_FRONT)) $(SIM_LIB) $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(SIM_PKGS)) -lm

sim: $(SIM_PROG) ## build the simulated OneRNG

# Tests link everything but programs' main.c, and their own cipher.
TEST_PKGS := $(sort $(COMMON_PKGS) $(HOST_PKGS) $(DOMAIN_PKGS) libcrypto)
TEST_LIBS := $(HOST_LIB) $(HOOK_LIB) $(GUEST_LIB) $(CTL_LIB) $(SIM_LIB) $(DOMAIN_LIB) \
	$(CONTAINER_LIB) $(COMMON_LIB)
UNIT_PROGS  := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
FUZZ_PROGS  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH_PROGS := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/bench_*.c))
# Small C programs that the integration and system tests use as peers.
TOOL_PROGS  := $(patsubst %.c,$(B)/%,$(wildcard tests/integration/*.c tests/system/*.c) \
	tests/bench/egdload.c tests/bench/hwrngtime.c)

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(TEST_LIBS)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lcriterion \
	  $(call pkg_libs,$(TEST_PKGS)) -lm

# A fuzz target replays files given as arguments unless FUZZ is set.
ifdef FUZZ
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN := $(B)/tests/fuzz/replay.o
endif
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(filter %.o,$(FUZZ_MAIN)) $(TEST_LIBS)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(filter -f%,$(FUZZ_MAIN)) \
	  $(call pkg_libs,$(TEST_PKGS)) -lm

$(B)/tests/bench/bench_%: $(B)/tests/bench/bench_%.o $(TEST_LIBS)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(TEST_PKGS)) -lm

$(B)/tests/integration/ttyhold: $(B)/tests/lib/fusepage.o
# The core's side of a reader speaks its messages.
$(B)/tests/integration/readerpeer: $(B)/host-agent/rawmsg.o
$(B)/tests/integration/jsonget: private TOOL_LIBS = $(call pkg_libs,jansson)
$(B)/tests/integration/usbpeer: private TOOL_LIBS = $(call pkg_libs,libusb-1.0)

$(B)/tests/integration/usbprobe.o: private CPPFLAGS += $(call pkg_cflags,libusb-1.0)
$(B)/tests/integration/usbprobe: private TOOL_LIBS = $(call pkg_libs,libusb-1.0)

# Images are the simulator's; checks and keyrings are onerngctl's.
$(B)/tests/integration/mkimage: $(SIM_LIB)
$(B)/tests/integration/gpgvcheck: $(CTL_LIB)
$(B)/tests/integration/whence: private TOOL_LIBS = $(call pkg_libs,libcrypto)
$(B)/tests/integration/gpgvcheck: private TOOL_LIBS = \
	$(COMMON_LIB) $(call pkg_libs,libevent_core libcrypto)
$(B)/tests/integration/without: private TOOL_LIBS = \
	$(call pkg_libs,libseccomp)

# Run in a guest or a container; a sanitized program cannot be static.
ifndef SANITIZE
STATIC_TOOLS := $(addprefix $(B)/tests/,system/hwrngread system/drawlog \
	bench/hwrngtime integration/devprobe)
$(STATIC_TOOLS): private HARDEN_LD := $(filter-out -pie,$(HARDEN_LD)) -static
endif

$(B)/tests/integration/domainxml: $(DOMAIN_LIB)
$(B)/tests/integration/domainxml: private TOOL_LIBS = \
	$(COMMON_LIB) $(call pkg_libs,$(DOMAIN_PKGS))

$(TOOL_PROGS): $(B)/%: $(B)/%.o $(COMMON_LIB)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TOOL_LIBS) -lm

# Preloaded into a program under test, whatever that is built with.
PRELOADS := $(patsubst %.c,$(B)/%.so,$(wildcard tests/lib/preload/*.c))
$(PRELOADS): $(B)/%.so: %.c
	@mkdir -p $(@D)
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CPPFLAGS) -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $<

# What tests/suite asks for.
unit-programs: $(UNIT_PROGS)
fuzz-programs: $(FUZZ_PROGS)
bench-programs: $(BENCH_PROGS)
tool-programs: $(TOOL_PROGS) $(PRELOADS)

FUZZ_SECONDS ?= $(or $(SECONDS),$(if $(filter soak,$(MAKECMDGOALS)),600,60))
SUITE := MAKE='$(MAKE)' B='$(B)' tests/suite
LINTS := format shellcheck cppcheck clang-tidy mandoc

deps: ## install what is missing of packaging/packages (root)
	@tests/lib/deps.sh

check: deps ## run every test; ends with "N passed, N failed, N skipped"
	+@AGAIN=2 $(SUITE) unit fuzz tree integration system

check-unit: ## run the unit tests, sanitized
	+@$(SUITE) unit

check-integration: ## run what needs no virtual machine
	+@$(SUITE) integration

check-system: ## run the tests with QEMU guests
	+@$(SUITE) system

check-tree: ## check the tree itself: form, layers, manuals, sizes
	+@$(SUITE) tree

sanitize: ## run the integration tests with sanitized programs
	+@B=build/san SANITIZE=1 MAKE='$(MAKE)' tests/suite integration

soak: ## run all that can run for longer (SOAK=1), and fuzz for FUZZ_SECONDS=600
	+@SOAK=1 $(SUITE) integration system; status=$$?; \
	$(MAKE) --no-print-directory fuzz FUZZ_SECONDS='$(FUZZ_SECONDS)' && \
	  exit $$status

lint: ## check form and run the linters
	@tests/run $(LINTS:%=tests/check/%.sh)

format: ## give every C file the form of .clang-format
	clang-format -i $$(find . -path ./build -prune -o -name '*.[ch]' -print)

fuzz: ## run each fuzz target, or T=name, for SECONDS=60 under libFuzzer
	+@$(MAKE) --no-print-directory B=build/fuzz CC=clang FUZZ=1 \
	  $(if $(T),build/fuzz/tests/fuzz/fuzz_$(T:fuzz_%=%),fuzz-programs)
	@B=build/fuzz FUZZ_SECONDS='$(FUZZ_SECONDS)' tests/fuzz/run.sh $(T)

bench: all sim tool-programs bench-programs ## measure; figure, bound, verdict
	@B='$(B)' tests/bench/run.sh

demo: deps ## a OneRNG, the host agent and two QEMU guests at work
	+@$(MAKE) --no-print-directory B='$(B)' all sim guest-static \
	  $(B)/tests/integration/mkimage $(B)/tests/integration/jsonget
	@B='$(B)' tests/demo.sh

.PHONY: sim unit-programs fuzz-programs bench-programs tool-programs deps \
	check check-unit check-integration check-system check-tree sanitize \
	soak lint format fuzz bench demo

# examples/: each a program of its own that shares nothing with the rest.
EXAMPLES := $(patsubst %.c,$(B)/%,$(wildcard examples/*.c))

$(EXAMPLES): $(B)/%: $(B)/%.o
	$(call say,LD   ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

examples: $(EXAMPLES) ## build the smallest useful consumers
.PHONY: examples

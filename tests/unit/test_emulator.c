#include "ctl/emulator.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST "<host><cpu><arch>x86_64</arch></cpu></host>"
#define ARM                                                  \
	"<guest><os_type>hvm</os_type><arch name='aarch64'>" \
	"<emulator>/usr/bin/qemu-system-aarch64</emulator></arch></guest>"
#define X86                                                             \
	"<guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64" \
	"</wordsize><emulator>/usr/bin/qemu-system-x86_64</emulator>"   \
	"</arch></guest>"

static int of(const char *capabilities, char out[static 64])
{
	return emulator_default(capabilities, out, 64);
}

Test(emulator, the_default_is_of_the_hosts_own_architecture)
{
	char path[64];

	cr_assert_eq(of(HOST ARM X86, path), 0);
	cr_assert_str_eq(path, "/usr/bin/qemu-system-x86_64");
}

Test(emulator, without_one_there_is_no_default)
{
	char path[64], tiny[8];

	cr_assert_eq(of("", path), -ENOENT);
	cr_assert_eq(of(HOST, path), -ENOENT);
	cr_assert_eq(of(HOST ARM, path), -ENOENT);
	cr_assert_eq(of(X86, path), -ENOENT);
	cr_assert_eq(of(HOST "<arch name='x86_64'><emulator></emulator>", path),
		     -ENOENT);
	cr_assert_eq(of(HOST "<arch name='x86_64'><emulator>/usr", path),
		     -ENOENT);
	cr_assert_eq(emulator_default(HOST X86, tiny, sizeof(tiny)), -ENOENT);
}

Test(emulator, a_link_is_the_same_program)
{
	cr_assert(emulator_is("/proc/self/exe", "/proc/self/exe"));
	cr_assert_not(emulator_is("/proc/self/exe", "/bin/sh"));
	cr_assert_not(emulator_is("/nowhere", "/nowhere"));
	cr_assert_not(emulator_is("/bin/sh", ""));
}

Test(emulator, a_process_is_known_by_the_program_it_runs)
{
	char *self = realpath("/proc/self/exe", NULL);

	cr_assert(emulator_runs(getpid(), self));
	cr_assert(emulator_runs(getpid(), "/proc/self/exe"));
	cr_assert_not(emulator_runs(getpid(), "/bin/sh"));
	cr_assert_not(emulator_runs(0, self));
	cr_assert_not(emulator_runs(0x7ffffff0, self));
	cr_assert_not(emulator_runs(getpid(), "the host's default"));
	free(self);
}

/* A folder like sysfs's, with devices by name, vendor, port and number. */
#include "ctl/acm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char top[] = "/tmp/test-acm.XXXXXX";
static char tty[64];

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void folder(const char *path)
{
	cr_assert(mkdir(path, 0755) == 0 || errno == EEXIST, "%s", path);
}

/* tty/NAME/device is a link to usb/PORT/PORT:1.0 */
static void add(const char *name, const char *port, const char *vendor,
		const char *number)
{
	char usb[128], interface[200], of[128], link[160];

	snprintf(usb, sizeof(usb), "%s/usb/%s", top, port);
	snprintf(interface, sizeof(interface), "%s/%s:1.0", usb, port);
	snprintf(of, sizeof(of), "%s/%s", tty, name);
	snprintf(link, sizeof(link), "%s/device", of);
	folder(usb);
	folder(interface);
	folder(of);
	put(usb, "idVendor", vendor);
	put(usb, "idProduct", "6086\n");
	put(of, "dev", number);
	cr_assert_eq(symlink(interface, link), 0);
}

static void begin(void)
{
	char usb[64];

	cr_assert_not_null(mkdtemp(top));
	snprintf(tty, sizeof(tty), "%s/tty", top);
	snprintf(usb, sizeof(usb), "%s/usb", top);
	folder(tty);
	folder(usb);
}

static void end(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -r %s", top);
	cr_expect_eq(system(command), 0);
}

TestSuite(acm, .init = begin, .fini = end);

Test(acm, onerngs_alone_are_found_by_port_and_by_number)
{
	struct acm acm;

	add("ttyACM0", "1-1", "2341\n", "166:0\n");
	add("ttyACM2", "1-2", "1d50\n", "166:2\n");
	add("ttyACM10", "1-3.4", "1d50\n", "166:10\n");
	cr_assert_eq(acm_find_port(tty, "", &acm), 0);
	cr_expect_str_eq(acm.name, "ttyACM2", "the first by number");
	cr_expect_str_eq(acm.port, "1-2");
	cr_assert_eq(acm_find_port(tty, "1-3.4", &acm), 0);
	cr_expect(acm.major == 166 && acm.minor == 10);
	cr_expect_eq(acm_find_port(tty, "1-1", &acm), -ENODEV);
	cr_assert_eq(acm_find_number(tty, 166, 2, &acm), 0);
	cr_expect_str_eq(acm.port, "1-2");
	cr_expect_eq(acm_find_number(tty, 166, 0, &acm), -ENODEV);
	cr_expect_eq(acm_find_number(tty, 136, 2, &acm), -ENODEV);
}

Test(acm, what_is_half_there_is_none)
{
	struct acm all[ACM_MAX];

	add("ttyACM0", "1-1", "", "166:0\n");
	add("ttyACM1", "1-2", "1d50\n", "none\n");
	add("ttyS0", "1-3", "1d50\n", "4:64\n");
	cr_expect_eq(acm_list(tty, all), 0);
	cr_expect_eq(acm_list("/nowhere", all), 0);
}

Test(acm, no_more_are_looked_at_than_there_is_room_for)
{
	struct acm all[ACM_MAX];
	char name[32], port[32];

	for (int i = 0; i < ACM_MAX + 2; i++) {
		snprintf(name, sizeof(name), "ttyACM%d", i);
		snprintf(port, sizeof(port), "1-%d", i + 1);
		add(name, port, "1d50\n", "166:1\n");
	}
	cr_expect_eq(acm_list(tty, all), ACM_MAX);
}

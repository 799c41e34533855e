/* A folder like sysfs's, with devices by name, vendor, port and number. */
#include "ctl/acm.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/folder.h"

static char tty[64];

/* tty/NAME/device is a link to usb/PORT/PORT:1.0 */
static void add(const char *name, const char *port, const char *vendor,
		const char *number)
{
	char file[128], interface[200], link[160];

	snprintf(file, sizeof(file), "usb/%s/idVendor", port);
	folder_text(file, vendor);
	snprintf(file, sizeof(file), "usb/%s/idProduct", port);
	folder_text(file, "6086\n");
	snprintf(file, sizeof(file), "tty/%s/dev", name);
	folder_text(file, number);
	snprintf(interface, sizeof(interface), "%s/usb/%s/%s:1.0", folder, port,
		 port);
	cr_assert_eq(mkdir(interface, 0755), 0);
	snprintf(link, sizeof(link), "%s/%s/device", tty, name);
	cr_assert_eq(symlink(interface, link), 0);
}

static void begin(void)
{
	folder_make();
	snprintf(tty, sizeof(tty), "%s/tty", folder);
}

TestSuite(acm, .init = begin, .fini = folder_remove);

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

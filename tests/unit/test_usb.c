/*
 * test_usb.c - libusb's error numbers end at usb.c, with advice
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <libusb-1.0/libusb.h>
#include <string.h>

#include "host-agent/usb.h"

Test(usb, every_error_of_libusb_has_an_errno)
{
	static const struct {
		int libusb, err;
	} map[] = {
		{ LIBUSB_ERROR_IO, -EIO },
		{ LIBUSB_ERROR_INVALID_PARAM, -EINVAL },
		{ LIBUSB_ERROR_ACCESS, -EACCES },
		{ LIBUSB_ERROR_NO_DEVICE, -ENODEV },
		{ LIBUSB_ERROR_NOT_FOUND, -ENOENT },
		{ LIBUSB_ERROR_BUSY, -EBUSY },
		{ LIBUSB_ERROR_TIMEOUT, -ETIMEDOUT },
		{ LIBUSB_ERROR_OVERFLOW, -EOVERFLOW },
		{ LIBUSB_ERROR_PIPE, -EPIPE },
		{ LIBUSB_ERROR_INTERRUPTED, -EINTR },
		{ LIBUSB_ERROR_NO_MEM, -ENOMEM },
		{ LIBUSB_ERROR_NOT_SUPPORTED, -ENOTSUP },
		{ LIBUSB_ERROR_OTHER, -EIO },
		{ -1000, -EIO },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		cr_expect_eq(usb_errno(map[i].libusb), map[i].err, "%d",
			     map[i].libusb);
}

Test(usb, no_error_stays_as_it_is)
{
	cr_expect_eq(usb_errno(0), 0);
	cr_expect_eq(usb_errno(2048), 2048);
}

Test(usb, advice_says_what_to_do_in_one_line_that_fits_a_report)
{
	for (int err = 1; err < 134; err++) {
		const char *text = usb_advice(-err);

		cr_assert_not_null(text);
		cr_expect_gt(strlen(text), 0);
		cr_expect_lt(strlen(text) + 32, USB_WHY_MAX);
		cr_expect_null(strchr(text, '\n'));
	}
	cr_expect_not_null(strstr(usb_advice(-EACCES), "udev rule"));
	cr_expect_not_null(strstr(usb_advice(-EACCES), "group onerng"));
	cr_expect_not_null(strstr(usb_advice(-EBUSY), "another program"));
	cr_expect_not_null(strstr(usb_advice(-ENODEV), "plug it in"));
	cr_expect_not_null(strstr(usb_advice(-ENOMEM), "LimitMEMLOCK"));
	cr_expect_not_null(strstr(usb_advice(-ENXIO), "/dev/bus/usb"));
}

Test(usb, advice_is_no_word_of_libusb)
{
	for (int err = 1; err < 134; err++)
		cr_expect_null(strstr(usb_advice(-err), "LIBUSB"));
}

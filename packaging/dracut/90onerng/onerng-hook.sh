#!/bin/sh
# dracut: sourced before udev starts, so nothing here may end the shell
/usr/sbin/onerng-seed || :

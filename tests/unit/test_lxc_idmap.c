#include "lxc/idmap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

static uint32_t id;

Test(lxc_idmap, an_id_is_found_in_its_range)
{
	const char *map = "         0     100000      65536\n";

	cr_assert_eq(lxc_idmap_find(map, 0, &id), 0);
	cr_assert_eq(id, 100000);
	cr_assert_eq(lxc_idmap_find(map, 65535, &id), 0);
	cr_assert_eq(id, 165535);
	cr_assert_eq(lxc_idmap_find(map, 65536, &id), -ENOENT);
}

Test(lxc_idmap, ranges_may_be_many)
{
	const char *map = "0 100000 1000\n1000 1000 1\n1001 101001 64535\n";

	cr_assert_eq(lxc_idmap_find(map, 1000, &id), 0);
	cr_assert_eq(id, 1000);
	cr_assert_eq(lxc_idmap_find(map, 1001, &id), 0);
	cr_assert_eq(id, 101001);
}

Test(lxc_idmap, the_hosts_own_map_is_the_identity)
{
	const char *map = "         0          0 4294967295\n";

	cr_assert_eq(lxc_idmap_find(map, 4294967294, &id), 0);
	cr_assert_eq(id, 4294967294);
	cr_assert_eq(lxc_idmap_find(map, 4294967295, &id), -ENOENT);
}

Test(lxc_idmap, no_line_maps_nothing)
{
	cr_assert_eq(lxc_idmap_find("", 0, &id), -ENOENT);
}

Test(lxc_idmap, what_is_malformed_is_an_error)
{
	static const char *const wrong[] = {
		"0 1\n",     "0 1 2", "x 1 2\n",	   "0 -1 2\n",
		"0 1 2 3\n", "\n",    "0 1 99999999999\n", "0 4294967295 2\n"
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(lxc_idmap_find(wrong[i], 0, &id), -EINVAL, "%s",
			     wrong[i]);
}

Test(lxc_idmap, our_own_is_read)
{
	uid_t uid;
	gid_t gid;

	cr_assert_eq(lxc_idmap_read(getpid(), 0, 0, &uid, &gid), 0);
	cr_assert_eq(lxc_idmap_read(0x7ffffff0, 0, 0, &uid, &gid), -ENOENT);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mount_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

static const char table[] =
	"36 35 98:1 /mnt1 /mnt\\0402\\134 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
	"no line of such a table\n"
	"18446744073709551615 36 0:45 / /empty ro - tmpfs  rw,size=64k\n"
	"37 36 0:46 / /cut ro - tmpfs none\n"
	"38 36 device / /odd ro - tmpfs none rw\n"
	"39 36 0:47 /a /sys/fs/cgroup rw shared:1 shared:2 - cgroup2 cgroup2 rw,nsdelegate";

static void lines_are_told(void **state)
{
	AUTO_TEXT struct text line = {0};
	const char *rest = table;
	struct mount_line mount;

	(void)state;
	assert_true(mount_table_next(&rest, NULL, &line, &mount));
	assert_true(mount.id == 36);
	assert_true(mount.device == makedev(98, 1));
	assert_string_equal(mount.root, "/mnt1");
	assert_string_equal(mount.point, "/mnt 2\\");
	assert_string_equal(mount.own_options, "rw,noatime");
	assert_string_equal(mount.type, "ext3");
	assert_string_equal(mount.options, "rw,errors=continue");
	assert_true(mount_table_next(&rest, NULL, &line, &mount));
	assert_true(mount.id == UINT64_MAX);
	assert_string_equal(mount.point, "/empty");
	assert_string_equal(mount.type, "tmpfs");
	assert_string_equal(mount.options, "rw,size=64k");
	assert_true(mount_table_next(&rest, NULL, &line, &mount));
	assert_string_equal(mount.point, "/sys/fs/cgroup");
	assert_false(mount_table_next(&rest, NULL, &line, &mount));
	assert_false(mount_table_next(&rest, NULL, &line, &mount));
}

static void one_type_is_picked(void **state)
{
	AUTO_TEXT struct text line = {0};
	const char *rest = table;
	struct mount_line mount;

	(void)state;
	assert_true(mount_table_next(&rest, "cgroup", &line, &mount));
	assert_true(mount.id == 39);
	assert_string_equal(mount.type, "cgroup2");
	assert_string_equal(mount.options, "rw,nsdelegate");
	assert_false(mount_table_next(&rest, "cgroup", &line, &mount));
}

/* What is mounted last there is /proc itself, and what statx(2) says of it. */
static void our_own_is_read(void **state)
{
	AUTO_TEXT struct text own = {0}, line = {0};
	struct mount_line mount;
	struct statx st;
	const char *rest;
	bool found = false;

	(void)state;
	assert_int_equal(statx(-1, "/proc", 0, STATX_MNT_ID, &st), 0);
	assert_int_equal(mount_table_read(0, &own, NULL), 0);
	rest = text_value(&own);
	while (mount_table_next(&rest, "proc", &line, &mount)) {
		if (mount.id != st.stx_mnt_id)
			continue;
		found = true;
		assert_string_equal(mount.point, "/proc");
		assert_true(mount.device == makedev(st.stx_dev_major, st.stx_dev_minor));
	}
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told),
		cmocka_unit_test(one_type_is_picked),
		cmocka_unit_test(our_own_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

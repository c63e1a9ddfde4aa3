/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"
#include "kernel/user.h"

static const char passwd[] = "0:x:4711:4711:a trap:/trap:/bin/sh\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "broken\n"
			     "esc\033ape:x:7:7::/:/bin/sh\n"
			     "web:x:33:34:web:/var/www:/bin/false\n"
			     "web:x:0:0:second entry:/:/bin/sh\n"
			     "homeless:x:40:40:::\n"
			     "relative:x:41:41::home/x:\n"
			     "zeros:x:007:7::/:\n"
			     "minus:x:-1:0::/:\n"
			     "all:x:4294967295:0::/:\n"
			     "wraps:x:4294967296:0::/:\n"
			     "spaces:x: 0:0::/:\n"
			     "last:x:4294967294:4294967294::/last:/bin/sh";
static const char group[] = "root:x:0:\n"
			    "tape:x:26:web,last\n"
			    "www:x:34:web\n"
			    "audio:x:29:webby,lastly\n"
			    "tape2:x:26:web\n"
			    "video:x:44:root,web\n"
			    "evil:x:0x10:web\n";

struct fixture {
	char path[64];
	int root_fd;
};

static void put(struct fixture *fixture, const char *name, const char *text, size_t length)
{
	struct error err;

	if (fs_replace_at(fixture->root_fd, name, text, length, 0644, &err) < 0)
		fail_msg("%s", err.text);
}

static int set_up(void **state)
{
	static struct fixture fixture;

	strcpy(fixture.path, "/tmp/cman-test-user.XXXXXX");
	if (!mkdtemp(fixture.path))
		return -1;
	fixture.root_fd = open(fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fixture.root_fd < 0 || mkdirat(fixture.root_fd, "etc", 0755) < 0)
		return -1;
	*state = &fixture;
	return 0;
}

static int set_up_files(void **state)
{
	if (set_up(state) < 0)
		return -1;
	int etc_fd = openat(((struct fixture *)*state)->root_fd, "etc", O_RDONLY | O_DIRECTORY);
	struct fixture etc = {.root_fd = etc_fd};

	put(&etc, "passwd", passwd, strlen(passwd));
	put(&etc, "group", group, strlen(group));
	close(etc_fd);
	alarm(20); /* a lookup that hangs ends the test */
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FD int parent_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	alarm(0);
	close(fixture->root_fd);
	return fs_remove_tree_at(parent_fd, fixture->path + strlen("/tmp/"), NULL);
}

static struct user look_up(void **state, const char *who)
{
	struct fixture *fixture = *state;
	struct user user;
	struct error err;

	memset(&user, 0xff, sizeof(user));
	if (user_lookup(fixture->root_fd, who, &user, &err) < 0)
		fail_msg("%s: %s", who, err.text);
	return user;
}

static void assert_fails(void **state, const char *who, const char *text)
{
	struct fixture *fixture = *state;
	struct user user = {.uid = 4242};
	struct error err;

	assert_int_equal(user_lookup(fixture->root_fd, who, &user, &err), -1);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, err.text);
	assert_int_equal(user.uid, 4242);
	assert_int_equal(user_lookup(fixture->root_fd, who, &user, NULL), -1);
}

static void test_names(void **state)
{
	struct user user = look_up(state, "web");

	assert_int_equal(user.uid, 33);
	assert_int_equal(user.gid, 34);
	assert_string_equal(user.home, "/var/www");
	assert_string_equal(user.shell, "/bin/false");
	assert_string_equal(user.name, "web");
	/* Not its own gid, no group twice, no member whose name only begins so, no bad id. */
	assert_int_equal(user.group_count, 2);
	assert_int_equal(user.groups[0], 26);
	assert_int_equal(user.groups[1], 44);

	user = look_up(state, "root");
	assert_int_equal(user.uid, 0);
	assert_int_equal(user.gid, 0);
	assert_string_equal(user.home, "/root");
	assert_int_equal(user.group_count, 1);

	user = look_up(state, "last"); /* no newline at the end of the file */
	assert_int_equal(user.uid, 4294967294U);
	assert_string_equal(user.home, "/last");
	assert_string_equal(look_up(state, "homeless").home, "/");
	assert_string_equal(look_up(state, "homeless").shell, "");
	assert_string_equal(look_up(state, "relative").home, "/");
}

static void test_digits_are_ids(void **state)
{
	struct user user = look_up(state, "0");

	assert_int_equal(user.uid, 0);
	assert_string_equal(user.name, "root");
	user = look_up(state, "33");
	assert_int_equal(user.gid, 34);
	assert_string_equal(user.name, "web");
	assert_int_equal(user.group_count, 2);
	user = look_up(state, "1234"); /* no entry */
	assert_int_equal(user.uid, 1234);
	assert_int_equal(user.gid, 1234);
	assert_int_equal(user.group_count, 0);
	assert_string_equal(user.home, "/");
	assert_string_equal(user.name, "");
	assert_int_equal(look_up(state, "4294967294").uid, 4294967294U);
}

static void test_groups_given(void **state)
{
	struct user user = look_up(state, "web:tape");

	assert_int_equal(user.uid, 33);
	assert_int_equal(user.gid, 26);
	assert_int_equal(user.group_count, 0);
	user = look_up(state, "1000:1001");
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user.gid, 1001);
	assert_int_equal(look_up(state, "33:video").gid, 44);
	assert_int_equal(look_up(state, "root:0").gid, 0);
}

static void test_further_groups(void **state)
{
	struct fixture *fixture = *state;
	struct user user = look_up(state, "web");
	struct error err;

	assert_int_equal(user_add_group(fixture->root_fd, "audio", &user, &err), 0);
	assert_int_equal(user_add_group(fixture->root_fd, "4711", &user, &err), 0);
	assert_int_equal(user.group_count, 4);
	assert_int_equal(user.groups[2], 29);
	assert_int_equal(user.groups[3], 4711);
	/* Its own, and those it is in already. */
	assert_int_equal(user_add_group(fixture->root_fd, "www", &user, &err), 0);
	assert_int_equal(user_add_group(fixture->root_fd, "tape2", &user, &err), 0);
	assert_int_equal(user_add_group(fixture->root_fd, "44", &user, &err), 0);
	assert_int_equal(user.group_count, 4);
	user = look_up(state, "root:0");
	assert_int_equal(user_add_group(fixture->root_fd, "audio", &user, &err), 0);
	assert_int_equal(user.group_count, 1);
	for (unsigned int i = 1; i < ARRAY_SIZE(user.groups); i++) {
		AUTO_FREE char *id = xprintf("%u", 1000 + i);

		assert_int_equal(user_add_group(fixture->root_fd, id, &user, &err), 0);
	}
	assert_int_equal(user_add_group(fixture->root_fd, "2000", &user, &err), -1);
	assert_int_equal(err.code, E2BIG);
}

static void test_further_groups_refused(void **state)
{
	static const char *const bad[][2] = {
		{"nogroup", "no group \"nogroup\""}, {"evil", "has no valid id"}, {"", "no group"},
		{"-1", "no group \"-1\""},           {"007", "is no id"},         {"4294967295", "is no id"},
	};
	struct fixture *fixture = *state;
	struct user user = look_up(state, "root:0");
	int etc_fd = openat(fixture->root_fd, "etc", O_RDONLY | O_DIRECTORY);
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(user_add_group(fixture->root_fd, bad[i][0], &user, &err), -1);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("\"%s\" is not in \"%s\"", bad[i][1], err.text);
		assert_int_equal(user.group_count, 0);
	}
	/* A group file to wait at for ever is one more error, and no matter for an id. */
	unlinkat(etc_fd, "group", 0);
	assert_int_equal(mkfifoat(etc_fd, "group", 0644), 0);
	assert_int_equal(user_add_group(fixture->root_fd, "audio", &user, &err), -1);
	assert_non_null(strstr(err.text, "is a FIFO, not a file"));
	assert_int_equal(user_add_group(fixture->root_fd, "29", &user, &err), 0);
	close(etc_fd);
}

static void test_refused(void **state)
{
	static const char *const no_id[] = {
		"00",
		"01",
		"007",
		"4294967295",
		"4294967296",
		"18446744073709551616",
		"99999999999999999999999999",
		"1:4294967295",
		"1:01",
	};
	static const char *const no_user[] = {"", ":", "1:", ":1", "1:2:3", "web::", "::"};
	static const char *const unknown[] = {
		"-1", "+1", " 1", "1 ", "0x0", "1e3", "nobody", "broken", "esc", "Web", "web\n",
	};
	static const char *const bad_entry[] = {"zeros", "minus", "all", "wraps", "spaces"};

	for (size_t i = 0; i < ARRAY_SIZE(no_id); i++)
		assert_fails(state, no_id[i], "is no id");
	for (size_t i = 0; i < ARRAY_SIZE(no_user); i++)
		assert_fails(state, no_user[i], "is no user");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_fails(state, unknown[i], "no user \"");
	for (size_t i = 0; i < ARRAY_SIZE(bad_entry); i++)
		assert_fails(state, bad_entry[i], "has no valid ids");
	assert_fails(state, "web:evil", "has no valid id");
	assert_fails(state, "web:nogroup", "no group \"nogroup\"");
	assert_fails(state, "web:-1", "no group \"-1\"");
}

static void test_no_files(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(look_up(state, "root").uid, 0);
	assert_string_equal(look_up(state, "root").home, "/");
	assert_int_equal(look_up(state, "5").uid, 5);
	assert_fails(state, "web", "no user \"web\"");
	assert_fails(state, "root:wheel", "no group \"wheel\"");
	assert_int_equal(unlinkat(fixture->root_fd, "etc", AT_REMOVEDIR), 0);
	assert_int_equal(look_up(state, "0:0").uid, 0);
}

static void test_hostile_files(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *big = xalloc(1, (1 << 20) + 1);
	int etc_fd = openat(fixture->root_fd, "etc", O_RDONLY | O_DIRECTORY);
	struct fixture etc = {.root_fd = etc_fd};

	assert_int_equal(mkfifoat(etc_fd, "passwd", 0644), 0);
	assert_fails(state, "root", ", not a file");
	assert_fails(state, "0", ", not a file");
	unlinkat(etc_fd, "passwd", 0);
	mkdirat(etc_fd, "passwd", 0755);
	assert_fails(state, "root", ", not a file");
	unlinkat(etc_fd, "passwd", AT_REMOVEDIR);
	assert_int_equal(symlinkat("/proc/self/fd/0", etc_fd, "passwd"), 0);
	assert_int_equal(look_up(state, "0").gid, 0); /* there is no /proc in that root */
	unlinkat(etc_fd, "passwd", 0);
	assert_int_equal(symlinkat("passwd", etc_fd, "passwd"), 0);
	assert_fails(state, "0", "symbolic links");
	unlinkat(etc_fd, "passwd", 0);
	/* Leads to the host's file by absolute path and by "..": stays inside, so it is missing. */
	assert_int_equal(symlinkat("../../../../../../../../etc/passwd", etc_fd, "passwd"), 0);
	assert_fails(state, "daemon", "symbolic links"); /* itself, in there */
	unlinkat(etc_fd, "passwd", 0);
	memset(big, 'a', 1 << 20);
	put(&etc, "passwd", big, 1 << 20); /* one line without an end, and NULs */
	assert_fails(state, "a", "no user");
	memset(big, 0, 1 << 20);
	put(&etc, "passwd", big, 1 << 20);
	assert_int_equal(look_up(state, "0").uid, 0);
	put(&etc, "passwd", big, (1 << 20) + 1);
	assert_fails(state, "0", "more than");
	close(etc_fd);
}

static void test_many_groups(void **state)
{
	struct fixture *fixture = *state;
	AUTO_TEXT struct text text = {0};
	int etc_fd = openat(fixture->root_fd, "etc", O_RDONLY | O_DIRECTORY);
	struct fixture etc = {.root_fd = etc_fd};

	put(&etc, "passwd", passwd, strlen(passwd));
	for (unsigned int i = 0; i < USER_GROUPS_MAX; i++)
		text_addf(&text, "g%u:x:%u:root\n", i, 100 + i);
	put(&etc, "group", text.data, text.length);
	assert_int_equal(look_up(state, "root").group_count, USER_GROUPS_MAX);
	text_addf(&text, "more:x:99:root\n");
	put(&etc, "group", text.data, text.length);
	assert_fails(state, "root", "more than 64 groups");
	assert_int_equal(look_up(state, "root:more").gid, 99);
	close(etc_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_digits_are_ids, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_groups_given, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_further_groups, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_further_groups_refused, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up_files, tear_down),
		cmocka_unit_test_setup_teardown(test_no_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_groups, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

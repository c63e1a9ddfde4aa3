/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images and hosts that are not as they should be: a clear error, or no harm. */
#include "rootfs_fixture.h"

#include <mntent.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

/* Replaces name in the image by a symlink. */
static void put_link(struct fixture *fixture, const char *name, const char *target)
{
	assert_int_equal(fs_remove_tree_at(fixture->root_fd, name, NULL), 0);
	assert_int_equal(symlinkat(target, fixture->root_fd, name), 0);
}

static void put_directory(struct fixture *fixture, const char *name)
{
	assert_int_equal(fs_remove_tree_at(fixture->root_fd, name, NULL), 0);
	assert_int_equal(mkdirat(fixture->root_fd, name, 0755), 0);
}

static void test_mount_points(void **state)
{
	static const char *const names[] = {"proc", "sys", "dev"};
	static const char *const targets[] = {
		"/etc",
		"/",
		"etc",
		"../../../../../../../../etc",
		"/nowhere",
		"dev",
		"/proc/self/root",
	};
	struct fixture *fixture = need_fixture(state);
	char text[64], hint[160];
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "open %s in the root filesystem", names[i]);
		for (size_t k = 0; k < ARRAY_SIZE(targets); k++) {
			put_link(fixture, names[i], targets[k]);
			assert_refused(fixture, text, "must be a directory and no symbolic link");
		}
		assert_int_equal(unlinkat(fixture->root_fd, names[i], 0), 0);
		snprintf(hint, sizeof(hint), "mkdir %s/%s", fixture->rootfs, names[i]);
		assert_refused(fixture, text, hint);
		assert_int_equal(rootfs_check(fixture->rootfs, &err), -1);
		assert_string_equal(err.hint, hint);
		put_file(fixture->root_fd, names[i], "");
		assert_refused(fixture, text, "must be a directory");
		assert_int_equal(unlinkat(fixture->root_fd, names[i], 0), 0);
		assert_int_equal(mkfifoat(fixture->root_fd, names[i], 0666), 0);
		assert_refused(fixture, text, "must be a directory");
		assert_int_equal(rootfs_check(fixture->rootfs, &err), -1);
		put_directory(fixture, names[i]);
	}
	assert_lives(fixture, NULL, NULL);
}

/* /etc may lead wherever it likes within the image. */
static void test_etc_links(void **state)
{
	static const char *const targets[] = {
		"/", "/mnt", "../../../../../mnt", "dev", "proc", "sys",
	};
	struct fixture *fixture = need_fixture(state);

	put_file(fixture->base_fd, "hosts", "ours\n");
	put_file(fixture->base_fd, "resolv.conf", "ours\n");
	put_file(fixture->root_fd, "mnt/hosts", "");
	put_file(fixture->root_fd, "dev/hosts", "");
	put_file(fixture->root_fd, "proc/hosts", "");
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		put_link(fixture, "etc", targets[i]);
		assert_lives(fixture, NULL, NULL);
	}
	put_link(fixture, "etc", "/nowhere");
	assert_refused(fixture, "open etc in the root filesystem", "must be a directory");
	put_link(fixture, "etc", "etc");
	assert_refused(fixture, "open etc in the root filesystem", "must be a directory");
}

static void look_for_no_hosts(void *argument)
{
	(void)argument;
	REQUIRE(access("/etc/hosts", F_OK) < 0 && errno == ENOENT);
}

static void test_generated_targets(void **state)
{
	struct fixture *fixture = need_fixture(state);
	struct stat st;

	put_file(fixture->base_fd, "hosts", "ours\n");
	assert_int_equal(unlinkat(fixture->root_fd, "etc/hosts", 0), 0);
	assert_lives(fixture, look_for_no_hosts, NULL);
	assert_int_equal(fstatat(fixture->root_fd, "etc/hosts", &st, AT_SYMLINK_NOFOLLOW), -1);
	put_directory(fixture, "etc/hosts");
	assert_refused(fixture, "/etc: mount on hosts: ", "must not be a directory");
}

static void look_at_link_targets(void *argument)
{
	AUTO_FREE char *passwd = read_all("/etc/passwd");
	AUTO_FREE char *hosts = read_all("/etc/hosts");

	(void)argument;
	REQUIRE(passwd && strcmp(passwd, "of the image\n") == 0);
	REQUIRE(hosts && strcmp(hosts, "ours\n") == 0);
}

/* The file behind the link is not what gets covered. */
static void test_generated_link(void **state)
{
	struct fixture *fixture = need_fixture(state);

	put_file(fixture->base_fd, "hosts", "ours\n");
	put_file(fixture->root_fd, "etc/passwd", "of the image\n");
	put_link(fixture, "etc/hosts", "passwd");
	assert_lives(fixture, look_at_link_targets, NULL);
}

static void test_file_system_types(void **state)
{
	struct fixture *fixture = need_fixture(state);
	struct fixture other = *fixture;

	strcpy(other.rootfs, "/proc");
	assert_refused(&other, "file system type proc", "keep /proc on ext4");
	strcpy(other.rootfs, "/sys");
	assert_refused(&other, "file system type sysfs", "sysfs cannot show files");
	strcpy(other.rootfs, "/dev");
	assert_refused(&other, "file system type devtmpfs", "keep /dev on ext4");
	strcpy(other.rootfs, "/nowhere/at all");
	assert_refused(&other, "root filesystem: open /nowhere/at all: No such file", "");
	strcpy(other.rootfs, BUSYBOX);
	assert_refused(&other, "Not a directory", "");
}

/* Left over from a chroot of old. */
static void with_proc_in_image(struct fixture *fixture)
{
	char path[160], hint[200];

	snprintf(path, sizeof(path), "%s/mnt/a b\\c", fixture->rootfs);
	REQUIRE(mkdir(path, 0755) == 0);
	REQUIRE(mount("proc", path, "proc", 0, NULL) == 0);
	snprintf(hint, sizeof(hint), "umount %s", path);
	require_refused(fixture, "file system type proc on ", hint);
}

static void test_foreign_submount(void **state)
{
	assert_apart(with_proc_in_image, need_fixture(state));
}

/*
 * The kernel looks whether any instance of the file system is in full view; a chroot somewhere on
 * this machine may have one.
 */
static void unmount_others(const char *type, const char *keep)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;

	REQUIRE(mounts != NULL);
	while ((mount = getmntent(mounts)) != NULL)
		if (strcmp(mount->mnt_type, type) == 0 && strcmp(mount->mnt_dir, keep) != 0)
			umount2(mount->mnt_dir, MNT_DETACH); /* it may be gone with another */
	endmntent(mounts);
}

static void with_hidden_proc(struct fixture *fixture)
{
	unmount_others("proc", "/proc");
	REQUIRE(mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL) == 0);
	require_refused(fixture, "/proc: mount proc: ", "findmnt -R /proc");
}

static void with_hidden_sys(struct fixture *fixture)
{
	unmount_others("sysfs", "/sys");
	REQUIRE(mount("tmpfs", "/sys/kernel", "tmpfs", 0, NULL) == 0);
	require_refused(fixture, "/sys: mount sysfs: ", "findmnt -R /sys");
}

static void with_false_null(struct fixture *fixture)
{
	REQUIRE(mount("/dev/zero", "/dev/null", NULL, MS_BIND, NULL) == 0);
	require_refused(fixture, "the host's /dev/null is not character device 1:3", "mknod");
}

static void with_false_tty(struct fixture *fixture)
{
	REQUIRE(mount(BUSYBOX, "/dev/tty", NULL, MS_BIND, NULL) == 0);
	require_refused(fixture, "/dev: the host's /dev/tty is not character device 5:0", "mknod");
}

static void test_hosts(void **state)
{
	struct fixture *fixture = need_fixture(state);

	assert_apart(with_hidden_proc, fixture);
	assert_apart(with_hidden_sys, fixture);
	assert_apart(with_false_null, fixture);
	assert_apart(with_false_tty, fixture);
}

static void assert_check_fails(const char *path, const char *text, const char *hint)
{
	struct error err;

	assert_int_equal(rootfs_check(path, &err), -1);
	if (!strstr(err.text, text) || !strstr(err.hint, hint))
		fail_msg("error \"%s\", hint \"%s\"", err.text, err.hint);
}

static void test_check(void **state)
{
	struct fixture *fixture = need_fixture(state);
	char path[160], text[200];
	struct error err;

	assert_int_equal(rootfs_check(fixture->rootfs, &err), 0);
	assert_check_fails("relative", "not an absolute path", "");
	assert_check_fails("", "not an absolute path", "");
	assert_check_fails("/", "the host's own", "");
	assert_check_fails("/usr/..", "the host's own", "");
	assert_check_fails(BUSYBOX, "Not a directory", "");
	snprintf(path, sizeof(path), "%s/missing", fixture->base);
	assert_check_fails(path, "No such file or directory", "");
	/* Its own directory is the container's, those above are not. */
	assert_int_equal(fchmod(fixture->root_fd, 01777), 0);
	assert_int_equal(rootfs_check(fixture->rootfs, &err), 0);
	assert_int_equal(fchmod(fixture->base_fd, 0770), 0);
	snprintf(text, sizeof(text), "%s is writable by its group", fixture->base);
	assert_check_fails(fixture->rootfs, text, "chmod go-w");
	assert_int_equal(fchmod(fixture->base_fd, 0700), 0);
	put_link(fixture, "etc", "mnt");
	assert_int_equal(rootfs_check(fixture->rootfs, &err), 0);
	put_link(fixture, "etc", "/nowhere");
	snprintf(path, sizeof(path), "the symbolic link %s/etc leads", fixture->rootfs);
	assert_check_fails(fixture->rootfs, "open etc", path);
	assert_int_equal(unlinkat(fixture->root_fd, "etc", 0), 0);
	snprintf(path, sizeof(path), "mkdir %s/etc", fixture->rootfs);
	assert_check_fails(fixture->rootfs, "open etc", path);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_mount_points),
		TEST(test_etc_links),
		TEST(test_generated_targets),
		TEST(test_generated_link),
		TEST(test_file_system_types),
		TEST(test_foreign_submount),
		TEST(test_hosts),
		TEST(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

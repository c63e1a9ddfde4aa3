/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: what is made is sound, and what is not is told. Mounts: tests/system/quota.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/image.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)

static char directory[64];
static char *path;

static int set_up(void **data)
{
	(void)data;
	strcpy(directory, "/tmp/cman-image-XXXXXX");
	assert_non_null(mkdtemp(directory));
	path = xprintf("%s/web.ext4", directory);
	return 0;
}

static int tear_down(void **data)
{
	(void)data;
	free(path);
	return fs_remove_tree_at(AT_FDCWD, directory, NULL);
}

static int run(const char *program)
{
	AUTO_FREE char *line = xprintf("PATH=$PATH:/usr/sbin:/sbin; %s '%s' >'%s/out' 2>&1",
				       program, path, directory);

	return system(line);
}

static char *output(void)
{
	AUTO_FREE char *file = xprintf("%s/out", directory);
	struct text text = {0};

	assert_int_equal(fs_read_at(AT_FDCWD, file, 1 << 20, &text, NULL), 0);
	return text.data ? text.data : xstrdup("");
}

static void assert_sound(uint64_t size)
{
	AUTO_FREE char *said = NULL;

	if (run("e2fsck -fn") == 0)
		return;
	said = output();
	fail_msg("%llu bytes: %s", (unsigned long long)size, said);
}

static void assert_prepared(uint64_t size)
{
	struct error err;

	if (image_prepare(path, size, &err) < 0)
		fail_msg("%llu bytes: %s", (unsigned long long)size, err.text);
}

static void made_images_are_sound(void **state)
{
	static const uint64_t sizes[] = {
		8 * M,       8 * M + 1,       9 * M,       16 * M + 8 * K, 31 * M,
		33 * M,      64 * M - 1,      64 * M,      100 * M,        128 * M + 4 * K,
		140 * M + 3, 256 * M + 2 * M, 512 * M,     3 * G + 5 * M,  40 * G,
	};
	AUTO_FREE char *left = xprintf("%s.new", path);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct stat st;

		assert_prepared(sizes[i]);
		assert_sound(sizes[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, sizes[i]);
		assert_int_equal(st.st_mode & 07777, 0600);
		/* It is sparse: the tables and the journal are not written. */
		if ((uint64_t)st.st_blocks * 512 > sizes[i] / 8)
			fail_msg("%lld blocks", (long long)st.st_blocks);
		assert_int_equal(access(left, F_OK), -1);
		/* Again: nothing to do. */
		assert_prepared(sizes[i]);
		assert_int_equal(unlink(path), 0);
	}
}

static void a_journal_and_checksums(void **state)
{
	AUTO_FREE char *said = NULL;

	(void)state;
	assert_prepared(64 * M);
	assert_int_equal(run("dumpe2fs -h"), 0);
	said = output();
	assert_non_null(strstr(said, "has_journal"));
	assert_non_null(strstr(said, "resize_inode"));
	assert_non_null(strstr(said, "metadata_csum"));
	assert_non_null(strstr(said, "Remount read-only"));
	assert_non_null(strstr(said, "Maximum mount count:      -1"));
}

static void refused(uint64_t size, const char *text, const char *hint)
{
	struct error err = {0};

	assert_int_equal(image_prepare(path, size, &err), -1);
	if (!strstr(err.text, text) || !strstr(err.hint, hint))
		fail_msg("%s\n%s", err.text, err.hint);
}

static void larger_but_not_smaller(void **state)
{
	struct stat st;

	(void)state;
	assert_prepared(64 * M);
	assert_prepared(80 * M);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 80 * M);
	/* What is in it has not grown yet, so this is none. */
	assert_prepared(70 * M);
	refused(63 * M, "it has 64M, and cannot be made smaller to 63M", "resize2fs");
	assert_sound(64 * M);
}

static void write_at(off_t offset, const char *bytes, size_t length)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(pwrite(fd, bytes, length, offset), length);
}

static void what_is_no_image(void **state)
{
	(void)state;
	write_at(0, "text", 4);
	refused(8 * M, "no ext4 file system", "begin anew");
	assert_int_equal(truncate(path, 8 * M), 0);
	refused(8 * M, "no ext4 file system", "begin anew");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	refused(8 * M, "symbolic links", "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(8 * M, "no regular file", "");
	assert_int_equal(unlink(path), 0);
	assert_prepared(16 * M);
	assert_int_equal(truncate(path, 10 * M), 0);
	refused(16 * M, "it was cut", "begin anew");
}

/* s_state: EXT2_ERROR_FS; then numbers that would be divided by. */
static void what_is_damaged(void **state)
{
	(void)state;
	assert_prepared(8 * M);
	write_at(1024 + 58, "\2", 1);
	refused(8 * M, "has found faults", "e2fsck -f");
	write_at(1024 + 32, "\0\0\0\0", 4);
	refused(8 * M, "no ext4 file system", "begin anew");
	write_at(1024 + 24, "\377\377\377\377", 4);
	refused(8 * M, "no ext4 file system", "begin anew");
}

static void what_others_hold(void **state)
{
	AUTO_FD int fd = -1;
	struct error err;

	(void)state;
	assert_prepared(8 * M);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(image_await_release(path, 10, &err), -1);
	assert_int_equal(err.code, EAGAIN);
	close_fd(&fd);
	assert_int_equal(image_await_release(path, 10, &err), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(image_await_release(path, 10, &err), 0);
}

static void no_space_and_no_directory(void **state)
{
	(void)state;
	refused(17ull << 40, "more than 16T", "project quotas");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	path = xprintf("%s/nowhere/web.ext4", directory);
	refused(8 * M, "No such file", "");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(made_images_are_sound), TEST(a_journal_and_checksums),
		TEST(larger_but_not_smaller), TEST(what_is_no_image),
		TEST(what_is_damaged),       TEST(what_others_hold),
		TEST(no_space_and_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

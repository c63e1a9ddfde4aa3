/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a log, while they are renamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>

#include "base/fs.h"
#include "cmd/log_files.h"

static char directory[64];
static int dir_fd;

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test-log-files-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_fd(&dir_fd);
	return fs_remove_tree_at(AT_FDCWD, directory, NULL);
}

static void make(const char *name)
{
	assert_int_equal(fs_replace_at(dir_fd, name, name, strlen(name), 0600, NULL), 0);
}

static void move(const char *from, const char *to)
{
	assert_int_equal(renameat(dir_fd, from, dir_fd, to), 0);
}

static void expect(const struct log_files *files, const char *content)
{
	char bytes[32] = "";

	assert_true(pread(log_files_fd(files), bytes, sizeof(bytes) - 1, 0) >= 0);
	assert_string_equal(bytes, content);
}

/* In the midst of a rotation nothing is skipped: the next one is waited for. */
static void a_gap_is_no_end(void **state)
{
	struct log_files files;
	struct error err;

	(void)state;
	make("web.log");
	assert_int_equal(log_files_open(dir_fd, "web", &files, &err), 0);
	assert_false(log_files_is_old(&files));
	move("web.log", "web.log.2");
	make("web.log");
	assert_true(log_files_is_old(&files));
	assert_int_equal(log_files_next(&files, &err), 0);
	assert_true(files.between);
	expect(&files, "web.log");
	make("web.log.1");
	assert_int_equal(log_files_next(&files, &err), 1);
	expect(&files, "web.log.1");
	assert_int_equal(log_files_next(&files, &err), 1);
	expect(&files, "web.log");
	assert_false(log_files_is_old(&files));
	log_files_close(&files);
}

static void old_files_behind_a_gap_are_read(void **state)
{
	struct log_files files;
	struct error err;

	(void)state;
	assert_int_equal(log_files_open(dir_fd, "web", &files, &err), -1);
	assert_int_equal(err.code, ENOENT);
	make("web.log.3");
	make("web.log.1");
	assert_int_equal(log_files_open(dir_fd, "web", &files, &err), 0);
	assert_int_equal(files.count, 2);
	expect(&files, "web.log.3");
	assert_int_equal(log_files_next(&files, &err), 1);
	expect(&files, "web.log.1");
	log_files_close(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_gap_is_no_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_files_behind_a_gap_are_read, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

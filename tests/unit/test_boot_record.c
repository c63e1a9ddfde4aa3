/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a boot: what is written is read, and so is what a power cut has left of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include <fcntl.h>

#include "base/fs.h"
#include "state/boot_record.h"

static void write_file(const char *place, const char *text)
{
	AUTO_FREE char *path = xprintf("%s/boot", place);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
}

static char *make_directory(void)
{
	char *place = xstrdup("/tmp/cman-test-XXXXXX");

	assert_non_null(mkdtemp(place));
	return place;
}

static void remove_directory(char *place)
{
	assert_int_equal(fs_remove_tree_at(AT_FDCWD, place, NULL), 0);
	free(place);
}

static void nothing_recorded(void **state)
{
	char *place = make_directory();
	struct boot_record record;

	(void)state;
	assert_int_equal(boot_record_read(place, &record, NULL), 0);
	write_file(place, "hello\n");
	assert_int_equal(boot_record_read(place, &record, NULL), -1);
	remove_directory(place);
}

static void what_is_written_is_read(void **state)
{
	char *place = make_directory();
	struct boot_record record;
	struct error err = {0};
	int fd = boot_record_begin(place, &err);

	(void)state;
	assert_true(fd >= 0);
	boot_record_add(fd, "container web db cache");
	boot_record_add(fd, "up web 10 20 %d", 30);
	boot_record_add(fd, "out shop 0 40 not started: needs db, which failed");
	assert_int_equal(boot_record_read(place, &record, &err), 1);
	assert_int_equal(record.end_ms, 0);
	assert_int_equal(record.process.pid, getpid());
	assert_false(record.before_was_cut);
	assert_int_equal(record.count, 2);
	assert_string_equal(record.entries[0].name, "shop");
	assert_int_equal(record.entries[0].outcome, BOOT_OUT);
	assert_string_equal(record.entries[0].reason, "not started: needs db, which failed");
	assert_int_equal(record.entries[1].outcome, BOOT_UP);
	assert_int_equal(record.entries[1].after.count, 2);
	assert_int_equal(record.entries[1].begun_ms, 10);
	assert_int_equal(record.entries[1].running_ms, 20);
	assert_int_equal(record.entries[1].settled_ms, 30);
	boot_record_clear(&record);
	assert_int_equal(boot_record_end(fd, &err), 0);
	close(fd);
	assert_int_equal(boot_record_read(place, &record, &err), 1);
	assert_true(record.end_ms >= record.begin_ms && record.end_ms > 0);
	boot_record_clear(&record);
	/* Again in the same boot: it goes on, and what came up stays known as that. */
	fd = boot_record_begin(place, &err);
	assert_true(fd >= 0);
	boot_record_add(fd, "ran web 99");
	close(fd);
	assert_int_equal(boot_record_read(place, &record, &err), 1);
	assert_int_equal(record.end_ms, 0);
	assert_int_equal(record.count, 2);
	assert_string_equal(record.entries[1].name, "web");
	assert_int_equal(record.entries[1].outcome, BOOT_UP);
	boot_record_clear(&record);
	remove_directory(place);
}

/* A line that is torn, lines of a later cman, and the boot after it. */
static void what_a_power_cut_has_left(void **state)
{
	static const char text[] = "boot 01234567-89ab-cdef-0123-456789abcdef 1700000000 5000 17 99\n"
				   "container db\ncolour blue\nup db 5100 5200 5300\n"
				   "up\nup db\nup db x\nup web 5400 55";
	char *place = make_directory();
	struct boot_record record;
	struct error err = {0};
	int fd;

	(void)state;
	write_file(place, text);
	assert_int_equal(boot_record_read(place, &record, &err), 1);
	assert_int_equal(record.begin_ms, 5000);
	assert_int_equal(record.began_at, 1700000000);
	assert_int_equal(record.process.pid, 17);
	assert_int_equal(record.count, 1);
	assert_int_equal(record.entries[0].settled_ms, 5300);
	boot_record_clear(&record);
	fd = boot_record_begin(place, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(boot_record_read(place, &record, &err), 1);
	assert_true(record.before_was_cut);
	assert_int_equal(record.count, 0);
	boot_record_clear(&record);
	remove_directory(place);
}

static void critical_path(void **state)
{
	static const char text[] = "boot 01234567-89ab-cdef-0123-456789abcdef 1 100 17 99\n"
				   "container a\ncontainer b a\ncontainer c\ncontainer d b c e\n"
				   "container f\nup a 100 100 400\nup b 400 400 500\nup c 100 100 450\n"
				   "up d 500 500 600\nfailed e 100 700 no\nup f 100 100 300\n";
	char *place = make_directory();
	struct boot_record record;
	size_t count, *path;

	(void)state;
	write_file(place, text);
	assert_int_equal(boot_record_read(place, &record, NULL), 1);
	path = boot_record_critical_path(&record, &count);
	assert_int_equal(count, 3);
	assert_string_equal(record.entries[path[0]].name, "a");
	assert_string_equal(record.entries[path[1]].name, "b");
	assert_string_equal(record.entries[path[2]].name, "d");
	free(path);
	boot_record_clear(&record);
	/* Names that wait for each other, as nobody would write them, come to an end as well. */
	write_file(place, "boot x 1 1 1 1\ncontainer a b\ncontainer b a\nup a 1 1 2\nup b 1 1 3\n");
	assert_int_equal(boot_record_read(place, &record, NULL), 1);
	path = boot_record_critical_path(&record, &count);
	assert_true(count <= 2);
	free(path);
	boot_record_clear(&record);
	remove_directory(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_recorded),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_a_power_cut_has_left),
		cmocka_unit_test(critical_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

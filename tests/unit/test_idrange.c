/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state_fixture.h"

#include <errno.h>

#include "state/idrange.h"

static struct id_range assign(const char *name, uint32_t base, uint32_t size)
{
	struct id_range range = {0};
	struct error err = {0};

	assert_int_equal(idrange_assign(directory, name, base, size, &range, &err), 0);
	return range;
}

static void test_ranges_stay_and_never_overlap(void **data)
{
	struct id_range ranges[50];

	(void)data;
	for (int i = 0; i < 50; i++) {
		AUTO_FREE char *name = xprintf("c%d", i);

		/* Sizes change with the manager file; what is given out stays. */
		ranges[i] = assign(name, 524288, i % 2 ? 65536 : 131072);
		assert_int_equal(ranges[i].host_first % 65536, 0);
	}
	for (int i = 0; i < 50; i++) {
		AUTO_FREE char *name = xprintf("c%d", i);
		struct id_range again = assign(name, 524288, 65536);

		assert_int_equal(again.host_first, ranges[i].host_first);
		assert_int_equal(again.size, ranges[i].size);
		for (int j = 0; j < i; j++)
			assert_true(ranges[i].host_first >= ranges[j].host_first + ranges[j].size ||
				    ranges[j].host_first >= ranges[i].host_first + ranges[i].size);
	}
}

static void test_no_range_left(void **data)
{
	struct id_range range;
	struct error err = {0};

	(void)data;
	assign("last", 4294901760U - 65536, 65536);
	assert_int_equal(idrange_assign(directory, "more", 4294901760U - 65536, 65536, &range, &err),
			 -1);
	assert_int_equal(err.code, ENOSPC);
}

/* A line that is not understood may be a range in use: nothing is given out beside it. */
static void test_damaged_ranges(void **data)
{
#define DAMAGED(string) {string, sizeof(string) - 1}
	static const struct {
		const char *bytes;
		size_t length;
	} texts[] = {
		DAMAGED("web\n"), DAMAGED("web 1\n"), DAMAGED("web 1 2 3\n"), DAMAGED("web 1 2"),
		DAMAGED("\n"), DAMAGED("W 1 2\n"), DAMAGED("web 1 2 chose\n"),
		DAMAGED("web 1 2 chosen 3\n"), DAMAGED("web 1 2  chosen\n"),
		DAMAGED("web 1 2 chosen"), DAMAGED("web 1 2\n\0"), DAMAGED("web 1 2\n\0db 3 4\n"),
		DAMAGED("web 1 2\nweb 3 4\n"),
		DAMAGED("web 1 2 chosen\ndb 5 6\nweb 3 4 chosen\n"),
	};
	struct id_range range;

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error err = {0};
		AUTO_FREE char *path = xprintf("%s/idranges", directory);

		assert_int_equal(fs_rewrite_at(AT_FDCWD, path, texts[i].bytes, texts[i].length,
					       0600, NULL),
				 0);
		assert_int_equal(idrange_assign(directory, "db", 524288, 65536, &range, &err), -1);
		assert_non_null(strstr(err.text, "idranges"));
	}
}

static struct id_range claim(const char *name, uint32_t first, uint32_t size)
{
	struct id_range range = {first, size};
	struct error err = {0};

	assert_int_equal(idrange_check(directory, name, &range, &err), 0);
	assert_int_equal(idrange_claim(directory, name, &range, &err), 0);
	return range;
}

static void assert_refused(const char *name, uint32_t first, uint32_t size, const char *other)
{
	struct id_range range = {first, size};
	struct error err = {0};

	assert_int_equal(idrange_check(directory, name, &range, &err), -1);
	assert_int_equal(err.code, EADDRINUSE);
	assert_non_null(strstr(err.text, name));
	assert_non_null(strstr(err.text, other));
	assert_int_equal(idrange_claim(directory, name, &range, NULL), -1);
}

static char *content(void)
{
	AUTO_FREE char *path = xprintf("%s/idranges", directory);
	struct text text = {0};

	assert_int_equal(fs_read_at(AT_FDCWD, path, 65536, &text, NULL), 0);
	return text.data;
}

static void test_chosen_keeps_clear_of_the_pool(void **data)
{
	struct id_range pool;

	(void)data;
	pool = assign("web", 524288, 65536);
	assert_refused("db", pool.host_first, 65536, "web");
	assert_refused("db", pool.host_first - 10, 11, "web");
	assert_refused("db", pool.host_first + 65535, 6, "web");
	assert_refused("db", 1, UINT32_MAX - 1, "web");
	claim("db", pool.host_first - 10, 10);
	claim("mail", pool.host_first + 65536, 6);
	assert_refused("db", pool.host_first + 65536, 6, "mail");
	/* Its own is no hindrance: "auto" today, chosen tomorrow. */
	claim("web", pool.host_first, 65536);
}

static void test_pool_keeps_clear_of_the_chosen(void **data)
{
	struct id_range first;

	(void)data;
	claim("db", 524288 + 100, 10);
	first = assign("web", 524288, 65536);
	assert_int_equal(first.host_first, 524288 + 65536);
}

static void test_choice_follows_the_file(void **data)
{
	AUTO_FREE char *checked = NULL, *chosen = NULL, *same = NULL, *back = NULL;
	struct id_range range = {1000000, 65536};

	(void)data;
	assign("web", 524288, 65536);
	assert_int_equal(idrange_check(directory, "web", &range, NULL), 0);
	checked = content();
	assert_string_equal(checked, "web 524288 65536\n");
	claim("web", 1000000, 65536);
	claim("db", 3000000, 6);
	claim("web", 2000000, 1000);
	chosen = content();
	assert_string_equal(chosen, "web 524288 65536\ndb 3000000 6 chosen\nweb 2000000 1000 chosen\n");
	claim("web", 2000000, 1000);
	same = content();
	assert_string_equal(same, chosen);
	/* What it had chosen is free again, what the pool gave is there still. */
	assert_int_equal(assign("web", 524288, 65536).host_first, 524288);
	back = content();
	assert_string_equal(back, "web 524288 65536\ndb 3000000 6 chosen\n");
	claim("mail", 1000000, 65536);
	assert_int_equal(assign("mail", 524288, 65536).host_first, 524288 + 65536);
	assert_refused("web", 3000005, 1, "db");
}

/* ---- projects ---- */

static bool is_one_of(uint32_t id, void *data)
{
	for (const uint32_t *ids = data; *ids; ids++)
		if (*ids == id)
			return true;
	return false;
}

static uint32_t assign_project(const char *name, uint32_t *foreign)
{
	struct error err;
	uint32_t project = 0;

	assert_int_equal(idrange_assign_project(directory, name, is_one_of, foreign, &project, &err),
			 0);
	return project;
}

static void test_projects_stay_and_are_nobody_elses(void **data)
{
	uint32_t none[] = {0}, first = assign_project("a", none);
	uint32_t foreign[] = {first, first + 1, first + 3, 0};

	(void)data;
	/* It is the container's by now, whoever else has come to use it. */
	assert_int_equal(assign_project("a", foreign), first);
	assert_int_equal(assign_project("b", foreign), first + 2);
	assert_int_equal(assign_project("c", foreign), first + 4);
	assert_int_equal(assign_project("d", none), first + 1);
	assert_int_equal(assign_project("b", none), first + 2);
}

/* Ids of users and ids of projects have nothing to do with each other. */
static void test_projects_are_no_ranges(void **data)
{
	uint32_t none[] = {0}, project = assign_project("a", none);
	AUTO_FREE char *path = xprintf("%s/projects", directory);
	AUTO_FREE char *line = xprintf("a %u 1 chosen\n", project);
	struct error err = {0};

	(void)data;
	claim("db", project, 6);
	assert_int_equal(assign_project("a", none), project);
	assert_int_equal(fs_rewrite_at(AT_FDCWD, path, line, strlen(line), 0600, NULL), 0);
	assert_int_equal(idrange_assign_project(directory, "b", is_one_of, none, &project, &err), -1);
	assert_non_null(strstr(err.text, "projects"));
}

/* ---- after a power cut ---- */

static char synced[128]; /* what went to disk, in that order: 'f' a file, 'd' a directory */

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && strlen(synced) + 1 < sizeof(synced))
		strcat(synced, S_ISDIR(st.st_mode) ? "d" : "f");
	return 0;
}

static void test_a_changed_choice_is_on_disk(void **data)
{
	struct id_range range = {.host_first = 100000, .size = 65536};

	(void)data;
	assert_int_equal(idrange_claim(directory, "web", &range, NULL), 0);
	range.host_first = 200000;
	synced[0] = '\0';
	assert_int_equal(idrange_claim(directory, "web", &range, NULL), 0);
	assert_string_equal(synced, "fd");
}

static void test_a_new_file_is_on_disk_with_its_name(void **data)
{
	(void)data;
	synced[0] = '\0';
	assert_int_equal(fs_create_at(state.dir_fd, "new", "x", 1, 0600, NULL), 0);
	assert_string_equal(synced, "fd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_ranges_stay_and_never_overlap),
		STATE_TEST(test_no_range_left),
		STATE_TEST(test_damaged_ranges),
		STATE_TEST(test_chosen_keeps_clear_of_the_pool),
		STATE_TEST(test_pool_keeps_clear_of_the_chosen),
		STATE_TEST(test_choice_follows_the_file),
		STATE_TEST(test_projects_stay_and_are_nobody_elses),
		STATE_TEST(test_projects_are_no_ranges),
		STATE_TEST(test_a_changed_choice_is_on_disk),
		STATE_TEST(test_a_new_file_is_on_disk_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

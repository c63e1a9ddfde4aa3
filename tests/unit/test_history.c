/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configurations a container has run with: bounded, in their order, none twice in a row. */
#include "state_fixture.h"

#include <sys/stat.h>

#include "state/history.h"

static void add(const char *how, const char *value)
{
	AUTO_TEXT struct text text = {0};

	text_addf(&text, "%s", value);
	assert_int_equal(0, history_add(directory, "web", how, &text, NULL));
}

static void nothing_is_nothing(void **data)
{
	AUTO_HISTORY struct history history = {0};

	(void)data;
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 0);
}

static void the_same_again_is_not_added(void **data)
{
	AUTO_HISTORY struct history history = {0};
	AUTO_TEXT struct text text = {0};

	(void)data;
	add("up", "one\n");
	add("apply", "one\n");
	add("apply", "two\n");
	add("rollback", "one\n");
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 3);
	assert_int_equal(history.items[0].number, 1);
	assert_string_equal(history.items[0].how, "up");
	assert_string_equal(history.items[1].how, "apply");
	assert_int_equal(history.items[2].number, 3);
	assert_int_equal(0, history_read(&history.items[1], &text, NULL));
	assert_string_equal(text_value(&text), "two\n");
}

/* A command was killed between making the directory and the file in it. */
static void what_was_begun_goes(void **data)
{
	AUTO_FREE char *begun = xprintf("%s/history/web/000002.apply", directory);
	AUTO_HISTORY struct history history = {0};

	(void)data;
	add("up", "one\n");
	assert_int_equal(0, mkdir(begun, 0700));
	add("rollback", "two\n");
	assert_int_equal(-1, access(begun, F_OK));
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 2);
	assert_string_equal(history.items[1].how, "rollback");
}

static void the_oldest_go(void **data)
{
	AUTO_HISTORY struct history history = {0};
	char value[16];

	(void)data;
	for (int i = 1; i <= HISTORY_MAX + 5; i++) {
		snprintf(value, sizeof(value), "%d\n", i);
		add("apply", value);
	}
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, HISTORY_MAX);
	assert_int_equal(history.items[0].number, 6);
	assert_int_equal(history.items[HISTORY_MAX - 1].number, HISTORY_MAX + 5);
}

/* Sorted as numbers are, not as their names. */
static void numbers_that_grow_longer(void **data)
{
	AUTO_FREE char *first = xprintf("%s/history/web/000001.up", directory);
	AUTO_FREE char *late = xprintf("%s/history/web/999999.up", directory);
	AUTO_HISTORY struct history history = {0};

	(void)data;
	add("up", "one\n");
	assert_int_equal(0, rename(first, late));
	add("apply", "two\n");
	add("apply", "three\n");
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 3);
	assert_int_equal(history.items[0].number, 999999);
	assert_int_equal(history.items[2].number, 1000001);
}

static void one_that_was_cut_short_is_none(void **data)
{
	AUTO_HISTORY struct history history = {0};
	AUTO_FREE char *path = xprintf("%s/history/web/000002.apply", directory);

	(void)data;
	add("up", "one\n");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 1);
	add("apply", "two\n");
	history_clear(&history);
	assert_int_equal(0, history_list(directory, "web", &history, NULL));
	assert_int_equal(history.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(nothing_is_nothing),
		STATE_TEST(the_same_again_is_not_added),
		STATE_TEST(what_was_begun_goes),
		STATE_TEST(the_oldest_go),
		STATE_TEST(numbers_that_grow_longer),
		STATE_TEST(one_that_was_cut_short_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void lists_grow(void **state)
{
	AUTO_STRLIST struct strlist list = {0}, copy = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		strlist_add_taken(&list, xprintf("%03d", 999 - i));
		assert_null(list.items[list.count]); /* it can serve as argv at any time */
	}
	assert_int_equal(list.count, 1000);
	strlist_copy(&copy, &list);
	assert_true(strlist_equal(&copy, &list));
	strlist_sort(&copy);
	assert_string_equal(copy.items[0], "000");
	assert_false(strlist_equal(&copy, &list));
	assert_true(strlist_contains(&copy, "500"));
	assert_false(strlist_contains(&copy, "1000"));
	strlist_add(&copy, "x");
	assert_false(strlist_equal(&copy, &list));
}

static void what_is_removed_leaves_an_end(void **state)
{
	AUTO_STRLIST struct strlist list = {0};

	(void)state;
	for (int i = 0; i < 10; i++)
		strlist_add(&list, i % 2 ? "odd" : "even");
	strlist_remove(&list, "odd");
	assert_int_equal(list.count, 5);
	assert_null(list.items[5]);
	strlist_remove(&list, "even");
	assert_int_equal(list.count, 0);
	assert_null(list.items[0]);
	strlist_add(&list, "again");
	assert_null(list.items[1]);
	strlist_clear(&list);
	strlist_remove(&list, "nothing");
	assert_int_equal(list.count, 0);
}

static void empty_lists(void **state)
{
	AUTO_STRLIST struct strlist list = {0}, other = {0};

	(void)state;
	strlist_sort(&list);
	strlist_add(&other, "a");
	strlist_copy(&other, &list);
	assert_int_equal(other.count, 0);
	assert_true(strlist_equal(&list, &other));
	strlist_clear(&list);
	strlist_clear(&list);
}

static void texts_grow(void **state)
{
	AUTO_TEXT struct text text = {0};

	(void)state;
	assert_string_equal(text_value(&text), "");
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%d,", i % 10);
	text_add(&text, "\0x", 2);
	assert_int_equal(text.length, 2002);
	assert_int_equal(text.data[2002], '\0');
	assert_memory_equal(text.data, "0,1,2,3,4,5,6,7,8,9,0,", 22);
}

/* Longer than what is guessed, and longer than what there is room for. */
static void texts_grow_by_much(void **state)
{
	AUTO_TEXT struct text text = {0}, wanted = {0};
	char filler[1000];

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	for (size_t length = 0; length < sizeof(filler); length += 9) {
		text_addf(&text, "%.*s;", (int)length, filler);
		text_add(&wanted, filler, length);
		text_add_string(&wanted, ";");
	}
	assert_int_equal(text.length, wanted.length);
	assert_string_equal(text.data, wanted.data);
}

static void texts_are_cut(void **state)
{
	AUTO_TEXT struct text text = {0};

	(void)state;
	text_cut(&text, 0);
	assert_string_equal(text_value(&text), "");
	text_add_string(&text, "name = ");
	text_cut(&text, 4);
	assert_int_equal(text.length, 4);
	assert_string_equal(text_value(&text), "name");
}

static void comparisons(void **state)
{
	(void)state;
	assert_true(text_equal(NULL, NULL));
	assert_true(text_equal("a", "a"));
	assert_false(text_equal("a", NULL));
	assert_false(text_equal(NULL, "a"));
	assert_true(text_starts_with("abc", "ab"));
	assert_true(text_starts_with("abc", ""));
	assert_false(text_starts_with("a", "ab"));
	assert_true(text_has_line("c 1:3 rwm\nc 5:0 rw\n", "c 1:3 rwm"));
	assert_true(text_has_line("c 1:3 rwm\nc 5:0 rw", "c 5:0 rw"));
	assert_false(text_has_line("c 1:3 rwm\n", "c 1:3 rw"));
	assert_false(text_has_line("c 1:3 rwm\n", "1:3 rwm"));
	assert_true(text_has_line("a\n\nb\n", ""));
	assert_false(text_has_line("", ""));
}

static void sizes_for_people(void **state)
{
	static const struct {
		unsigned long long bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{17, "17 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1536, "1.5 KiB"},
		{512ull << 20, "512 MiB"},
		{3ull << 29, "1.5 GiB"},
		{1ull << 40, "1 TiB"},
		{~0ull, "16384 PiB"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_format_size(out, sizeof(out), cases[i].bytes);
		assert_string_equal(out, cases[i].text);
	}
}

static void durations_for_people(void **state)
{
	static const struct {
		unsigned long long seconds;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{7, "7s"},
		{60, "1m 0s"},
		{312, "5m 12s"},
		{3600, "1h 0m"},
		{86399, "23h 59m"},
		{3 * 86400 + 4 * 3600 + 59, "3d 4h"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_format_duration(out, sizeof(out), cases[i].seconds);
		assert_string_equal(out, cases[i].text);
	}
}

static void nearest_words(void **state)
{
	static const char *const words[] = {"hostname", "command", "dns", "up", "user"};
	char longest[200];

	(void)state;
#define NEAREST(word) text_nearest(word, words, ARRAY_SIZE(words))
	assert_string_equal(NEAREST("hostnme"), "hostname");
	assert_string_equal(NEAREST("hostanme"), "hostname"); /* two letters swapped */
	assert_string_equal(NEAREST("comand"), "command");
	assert_string_equal(NEAREST("dns"), "dns");
	assert_string_equal(NEAREST("dsn"), "dns");
	assert_null(NEAREST("rootfs"));
	assert_null(NEAREST("x"));
	assert_null(NEAREST(""));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(NEAREST(longest));
	assert_null(text_nearest("x", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_grow),       cmocka_unit_test(empty_lists),
		cmocka_unit_test(what_is_removed_leaves_an_end),
		cmocka_unit_test(texts_grow),       cmocka_unit_test(comparisons),
		cmocka_unit_test(texts_grow_by_much), cmocka_unit_test(texts_are_cut),
		cmocka_unit_test(sizes_for_people), cmocka_unit_test(durations_for_people),
		cmocka_unit_test(nearest_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

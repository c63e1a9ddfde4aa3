/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of `cman top`, and the keys that are typed at it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/top_table.h"
#include "kernel/screen.h"

static const struct top_summary summary = {
	.time = "19:12:33",
	.processors = 2,
	.memory = UINT64_C(8) << 30,
};

/* A container of which everything is known; number sets it apart. */
static struct stats_item make_item(char *name, unsigned int number)
{
	struct stats_item item = {
		.name = name,
		.running = true,
		.memory_limit = UINT64_C(1) << 30,
		.pids_limit = 512,
		.cpu_quota_us = 50000,
		.now = {.at_us = 2, .usage = {.memory = (uint64_t)number << 20, .pids = number}},
	};

	return item;
}

static struct top_row make_row(const struct stats_item *item, double value)
{
	return (struct top_row){
		.item = item,
		.uptime = 93784, /* 1d 2h */
		.rates = {.cpu = value,
			  .cpu_of_limit = value * 2,
			  .memory_of_limit = value,
			  .pids_of_limit = 1,
			  .throttled = NAN,
			  .read = value * 1024,
			  .written = 0,
			  .received = value * 10,
			  .sent = 5},
	};
}

/* The lines of a frame without its sequences. Takes the text. */
static struct strlist lines_of(struct text *frame)
{
	AUTO_TEXT struct text plain = {0};
	struct strlist lines = {0};
	char *position = NULL;

	text_add(&plain, ".", 1); /* strtok takes no empty ones */
	for (const char *c = text_value(frame); *c; c++) {
		if (*c == '\033') {
			c += 2 + strspn(c + 2, "0123456789;?");
			assert_true(*c != '\0');
		} else if (*c != '\r') {
			text_add(&plain, c, 1);
			if (*c == '\n')
				text_add(&plain, ".", 1);
		}
	}
	for (char *line = strtok_r(plain.data, "\n", &position); line;
	     line = strtok_r(NULL, "\n", &position))
		strlist_add(&lines, line + 1);
	text_clear(frame);
	return lines;
}

static struct strlist draw(const struct top_row *rows, size_t count, struct top_view *view)
{
	struct text frame = {0};

	top_draw(rows, count, &summary, view, &frame);
	return lines_of(&frame);
}

/* At any size: as many lines as the terminal has, none wider, and the columns one below the other. */
static void a_frame_fits_its_terminal(void **state)
{
	static char names[3][64] = {"web", "a-name-of-no-less-than-forty-characters-x", "db"};
	struct stats_item items[3];
	struct top_row rows[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		items[i] = make_item(names[i], i + 1);
		rows[i] = make_row(&items[i], i * 41.5);
	}
	items[2].paused = true;
	for (unsigned int height = 1; height < 12; height++) {
		for (unsigned int width = 1; width < 260; width++) {
			struct top_view view = {.rows = height, .columns = width, .color = width % 2};
			AUTO_STRLIST struct strlist lines = draw(rows, 3, &view);

			if (lines.count != height)
				fail_msg("%u by %u: %zu lines", height, width, lines.count);
			for (size_t i = 0; i < lines.count; i++)
				if (strlen(lines.items[i]) > width)
					fail_msg("%u by %u: \"%s\"", height, width, lines.items[i]);
			if (height < 7 || width < 50)
				continue;
			/* numbers end below the end of their titles */
			for (size_t row = 2; row < 5; row++) {
				const char *title = strstr(lines.items[1], " MEM ");
				const char *cell = lines.items[row] + (title - lines.items[1]) + 3;

				if (!strchr("KMG", *cell) || cell[1] != ' ')
					fail_msg("%u wide: \"%s\"", width, lines.items[row]);
			}
		}
	}
}

static void what_is_shown_follows_from_the_width(void **state)
{
	static char name[] = "web";
	struct stats_item item = make_item(name, 12);
	struct top_row row = make_row(&item, 41.5);
	struct top_view view = {.rows = 24, .columns = 80};
	AUTO_STRLIST struct strlist usual = {0}, wide = {0}, narrow = {0};

	(void)state;
	usual = draw(&row, 1, &view);
	assert_string_equal(usual.items[0],
			    "cman top  19:12:33  1 running  cpu 42% of 200%  memory 12M of 8.0G");
	assert_string_equal(
		usual.items[1],
		"NAME          CPU%  LIM%   MEM LIMIT  MEM% TASKS  READ/s WRITE/s   RX/s   TX/s  ");
	assert_string_equal(
		usual.items[2],
		"web           41.5  83.0   12M  1.0G  41.5    12     42K       0    415      5");
	assert_string_equal(usual.items[23],
			    "q quit  c cpu  m memory  p tasks  i io  n net  N name  r reverse  ");
	view.columns = 200;
	wide = draw(&row, 1, &view);
	assert_non_null(strstr(wide.items[1], "THR%"));
	assert_non_null(strstr(wide.items[1], "WAIT-IO    UPTIME"));
	assert_non_null(strstr(wide.items[2], "1d 2h"));
	view.columns = 50;
	narrow = draw(&row, 1, &view);
	assert_null(strstr(narrow.items[1], "READ/s"));
	assert_non_null(strstr(narrow.items[1], "TX/s"));
}

static void rows_are_sorted(void **state)
{
	static char names[4][8] = {"a", "b", "c", "d"};
	struct stats_item items[4];
	struct top_row rows[4];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		items[i] = make_item(names[i], 10 - i);
		rows[i] = make_row(&items[i], i);
	}
	rows[3].rates.cpu = NAN; /* d: not known, last either way */
	top_sort(rows, 4, TOP_CPU, false);
	assert_string_equal(rows[0].item->name, "c");
	assert_string_equal(rows[3].item->name, "d");
	top_sort(rows, 4, TOP_CPU, true);
	assert_string_equal(rows[0].item->name, "a");
	assert_string_equal(rows[3].item->name, "d");
	top_sort(rows, 4, TOP_MEMORY, false);
	assert_string_equal(rows[0].item->name, "a");
	top_sort(rows, 4, TOP_TASKS, true);
	assert_string_equal(rows[0].item->name, "d");
	top_sort(rows, 4, TOP_IO, false);
	assert_string_equal(rows[0].item->name, "d");
	top_sort(rows, 4, TOP_NETWORK, true);
	assert_string_equal(rows[0].item->name, "a");
	top_sort(rows, 4, TOP_NAME, false);
	assert_string_equal(rows[0].item->name, "a");
	top_sort(rows, 4, TOP_NAME, true);
	assert_string_equal(rows[0].item->name, "d");
	top_sort(NULL, 0, TOP_NAME, true);
}

static void rows_scroll(void **state)
{
	static char names[30][8];
	struct stats_item items[30];
	struct top_row rows[30];
	struct top_view view = {.rows = 14, .columns = 100, .first = 25};
	AUTO_STRLIST struct strlist lines = {0}, middle = {0};

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		snprintf(names[i], sizeof(names[i]), "c%02u", i);
		items[i] = make_item(names[i], i);
		rows[i] = make_row(&items[i], 1);
	}
	assert_int_equal(top_page(&view), 10);
	lines = draw(rows, 30, &view);
	assert_int_equal(view.first, 20);
	assert_memory_equal(lines.items[2], "c20", 3);
	assert_memory_equal(lines.items[11], "c29", 3);
	assert_non_null(strstr(lines.items[13], "  21-30 of 30"));
	assert_int_equal(strlen(lines.items[13]), 100);
	view.first = 3;
	middle = draw(rows, 30, &view);
	assert_memory_equal(middle.items[2], "c03", 3);
}

/* By colour where there are any, and by weight where there are none. */
static void what_is_near_its_limit_stands_out(void **state)
{
	static char name[] = "web";
	struct stats_item item = make_item(name, 12);
	struct top_row row = make_row(&item, 1);
	struct top_view view = {.rows = 5, .columns = 120, .color = true};
	AUTO_TEXT struct text frame = {0}, plain = {0};

	(void)state;
	row.rates.memory_of_limit = 97.5;
	row.rates.cpu_of_limit = 80;
	top_draw(&row, 1, &summary, &view, &frame);
	assert_non_null(strstr(text_value(&frame), "\033[1;31m97.5\033[0m"));
	assert_non_null(strstr(text_value(&frame), "\033[1;33m80.0\033[0m"));
	view.color = false;
	top_draw(&row, 1, &summary, &view, &plain);
	assert_non_null(strstr(text_value(&plain), "\033[1m97.5\033[0m"));
	assert_null(strstr(text_value(&plain), "\033[1;3"));
}

static void nothing_runs(void **state)
{
	struct top_view view = {.rows = 10, .columns = 80, .first = 7};
	AUTO_STRLIST struct strlist lines = draw(NULL, 0, &view);

	(void)state;
	assert_int_equal(lines.count, 10);
	assert_string_equal(lines.items[3], "nothing runs");
	assert_int_equal(view.first, 0);
}

static void bytes_are_short(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0"},        {1023, "1023"}, {1023.6, "1.0K"},  {1024, "1.0K"},
		{10188, "9.9K"}, {10200, "10K"}, {1048064, "1.0M"}, {1047000, "1022K"},
		{1e18, "888P"},  {NAN, "-"},
	};
	char text[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		top_format_bytes(cases[i].bytes, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void keys_are_told_apart(void **state)
{
	static const struct {
		const char *bytes;
		size_t used;
		int key;
	} cases[] = {
		{"q", 1, 'q'},
		{"mq", 1, 'm'},
		{"\033[Aq", 3, SCREEN_UP},
		{"\033OB", 3, SCREEN_DOWN},
		{"\033[5~q", 4, SCREEN_PAGE_UP},
		{"\033[6~", 4, SCREEN_PAGE_DOWN},
		{"\033[1~", 4, SCREEN_HOME},
		{"\033[F", 3, SCREEN_END},
		/* others are passed over as a whole: no letter of them is a command */
		{"\033[15~q", 5, SCREEN_OTHER_KEY},
		{"\033[1;5Cq", 6, SCREEN_OTHER_KEY},
		{"\033OPq", 3, SCREEN_OTHER_KEY},
		{"\033", 1, SCREEN_OTHER_KEY},
		{"\033q", 1, SCREEN_OTHER_KEY},
		{"\033[", 2, SCREEN_OTHER_KEY},
		{"\033[1;", 4, SCREEN_OTHER_KEY},
		{"\xc3\xa4", 1, 0xc3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int key = 0;
		size_t used = screen_parse_key(cases[i].bytes, strlen(cases[i].bytes), &key);

		if (used != cases[i].used || key != cases[i].key)
			fail_msg("case %zu: key %d of %zu bytes", i, key, used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_fits_its_terminal),
		cmocka_unit_test(what_is_shown_follows_from_the_width),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(rows_scroll),
		cmocka_unit_test(what_is_near_its_limit_stands_out),
		cmocka_unit_test(nothing_runs),
		cmocka_unit_test(bytes_are_short),
		cmocka_unit_test(keys_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

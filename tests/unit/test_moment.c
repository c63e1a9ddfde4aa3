/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/moment.h"

#define SECOND UINT64_C(1000000)
/* 2026-11-22T18:30:05Z */
#define NOW (UINT64_C(1795372205) * SECOND)

static void expect(const char *text, uint64_t wanted)
{
	struct error err = {0};
	uint64_t moment = 0;

	if (moment_parse(text, NOW, &moment, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	if (moment != wanted)
		fail_msg("%s: %llu, not %llu", text, (unsigned long long)moment,
			 (unsigned long long)wanted);
}

static void moments_are_read(void **state)
{
	(void)state;
	expect("10m", NOW - 600 * SECOND);
	expect("1h30m", NOW - 5400 * SECOND);
	expect("100000d", 0);
	expect("2026-11-22T18:30:05Z", NOW);
	expect("2026-11-22T18:30:05.25Z", NOW + SECOND / 4);
	expect("2026-11-22T18:30:05.1234567Z", NOW + 123456);
	expect("2026-11-22 19:30:05+01:00", NOW);
	expect("2026-11-22 18:00:05-00:30", NOW);
	/* main() has set the time zone two hours east */
	expect("2026-11-22 20:30:05", NOW);
	expect("2026-11-22T20:30", NOW - 5 * SECOND);
	expect("20:30", NOW - 5 * SECOND);
	expect("20:30:05", NOW);
	expect("2026-11-22", NOW - (20 * 3600 + 30 * 60 + 5) * SECOND);
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const bad[] = {
		"",           "yesterday",
		"18",         "18:61",
		"2026-02-31", "10m x",
		"2026-13-01", "18:30+25:00",
		"18:30:05.",  "2026-11-22T18:30:05Zx",
		"18:30z",     "18:30+1:00",
		"18:30.5",    "1969-12-31T00:00Z",
	};
	struct error err;
	uint64_t moment;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		error_clear(&err);
		if (moment_parse(bad[i], NOW, &moment, &err) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_non_null(strstr(err.text, "is no time"));
		assert_true(err.hint[0] != '\0');
	}
}

static void moments_are_printed(void **state)
{
	char text[MOMENT_TEXT_MAX];
	uint64_t again;

	(void)state;
	moment_format_utc(NOW + 42, text);
	assert_string_equal(text, "2026-11-22T18:30:05.000042Z");
	assert_int_equal(moment_parse(text, 0, &again, NULL), 0);
	assert_true(again == NOW + 42);
	moment_format_local(NOW + 42999, text);
	assert_string_equal(text, "2026-11-22 20:30:05.042");
	moment_format_local_seconds(NOW / 1000000, text);
	assert_string_equal(text, "2026-11-22 20:30:05");
	moment_format_seconds(NOW / 1000000, text);
	assert_string_equal(text, "2026-11-22 20:30:05 +0200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_read),
		cmocka_unit_test(what_is_no_moment_is_refused),
		cmocka_unit_test(moments_are_printed),
	};

	setenv("TZ", "EAST-2", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

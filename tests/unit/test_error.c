/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "base/error.h"

static void it_collects_its_story(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_set(&err, ENOENT, "open %s", "memory.max"), -1);
	assert_int_equal(error_wrap(&err, "limit memory to %d bytes", 4096), -1);
	assert_int_equal(error_wrap(&err, "web"), -1);
	assert_string_equal(err.text, "web: limit memory to 4096 bytes: open memory.max:"
				      " No such file or directory");
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.hint, "");
	error_set(&err, 0, "plain");
	assert_string_equal(err.text, "plain");
	error_set(&err, EPERM, "%s", "");
	assert_string_equal(err.text, "Operation not permitted");
}

static void the_first_hint_stays(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, 0, "x");
	error_hint(&err, "do %s", "this");
	error_hint(&err, "do that");
	error_wrap(&err, "y");
	assert_string_equal(err.hint, "do this");
	error_set(&err, 0, "z");
	assert_string_equal(err.hint, "");
	error_clear(&err);
	assert_string_equal(err.text, "");
}

static void nobody_has_to_care(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, EIO, "x"), -1);
	assert_int_equal(error_wrap(NULL, "x"), -1);
	assert_int_equal(error_hint(NULL, "x"), -1);
	error_clear(NULL);
}

/* However long the story gets, the reason is not lost and nothing is overrun. */
static void long_stories(void **state)
{
	struct error err;
	char context[4000];

	(void)state;
	memset(context, 'c', sizeof(context) - 1);
	context[sizeof(context) - 1] = '\0';
	error_set(&err, ENOSPC, "write record");
	for (int i = 0; i < 10; i++)
		error_wrap(&err, "%s", context);
	assert_true(strlen(err.text) < sizeof(err.text));
	error_set(&err, ENOSPC, "write record");
	error_wrap(&err, "%s", context);
	assert_non_null(strstr(err.text, "write record: No space left on device"));
	error_set(&err, ENOSPC, "write %s", context);
	assert_non_null(strstr(err.text, "ccc: No space left on device"));
	assert_int_equal(strncmp(err.text, "write ccc", 9), 0);
	assert_non_null(strstr(err.text, "ccc...ccc"));
	error_wrap(&err, "web");
	assert_int_equal(strncmp(err.text, "web: write ccc", 14), 0);
	assert_string_equal(err.text + strlen(err.text) - 4, "vice");
	error_set(&err, 0, "%s", context);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	error_wrap(&err, "short");
	assert_int_equal(strncmp(err.text, "short: ccc", 10), 0);
	error_hint(&err, "%s", context);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

static void nothing_for_the_terminal(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, 0, "a\033[2Jb\nc\177");
	assert_string_equal(err.text, "a?[2Jb?c?");
	error_wrap(&err, "x\ry");
	error_hint(&err, "\a");
	assert_string_equal(err.text, "x?y: a?[2Jb?c?");
	assert_string_equal(err.hint, "?");
	error_set(&err, 0, "\303\274"); /* UTF-8 stays */
	assert_string_equal(err.text, "\303\274");
	/* The one-byte CSI, as UTF-8 and alone; a sequence that is cut off. */
	error_set(&err, 0, "\302\233\061m \233\061m \342\202\254 \342\202");
	assert_string_equal(err.text, "??1m ?1m \342\202\254 ??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_collects_its_story),    cmocka_unit_test(the_first_hint_stays),
		cmocka_unit_test(nobody_has_to_care),       cmocka_unit_test(long_stories),
		cmocka_unit_test(nothing_for_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/json.h"

static void expect_printed(const struct json *json, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	json_print(json, stream);
	fclose(stream);
	assert_string_equal(text, expected);
	free(text);
}

static void members_keep_their_order(void **state)
{
	AUTO_JSON struct json *object = json_new_object();
	AUTO_STRLIST struct strlist strings = {0};

	(void)state;
	strlist_add(&strings, "8080:80");
	json_add_text(object, "name", "web");
	json_add_number(object, "pid", 17);
	json_add_bool(object, "oom_killed", false);
	json_add_strings(object, "ports", &strings);
	expect_printed(object, "{\n  \"name\": \"web\",\n  \"pid\": 17,\n  \"oom_killed\": false,\n"
			       "  \"ports\": [\n    \"8080:80\"\n  ]\n}\n");
}

static void unknown_is_null(void **state)
{
	AUTO_JSON struct json *object = json_new_object();

	(void)state;
	json_add_text(object, "file", NULL);
	json_add_number(object, "memory", UINT64_MAX);
	json_add_number(object, "largest", INT64_MAX);
	expect_printed(object, "{\n  \"file\": null,\n  \"memory\": null,\n"
			       "  \"largest\": 9223372036854775807\n}\n");
}

static void lists_nest(void **state)
{
	AUTO_JSON struct json *list = json_new_list();
	struct json *inner = json_new_object();

	(void)state;
	expect_printed(list, "[]\n");
	json_add(inner, "list", json_new_list());
	json_append(list, inner);
	expect_printed(list, "[\n  {\n    \"list\": []\n  }\n]\n");
}

static void any_bytes_make_valid_json(void **state)
{
	AUTO_JSON struct json *object = json_new_object();

	(void)state;
	json_add_text(object, "good", "gr\xc3\xbcn \"\\ \n\x01");
	json_add_text(object, "bad",
		      "a\xff\xfe"
		      "b");
	expect_printed(object, "{\n  \"good\": \"gr\xc3\xbcn \\\"\\\\ \\n\\u0001\",\n"
			       "  \"bad\": \"a??b\"\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(lists_nest),
		cmocka_unit_test(any_bytes_make_valid_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

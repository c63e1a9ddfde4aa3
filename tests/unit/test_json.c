/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

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

static void add_member(void *data, const char *key, const char *value)
{
	text_addf(data, "%s=%s;", key, value);
}

static void a_line_is_read_again(void **state)
{
	AUTO_JSON struct json *object = json_new_object(), *again = NULL;
	struct json *more = json_new_object();
	AUTO_STRLIST struct strlist keys = {0};
	AUTO_TEXT struct text line = {0}, members = {0};
	struct error err = {0};

	(void)state;
	json_add_text(object, "name", "web");
	json_add_number(more, "exit_status", 3);
	json_add_bool(more, "oom", true);
	json_add_text(more, "why", NULL);
	json_add(more, "list", json_new_list());
	strlist_add(&keys, "a");
	strlist_add(&keys, "b c");
	json_add_strings(more, "keys", &keys);
	json_merge(object, more);
	json_add_line(object, &line);
	assert_string_equal(text_value(&line),
			    "{\"name\":\"web\",\"exit_status\":3,"
			    "\"oom\":true,\"why\":null,\"list\":[],\"keys\":[\"a\",\"b c\"]}");
	again = json_parse_object(line.data, line.length, &err);
	assert_non_null(again);
	assert_string_equal(json_get_text(again, "name"), "web");
	assert_null(json_get_text(again, "exit_status"));
	assert_null(json_get_text(again, "none"));
	json_visit(again, add_member, &members);
	assert_string_equal(text_value(&members),
			    "name=web;exit_status=3;oom=true;why=-;keys=a b c;");
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "3", "{\"a\":1} x", "{\"a\":\"\xff\"}"};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		error_clear(&err);
		assert_null(json_parse_object(texts[i], strlen(texts[i]), &err));
		assert_true(err.text[0] != '\0');
	}
}

static void unknown_reals_are_null(void **state)
{
	AUTO_JSON struct json *object = json_new_object();

	(void)state;
	json_add_real(object, "percent", 33.3);
	json_add_real(object, "unknown", __builtin_nan(""));
	expect_printed(object, "{\n  \"percent\": 33.3,\n  \"unknown\": null\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(lists_nest),
		cmocka_unit_test(any_bytes_make_valid_json),
		cmocka_unit_test(a_line_is_read_again),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(unknown_reals_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config/arguments.h: keys of the command line in the language of the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/arguments.h"

static void assert_printed(const char *const assignments[], const char *wanted)
{
	AUTO_ARGUMENTS struct arguments arguments = {0};
	AUTO_TEXT struct text text = {0};
	struct error err = {0};

	for (; *assignments; assignments++)
		assert_int_equal(arguments_add(&arguments, *assignments, &err), 0);
	arguments_print(&arguments, &text);
	assert_string_equal(text_value(&text), wanted);
}

static void test_values(void **state)
{
	(void)state;
	assert_printed(
		(const char *const[]){"hostname=web", "limits.memory=256M", "limits.pids=5",
				      "readonly=true", NULL},
		"hostname = \"web\";\nlimits : { memory = \"256M\"; pids = 5; };\nreadonly = true;\n");
	/* Quoted already, or no text. */
	assert_printed(
		(const char *const[]){"a=\"b c\"", "a=[ 1 ]", "a=( { b = 1; } )", "a={}", "a=-1",
				      "a=0x1F", "a=1.5", "a=+2", NULL},
		"a = \"b c\";\na = [ 1 ];\na = ( { b = 1; } );\na = {};\na = -1;\na = 0x1F;\na = 1.5;\na = +2;\n");
	/* None of these is a number. */
	assert_printed(
		(const char *const[]){"a=", "a=1.2.3", "a=0x", "a=-", "a=1 ", "a=trueish", "a=b=c",
				      NULL},
		"a = \"\";\na = \"1.2.3\";\na = \"0x\";\na = \"-\";\na = \"1 \";\na = \"trueish\";\na = \"b=c\";\n");
}

/* What a string is made of leads out of none. */
static void test_quotes(void **state)
{
	(void)state;
	assert_printed((const char *const[]){"a=b\"; user = \"root", "a=\\", "a=x\ny", NULL},
		       "a = \"b\\\"; user = \\\"root\";\na = \"\\\\\";\na = \"x\\ny\";\n");
}

static void test_groups(void **state)
{
	(void)state;
	assert_printed((const char *const[]){"a.b.c=1", "x=1", "a.d=2", "a.b.e=3", "ab.c=4", NULL},
		       "a : { b : { c = 1; e = 3; }; d = 2; };\nx = 1;\nab : { c = 4; };\n");
}

static void test_no_key(void **state)
{
	static const char *const wrong[] = {"",     "=",    "=x",    "key",   "a..b=1",
					    ".a=1", "a.=1", "a b=1", "a;b=1", "a\"=1"};
	AUTO_ARGUMENTS struct arguments arguments = {0};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(arguments_add(&arguments, wrong[i], &err), -1);
	assert_int_equal(arguments.keys.count, 0);
	assert_string_equal(err.text, "\"a\"=1\" is not KEY=VALUE");
}

static void test_lists(void **state)
{
	char *items[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t) "echo \"x\"", NULL};
	const struct strlist list = {items, 3}, none = {0};
	AUTO_ARGUMENTS struct arguments arguments = {0};
	AUTO_TEXT struct text text = {0};

	(void)state;
	arguments_add_strings(&arguments, "command", &list);
	arguments_add_strings(&arguments, "net.ports", &none);
	arguments_add_string(&arguments, "rootfs", "/srv/a b");
	assert_true(arguments_have_group(&arguments, "net"));
	assert_false(arguments_have_group(&arguments, "ne"));
	assert_false(arguments_have_group(&arguments, "rootfs"));
	arguments_print(&arguments, &text);
	assert_string_equal(text.data, "command = [ \"/bin/sh\", \"-c\", \"echo \\\"x\\\"\" ];\n"
				       "net : { ports = [  ]; };\nrootfs = \"/srv/a b\";\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_groups), cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

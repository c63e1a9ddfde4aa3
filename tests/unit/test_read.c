/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our reading of a file and libconfig's must be one; both are asked about everything here. */
#include "config_test.h"

#include "config/node.h"
#include "config/read.h"

/* Reads a text; what was said about it is added to printed. */
static enum read_status read_string(const char *text, struct node *root, struct text *printed)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	enum read_status status = read_text("text", text, &diagnostics, root);

	diagnostics_sort(&diagnostics);
	print_all(&diagnostics, printed);
	return status;
}

static const char *type_letter(enum node_type type)
{
	return (const char *[]){"{", "(", "[", "s", "i", "f", "b", "?"}[type];
}

/* "a=i1 b={c=sx }": types and values of a tree. */
static void describe(const struct node *node, struct text *out)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &node->children[i];

		if (child->name)
			text_addf(out, "%s=", child->name);
		text_addf(out, "%s", type_letter(child->type));
		if (child->type == NODE_STRING)
			text_addf(out, "%s", child->string);
		else if (child->type == NODE_INTEGER)
			text_addf(out, "%lld", (long long)child->integer);
		else if (child->type == NODE_FLOAT)
			text_addf(out, "%g", child->real);
		else if (child->type == NODE_BOOLEAN)
			text_addf(out, "%d", child->boolean);
		text_addf(out, " ");
		if (child->type <= NODE_ARRAY) {
			describe(child, out);
			text_addf(out, "end ");
		}
	}
}

static void expect_tree(const char *text, const char *expected)
{
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO_TEXT struct text printed = {0}, out = {0};

	assert_int_equal(read_string(text, &root, &printed), READ_COMPLETE);
	assert_string_equal(text_value(&printed), "");
	describe(&root, &out);
	assert_string_equal(text_value(&out), expected);
}

static void trees(void **state)
{
	(void)state;
	expect_tree("", "");
	expect_tree("# nothing", "");
	expect_tree("a = 1; b : 2, c = 3 d = 4", "a=i1 b=i2 c=i3 d=i4 ");
	expect_tree("a = \"x\" \"y\"\n\"z\";", "a=sxyz ");
	expect_tree("a = { b = { }; c = [ ]; d = ( ); };", "a={ b={ end c=[ end d=( end end ");
	expect_tree("a = (1, \"x\", { b = TRUE; }, [ 1.5, 2. ]);",
		    "a=( i1 sx { b=b1 end [ f1.5 f2 end "
		    "end ");
	expect_tree("a = [ 1L, 0x10L ]; b = -2147483648;", "a=[ i1 i16 end b=i-2147483648 ");
	expect_tree("\xef\xbb\xbf"
		    "a = 1 // end",
		    "a=i1 ");
	expect_tree("a-*_1 = \"\\x41\\\\\";", "a-*_1=sA\\ ");
}

/* Every one of these once was, or may become, a place where the two differ. */
static void faults(void **state)
{
	static const struct {
		const char *text;
		enum read_status status;
		const char *message;
	} cases[] = {
		{"a = 1;;", READ_PARTIAL, "text:1:7: error: a ; too many"},
		{";", READ_PARTIAL, "text:1:1: error: a ; too many"},
		{"a", READ_PARTIAL, "text:1:1: error: missing = behind \"a\""},
		{"a =", READ_PARTIAL, "text:1:1: error: \"a\" has no value"},
		{"a = b", READ_PARTIAL, "text:1:5: error: b is no value"},
		{"a = [1, 2.0];", READ_PARTIAL, "text:1:9: error: the elements of an array"},
		{"a = [1, 2L];", READ_PARTIAL, "text:1:9: error: the elements of an array"},
		{"a = [1, \"x\"];", READ_PARTIAL, "text:1:9: error: the elements of an array"},
		{"a = [[1]];", READ_PARTIAL, "text:1:6: error: an array [ ] holds plain values only"},
		{"a = [{}];", READ_PARTIAL, "text:1:6: error: an array [ ] holds plain values only"},
		{"a = (1;2);", READ_PARTIAL, "text:1:7: error: elements are separated by commas"},
		{"a = (1 2);", READ_PARTIAL, "text:1:8: error: missing comma between two elements"},
		{"a = (1,);", READ_PARTIAL, "text:1:7: error: a comma behind the last element"},
		{"a = [,1];", READ_PARTIAL, "text:1:6: error: a value is missing here"},
		{"a = { , };", READ_PARTIAL, "text:1:7: error: a , too many"},
		{"a = { b = 1;", READ_NOTHING, "text:1:5: error: this { is never closed"},
		{"a = (1", READ_NOTHING, "text:1:5: error: this ( is never closed"},
		{"a = 1 }", READ_NOTHING, "text:1:7: error: this } closes nothing"},
		{"a = (1]", READ_NOTHING,
		 "text:1:7: error: expected ) to close the ( of line 1, found ]"},
		{"true = 1;", READ_PARTIAL, "text:1:1: error: expected the name of a setting"},
		{"a.b = 1;", READ_PARTIAL, "text:1:1: error: unknown key \"a.b\""},
		{"_a = 1;", READ_PARTIAL, "text:1:1: error: unknown key \"_a\""},
		{"a = 1; a = 2;", READ_PARTIAL,
		 "text:1:8: error: \"a\" is set twice, first in line 1"},
		{"a = 1 \"x\";", READ_PARTIAL,
		 "text:1:7: error: unexpected text behind the value of \"a\""},
		{"a = 1b = 2;", READ_PARTIAL, "text:1:5: error: 1b is no value"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_NODE struct node root = {.type = NODE_BROKEN};
		AUTO_TEXT struct text printed = {0};
		enum read_status status = read_string(cases[i].text, &root, &printed);

		if (status != cases[i].status ||
		    !text_starts_with(text_value(&printed), cases[i].message))
			fail_msg("%s: status %d, %s", cases[i].text, status, text_value(&printed));
	}
}

static void places_of_settings(void **state)
{
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO_TEXT struct text printed = {0};
	const struct node *group, *value;

	(void)state;
	assert_int_equal(read_string("\nlimits : {\n\tmemory = \"64M\";\n};", &root, &printed),
			 READ_COMPLETE);
	group = node_find(&root, "limits");
	assert_int_equal(group->name_at.line, 2);
	assert_int_equal(group->name_at.column, 1);
	assert_int_equal(group->name_at.length, 6);
	assert_int_equal(group->at.column, 10);
	value = node_find(group, "memory");
	assert_int_equal(value->name_at.line, 3);
	assert_int_equal(value->name_at.column, 2);
	assert_int_equal(value->at.column, 11);
	assert_int_equal(value->at.length, 5);
	assert_string_equal(value->at.file, "text");
	assert_null(node_find(group, "limits"));
	assert_null(node_find(NULL, "limits"));
}

static void deep_and_wide(void **state)
{
	AUTO_NODE struct node root = {.type = NODE_BROKEN}, wide = {.type = NODE_BROKEN};
	AUTO_TEXT struct text text = {0}, printed = {0};

	(void)state;
	text_addf(&text, "a = ");
	for (int i = 0; i < 100000; i++)
		text_add(&text, "(", 1);
	assert_int_equal(read_string(text.data, &root, &printed), READ_NOTHING);
	assert_non_null(strstr(printed.data, "more than 32 brackets inside one another"));
	text_clear(&text);
	text_clear(&printed);
	for (int i = 0; i < 4097; i++)
		text_addf(&text, "a%d = 1;\n", i);
	assert_int_equal(read_string(text.data, &wide, &printed), READ_PARTIAL);
	assert_non_null(strstr(printed.data, "more than 4096 settings in one group"));
}

/* A small generator of its own: the same sequence everywhere. */
static unsigned int draw(uint64_t *seed, unsigned int below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(*seed >> 33) % below;
}

/*
 * Pieces of the language put together at random: whatever we take for good, libconfig must take
 * for the same. (It may refuse nothing that we accept; what we refuse is our affair.)
 */
static void libconfig_agrees(void **state)
{
	static const char *const pieces[] = {
		"a",
		"b",
		"name",
		"x-1",
		"*",
		"=",
		"=",
		"=",
		":",
		";",
		";",
		",",
		"{",
		"}",
		"[",
		"]",
		"(",
		")",
		"\"s\"",
		"\"\"",
		"\"\\x41\\n\"",
		"\"\\\\\"",
		"1",
		"-1",
		"+2",
		"0x1f",
		"7L",
		"8LL",
		"1.5",
		".5",
		"1e3",
		"2.",
		"true",
		"FALSE",
		" ",
		"\n",
		"\t",
		"# c\n",
		"// d\n",
		"/* e */",
		"\r\n",
		"a = 1;",
		"b : { c = 2; };",
		"d = [ 1, 2 ];",
		"e = ( \"x\", 3 );",
		"\"two\" \"parts\"",
		"@",
		"0x",
		"1.2.3",
		"\\",
		"2147483647",
		"-2147483648",
		"0x7fffffff",
		"9223372036854775807L",
	};
	uint64_t seed = 1;
	size_t complete = 0;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		AUTO_NODE struct node root = {.type = NODE_BROKEN};
		AUTO_TEXT struct text text = {0}, printed = {0};
		unsigned int count = 1 + draw(&seed, 12);

		text_add(&text, "", 0);
		while (count-- > 0)
			text_addf(&text, "%s%s", pieces[draw(&seed, ARRAY_SIZE(pieces))],
				  draw(&seed, 2) ? " " : "");
		complete += read_string(text.data, &root, &printed) == READ_COMPLETE;
		if (strstr(text_value(&printed), "libconfig"))
			if (strstr(text_value(&printed), "a bug of cman"))
				fail_msg("%s\n%s", text.data, printed.data);
	}
	assert_true(complete > 1000);
}

/* Files of the fixtures with bytes changed, cut and doubled: no crash, no disagreement. */
static void damaged_files(void **state)
{
	static const char *const files[] = {"valid/everything.conf", "valid/syntax.conf",
					    "invalid/tabs-and-utf8.conf", "container.conf"};
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 8000; i++) {
		AUTO_FREE char *path = xprintf("%s/%s", FIXTURES, files[i % (int)ARRAY_SIZE(files)]);
		AUTO_NODE struct node root = {.type = NODE_BROKEN};
		AUTO_TEXT struct text text = {0}, printed = {0};

		read_whole_file(path, &text);
		for (unsigned int changes = 1 + draw(&seed, 4); changes > 0; changes--) {
			unsigned int at = draw(&seed, (unsigned int)text.length);

			if (draw(&seed, 3) == 0)
				text.data[at] = (char)(1 + draw(&seed, 255));
			else if (draw(&seed, 2) == 0)
				text.data[at] = "{}[]();,=\"\\/*#\n"[draw(&seed, 15)];
			else
				memmove(text.data + at, text.data + at + 1, text.length - at);
		}
		if (draw(&seed, 4) == 0)
			text.data[draw(&seed, (unsigned int)text.length)] = '\0';
		read_string(text.data, &root, &printed);
		if (strstr(text_value(&printed), "a bug of cman"))
			fail_msg("%s\n%s", text.data, printed.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),
		cmocka_unit_test(faults),
		cmocka_unit_test(places_of_settings),
		cmocka_unit_test(deep_and_wide),
		cmocka_unit_test(libconfig_agrees),
		cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_test.h"

#include "config/lexer.h"

/* Cuts text into tokens and prints each as TYPE:LINE:COLUMN+LENGTH(TEXT). */
static void lex(const char *text, struct text *out, struct diagnostics *diagnostics)
{
	static const char *const types[] = {"end",       "name",  "word",    "string",
					    "integer",   "float", "boolean", "=",
					    "separator", "open",  "close"};
	struct source *source = source_get("lexer-test");
	struct token token = {0};
	struct lexer lexer;
	struct error err;

	assert_int_equal(source_set_text(source, text, strlen(text), &err), 0);
	lexer_init(&lexer, source, true, diagnostics);
	for (lexer_next(&lexer, &token); token.type != TOKEN_END; lexer_next(&lexer, &token)) {
		text_addf(out, "%s:%u:%u+%u", types[token.type], token.at.line, token.at.column,
			  token.at.length);
		if (token.type == TOKEN_INTEGER)
			text_addf(out, "(%lld%s)", (long long)token.integer, token.wide ? "L" : "");
		else if (token.type == TOKEN_FLOAT)
			text_addf(out, "(%g)", token.real);
		else if (token.type == TOKEN_BOOLEAN)
			text_addf(out, "(%d)", token.boolean);
		else if (token.text)
			text_addf(out, "(%s)", token.text);
		text_addf(out, "%s%s ", token.broken ? "!" : "", token.first ? "^" : "");
	}
	token_clear(&token);
	lexer_clear(&lexer);
}

static void expect_tokens(const char *text, const char *expected)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_TEXT struct text out = {0};

	lex(text, &out, &diagnostics);
	assert_string_equal(text_value(&out), expected);
	assert_int_equal(diagnostics.count, 0);
}

static void places(void **state)
{
	(void)state;
	expect_tokens("a = 1;", "name:1:1+1(a)^ =:1:3+1 integer:1:5+1(1) separator:1:6+1 ");
	expect_tokens("\t\ta:\"x\"\n b={", "name:1:3+1(a)^ =:1:4+1 string:1:5+3(x) "
					   "name:2:2+1(b)^ =:2:3+1 open:2:4+1 ");
	expect_tokens("\xef\xbb\xbf"
		      "a",
		      "name:1:1+1(a)^ ");
	expect_tokens("a\r\nb\r\n", "name:1:1+1(a)^ name:2:1+1(b)^ ");
	expect_tokens("", "");
	expect_tokens("\f \t\r\n", "");
}

static void comments(void **state)
{
	(void)state;
	expect_tokens("# a\n// b\n/* c\n * d */ e # f", "name:4:9+1(e)^ ");
	expect_tokens("a/**/b//c", "name:1:1+1(a)^ name:1:6+1(b) ");
	expect_tokens("1//c\n2/*d*/", "integer:1:1+1(1)^ integer:2:1+1(2)^ ");
	expect_tokens("\"#/*\"", "string:1:1+5(#/*)^ ");
}

static void numbers(void **state)
{
	static const struct {
		const char *text, *token;
	} cases[] = {
		{"0", "integer:1:1+1(0)^ "},
		{"-5", "integer:1:1+2(-5)^ "},
		{"+5", "integer:1:1+2(5)^ "},
		{"2147483647", "integer:1:1+10(2147483647)^ "},
		{"-2147483648", "integer:1:1+11(-2147483648)^ "},
		{"5L", "integer:1:1+2(5L)^ "},
		{"5LL", "integer:1:1+3(5L)^ "},
		{"9223372036854775807L", "integer:1:1+20(9223372036854775807L)^ "},
		{"0x1F", "integer:1:1+4(31)^ "},
		{"0X1fL", "integer:1:1+5(31L)^ "},
		{"1.5", "float:1:1+3(1.5)^ "},
		{".5", "float:1:1+2(0.5)^ "},
		{"5.", "float:1:1+2(5)^ "},
		{"1e3", "float:1:1+3(1000)^ "},
		{"-1.5E+2", "float:1:1+7(-150)^ "},
		{"-.5e-1", "float:1:1+6(-0.05)^ "},
		/* What libconfig would cut in two, or refuse without a reason. */
		{"5l", "word:1:1+2(5l)^ "},
		{"5LLL", "word:1:1+4(5LLL)^ "},
		{"512M", "word:1:1+4(512M)^ "},
		{"0x", "word:1:1+2(0x)^ "},
		{"-0x1", "word:1:1+4(-0x1)^ "},
		{"1e", "word:1:1+2(1e)^ "},
		{".", "word:1:1+1(.)^ "},
		{"-", "word:1:1+1(-)^ "},
		{"10.83.0.2", "word:1:1+9(10.83.0.2)^ "},
		{"10.0.0.0/8", "word:1:1+10(10.0.0.0/8)^ "},
		{"80:80", "word:1:1+5(80:80)^ "},
		{"1_0", "word:1:1+3(1_0)^ "},
		{"50%", "word:1:1+3(50%)^ "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_tokens(cases[i].text, cases[i].token);
}

static void words(void **state)
{
	(void)state;
	expect_tokens("a-b_c*1", "name:1:1+7(a-b_c*1)^ ");
	expect_tokens("*", "name:1:1+1(*)^ ");
	expect_tokens("true False tRUE", "boolean:1:1+4(1)^ boolean:1:6+5(0) boolean:1:12+4(1) ");
	expect_tokens("truer", "name:1:1+5(truer)^ ");
	expect_tokens("lxc.uts.name=x", "word:1:1+12(lxc.uts.name)^ =:1:13+1 name:1:14+1(x) ");
	expect_tokens("_a /srv/x;", "word:1:1+2(_a)^ word:1:4+6(/srv/x) separator:1:10+1 ");
}

static void strings(void **state)
{
	(void)state;
	expect_tokens("\"\"", "string:1:1+2()^ ");
	expect_tokens("\"a\\\"b\\\\c\\x41\\X7a\"", "string:1:1+17(a\"b\\cAz)^ ");
	expect_tokens("\"\\n\\r\\t\\f\"", "string:1:1+10(\n\r\t\f)^ ");
	expect_tokens("\"\t\xc3\xbc\xf0\x9f\x98\x80\"",
		      "string:1:1+9(\t\xc3\xbc\xf0\x9f\x98\x80)^ ");
}

static void expect_fault(const char *text, unsigned int line, unsigned int column,
			 const char *message)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_TEXT struct text out = {0};

	lex(text, &out, &diagnostics);
	assert_int_equal(diagnostics.count, 1);
	assert_string_equal(diagnostics.items[0].message, message);
	assert_int_equal(diagnostics.items[0].location.line, line);
	assert_int_equal(diagnostics.items[0].location.column, column);
}

static void faults(void **state)
{
	(void)state;
	expect_fault("a = \"x\nb = \"y\";", 1, 5, "the string is never closed");
	expect_fault("a = \"x", 1, 5, "the string is never closed");
	expect_fault("a = \"x\\", 1, 7, "unknown escape \\ in a string");
	expect_fault("a = \"\\q\"", 1, 6, "unknown escape \\q in a string");
	expect_fault("a = \"\\x4\"", 1, 6, "unknown escape \\x in a string");
	expect_fault("a = \"\\x00\"", 1, 6, "a string cannot hold a NUL byte");
	expect_fault("a = \"b\x01\"", 1, 7, "byte 0x01 in a string is a control character");
	expect_fault("a = \"\xff\"", 1, 6, "byte 0xff in a string is no UTF-8");
	expect_fault("a = \"\xed\xa0\x80\"", 1, 6, "byte 0xed in a string is no UTF-8");
	expect_fault("\n /* x\n", 2, 2, "the comment is never closed");
	expect_fault("a = 2147483648", 1, 5, "2147483648 does not fit into 32 bits without L");
	expect_fault("a = -2147483649", 1, 5, "-2147483649 does not fit into 32 bits without L");
	expect_fault("a = 0x80000000", 1, 5, "0x80000000 does not fit into 32 bits without L");
	expect_fault("a = 9223372036854775808L", 1, 5,
		     "9223372036854775808L does not fit into 64 bits");
	expect_fault("a = 0xffffffffffffffffL", 1, 5,
		     "0xffffffffffffffffL does not fit into 64 bits");
	expect_fault("@include", 1, 1, "malformed @include");
	expect_fault("@include \"\"", 1, 1, "malformed @include");
	expect_fault("@include \"x", 1, 1, "malformed @include");
	expect_fault("@include \"/nowhere/x\"", 1, 10,
		     "cannot include \"/nowhere/x\": No such file or directory");
}

static void too_many_faults(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_TEXT struct text out = {0}, text = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		text_addf(&text, "a = \"\\q\";\n");
	lex(text.data, &out, &diagnostics);
	assert_int_equal(diagnostics.count, 51);
	assert_string_equal(diagnostics.items[50].message,
			    "too many errors, the rest of the file is not checked");
}

/* The text that libconfig gets has the included one in the line's place. */
static void included_text(void **state)
{
	struct scratch scratch;
	AUTO_FREE char *main_file = NULL;
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	struct token token = {0};
	struct lexer lexer;
	struct error err;
	static const unsigned int lines[] = {1, 1, 1, 3, 3};
	unsigned int count = 0;

	(void)state;
	machine_replace(&test_machine);
	scratch_make(&scratch);
	free(scratch_write(&scratch, "inner", "c = 3;"));
	free(scratch_write(&scratch, "outer", "b = 2;\n@include \"inner\" # here\nd = 4;"));
	main_file = scratch_write(&scratch, "main", "a = 1;\n  @include \"outer\"\ne = 5;\n");
	assert_int_equal(source_read(source_get(main_file), false, &err), 0);
	lexer_init(&lexer, source_get(main_file), true, &diagnostics);
	for (lexer_next(&lexer, &token); token.type != TOKEN_END; lexer_next(&lexer, &token))
		if (token.type == TOKEN_NAME) {
			const char *slash = strrchr(token.at.file, '/');

			assert_int_equal(token.text[0], 'a' + (char)count);
			assert_string_equal(slash + 1, count == 0 || count == 4 ? "main"
						       : count == 2             ? "inner"
										: "outer");
			assert_int_equal(token.at.line, lines[count]);
			count++;
		}
	assert_int_equal(count, 5);
	assert_int_equal(diagnostics.count, 0);
	assert_string_equal(text_value(&lexer.expanded), "a = 1;\nb = 2;\nc = 3;\n\nd = 4;\n\n"
							 "e = 5;\n");
	token_clear(&token);
	lexer_clear(&lexer);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),          cmocka_unit_test(comments),
		cmocka_unit_test(numbers),         cmocka_unit_test(words),
		cmocka_unit_test(strings),         cmocka_unit_test(faults),
		cmocka_unit_test(too_many_faults), cmocka_unit_test(included_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

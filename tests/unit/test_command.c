/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/load.h"

/* Parses the words (split at blanks) behind "cman". */
static int parse(const char *words, struct command_line *line, struct error *err)
{
	static char copy[512];
	char *argv[32] = {(char *)"cman"}, *rest = copy;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		if (*word)
			argv[argc++] = word;
	error_clear(err);
	return command_parse(argc, argv, line, err);
}

static void expect_arguments(const char *words, const char *command, const char *arguments)
{
	struct command_line line = {0};
	AUTO_TEXT struct text joined = {0};
	struct error err;

	assert_int_equal(parse(words, &line, &err), 0);
	assert_string_equal(line.command->name, command);
	for (int i = 0; i < line.argc; i++)
		text_addf(&joined, "%s%s", i ? "|" : "", line.argv[i]);
	assert_string_equal(text_value(&joined), arguments);
	assert_null(line.argv[line.argc]);
	command_line_clear(&line);
}

static void expect_misuse(const char *words, const char *text, const char *hint)
{
	struct command_line line = {0};
	struct error err;

	assert_int_equal(parse(words, &line, &err), COMMAND_MISUSED);
	assert_string_equal(err.text, text);
	assert_string_equal(err.hint, hint);
	assert_null(line.argv);
}

static void arguments_and_dashes(void **state)
{
	(void)state;
	expect_arguments("up web", "up", "web");
	expect_arguments("up web db", "up", "web|db");
	expect_arguments("up -- -web", "up", "-web");
	expect_arguments("logs -f web", "logs", "web");
	expect_arguments("logs web -f", "logs", "web");
	expect_arguments("ps -", "ps", "-");
	expect_arguments("check", "check", "");
}

static void exec_leaves_the_programs_options_alone(void **state)
{
	(void)state;
	expect_arguments("exec web ls -l --all", "exec", "web|ls|-l|--all");
	expect_arguments("exec web -- ls -l", "exec", "web|ls|-l");
	expect_arguments("exec web -- -x", "exec", "web|-x");
	expect_arguments("exec web ls -- -l", "exec", "web|ls|--|-l");
	expect_arguments("exec -v web ls -c x", "exec", "web|ls|-c|x");
	expect_misuse("exec web -l", "exec: unknown option \"-l\"",
		      "\"cman exec --help\" lists the options");
}

static void options_in_all_forms(void **state)
{
	static const char *const forms[] = {"logs -fn20 web", "logs -f -n 20 web",
					    "logs web -n20 -f", "logs --follow --lines=20 web",
					    "logs --lines 20 web --follow"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct command_line line;
		struct error err;

		assert_int_equal(parse(forms[i], &line, &err), 0);
		assert_true(line.options.follow);
		assert_string_equal(line.options.lines, "20");
		assert_false(line.options.json);
		command_line_clear(&line);
	}
}

static void options_that_may_come_again(void **state)
{
	struct command_line line;
	struct error err;

	(void)state;
	assert_int_equal(parse("exec -e A=1 --env=B -eC=3 web ls -e D=4", &line, &err), 0);
	assert_int_equal(line.options.environment.count, 3);
	assert_string_equal(line.options.environment.items[0], "A=1");
	assert_string_equal(line.options.environment.items[1], "B");
	assert_string_equal(line.options.environment.items[2], "C=3");
	assert_int_equal(line.argc, 4);
	command_line_clear(&line);
	/* What was taken before the mistake is given back. */
	expect_misuse("exec -e A=1 --user", "option \"--user\" needs USER", "");
}

static void global_options_anywhere(void **state)
{
	static const char *const forms[] = {"-c /x.conf -v ps", "ps -vc /x.conf",
					    "--config=/x.conf ps --verbose"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct command_line line;
		struct error err;

		assert_int_equal(parse(forms[i], &line, &err), 0);
		assert_string_equal(line.options.config_file, "/x.conf");
		assert_true(line.options.verbose);
		command_line_clear(&line);
	}
}

static void manager_file_from_the_environment(void **state)
{
	struct command_line line;
	struct error err;

	(void)state;
	setenv("CMAN_CONFIG", "/env.conf", 1);
	assert_int_equal(parse("ps", &line, &err), 0);
	assert_string_equal(line.options.config_file, "/env.conf");
	command_line_clear(&line);
	assert_int_equal(parse("-c /x.conf ps", &line, &err), 0);
	assert_string_equal(line.options.config_file, "/x.conf");
	command_line_clear(&line);
	setenv("CMAN_CONFIG", "", 1);
	assert_int_equal(parse("ps", &line, &err), 0);
	assert_string_equal(line.options.config_file, CONF_DEFAULT_FILE);
	command_line_clear(&line);
	unsetenv("CMAN_CONFIG");
}

static void misuse_is_explained(void **state)
{
	(void)state;
	expect_misuse("sttus web", "unknown command \"sttus\"", "did you mean \"status\"?");
	/* Not "top". */
	expect_misuse("stop web", "unknown command \"stop\"", "cman's word is \"down\"");
	expect_misuse("frobnicate", "unknown command \"frobnicate\"",
		      "\"cman help\" lists the commands");
	expect_misuse("finsh", "unknown command \"finsh\"", "\"cman help\" lists the commands");
	expect_misuse("ps --jsn", "ps: unknown option \"--jsn\"", "did you mean \"--json\"?");
	expect_misuse("ps --jsn=1", "ps: unknown option \"--jsn\"", "did you mean \"--json\"?");
	expect_misuse("up --json web", "up: unknown option \"--json\"",
		      "\"cman up --help\" lists the options");
	expect_misuse("--jsn ps", "unknown option \"--jsn\"", "\"cman --help\" lists the options");
	expect_misuse("ps -vx", "ps: unknown option \"-x\"", "\"cman ps --help\" lists the options");
	expect_misuse("ps --json=yes", "option \"--json\" takes no value", "");
	expect_misuse("logs web -n", "option \"--lines\" needs N", "");
	expect_misuse("ps --config", "option \"--config\" needs FILE", "");
	expect_misuse("ps --config=", "option \"--config\" needs FILE", "");
	expect_misuse("up", "up needs NAME..., or --all", "\"cman up --help\" explains it");
	expect_misuse("up --all --boot", "up takes either --all or --boot",
		      "\"cman up --help\" explains it");
}

static void argument_counts_are_checked(void **state)
{
	struct command_line line;
	struct error err;

	(void)state;
	expect_misuse("up --all web", "up takes either --all or names",
		      "\"cman up --help\" explains it");
	expect_misuse("status a b", "status takes NAME: \"b\" is too much",
		      "\"cman status --help\" explains it");
	expect_misuse("version 2", "version takes no argument, not \"2\"",
		      "\"cman version --help\" explains it");
	expect_arguments("up --all", "up", "");
	/* Who asks for help need not know the arguments. */
	assert_int_equal(parse("status --help", &line, &err), 0);
	assert_true(line.options.help);
	command_line_clear(&line);
}

static void nothing_named(void **state)
{
	struct command_line line;
	struct error err;

	(void)state;
	assert_int_equal(parse("", &line, &err), 0);
	assert_null(line.command);
	command_line_clear(&line);
	assert_int_equal(parse("--version", &line, &err), 0);
	assert_true(line.options.version);
	command_line_clear(&line);
}

static void check_options(const struct command_option *options)
{
	for (; options && options->name; options++) {
		const struct command_option *global = command_global_options;

		assert_true(options->field < sizeof(struct options));
		assert_true(strlen(options->meaning) > 0);
		for (; options != command_global_options && global->name; global++) {
			if (global == options)
				break;
			assert_string_not_equal(global->name, options->name);
			assert_true(!options->letter || global->letter != options->letter);
		}
	}
}

static void the_table_is_sound(void **state)
{
	(void)state;
	check_options(command_global_options);
	for (const struct command *command = command_table; command->name; command++) {
		struct error err;

		assert_ptr_equal(command_find(command->name, &err), command);
		assert_non_null(command->run);
		assert_true(command->summary[0] >= 'a' && command->summary[0] <= 'z');
		assert_true(strlen(command->name) + strlen(command->summary) < 80);
		assert_true(command->failure_status >= 0);
		check_options(command->options);
	}
}

static void help_shows_all_but_the_hidden(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	command_print_overview(stream);
	fclose(stream);
	for (const struct command *command = command_table; command->name; command++) {
		AUTO_FREE char *line = xprintf("\n  %s ", command->name);

		assert_int_equal(strstr(text, line) != NULL, !command->hidden);
	}
	assert_non_null(strstr(text, "-c, --config FILE"));
	free(text);
}

static void help_of_a_command(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	command_print_help(command_find("logs", NULL), stream);
	fclose(stream);
	assert_true(text_starts_with(text, "Usage: cman logs [OPTION]... NAME\nPrint what"));
	assert_non_null(strstr(text, "\n  -n, --lines N     begin with"));
	assert_non_null(strstr(text, "\n  -V, --version"));
	free(text);
}

static void addresses_of_records(void **state)
{
	struct load_address address;

	(void)state;
	assert_true(load_split_address("cman0 10.83.0.10 eth0", &address));
	assert_string_equal(address.network, "cman0");
	assert_string_equal(address.address, "10.83.0.10");
	assert_string_equal(address.interface, "eth0");
	assert_true(load_split_address("cman0 10.83.0.10", &address));
	assert_string_equal(address.interface, "");
	assert_false(load_split_address("cman0", &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_and_dashes),
		cmocka_unit_test(exec_leaves_the_programs_options_alone),
		cmocka_unit_test(options_in_all_forms),
		cmocka_unit_test(options_that_may_come_again),
		cmocka_unit_test(global_options_anywhere),
		cmocka_unit_test(manager_file_from_the_environment),
		cmocka_unit_test(misuse_is_explained),
		cmocka_unit_test(argument_counts_are_checked),
		cmocka_unit_test(nothing_named),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(help_shows_all_but_the_hidden),
		cmocka_unit_test(help_of_a_command),
		cmocka_unit_test(addresses_of_records),
	};

	unsetenv("CMAN_CONFIG");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

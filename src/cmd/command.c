/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/conf.h"

int command_misused(struct error *err, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	error_set(err, 0, "%s", text);
	return COMMAND_MISUSED;
}

/* What other tools, or who has them in mind, call it. */
static const char *word_for(const char *theirs)
{
	static const struct {
		const char *theirs, *ours;
	} words[] = {
		{"start", "up"},       {"stop", "down"},       {"rm", "down"},
		{"remove", "down"},    {"delete", "down"},     {"destroy", "down"},
		{"shutdown", "down"},  {"reload", "apply"},    {"update", "apply"},
		{"diff", "plan"},      {"list", "ps"},         {"ls", "ps"},
		{"info", "status"},    {"inspect", "status"},  {"execute", "exec"},
		{"enter", "shell"},    {"login", "shell"},     {"copy", "cp"},
		{"attach", "console"}, {"monitor", "events"},  {"signal", "kill"},
		{"freeze", "pause"},   {"unfreeze", "resume"}, {"unpause", "resume"},
		{"thaw", "resume"},    {"validate", "check"},  {"verify", "check"},
		{"test", "check"},     {"config", "show"},     {"cat", "show"},
		{"create", "new"},     {"add", "new"},         {"init", "new"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].theirs, theirs) == 0)
			return words[i].ours;
	return NULL;
}

const struct command *command_find(const char *name, struct error *err)
{
	const char *names[64];
	const char *nearest, *ours = word_for(name);
	size_t count = 0;

	for (const struct command *command = command_table; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
		if (!command->hidden && count < ARRAY_SIZE(names))
			names[count++] = command->name;
	}
	command_misused(err, "unknown command \"%s\"", name);
	nearest = text_nearest(name, names, count);
	if (ours)
		error_hint(err, "cman's word is \"%s\"", ours);
	if (nearest)
		error_hint(err, "did you mean \"%s\"?", nearest);
	error_hint(err, "\"cman help\" lists the commands");
	return NULL;
}

/* The option tables that hold at this point of the command line. */
struct option_tables {
	const struct command_option *tables[2];
};

static struct option_tables tables_for(const struct command *command)
{
	return (struct option_tables){{command_global_options, command ? command->options : NULL}};
}

/* length of name: a long option may be followed by "=". name NULL: by its letter. */
static const struct command_option *find_option(const struct option_tables *tables,
						const char *name, size_t length, char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables->tables); i++) {
		const struct command_option *option = tables->tables[i];

		for (; option && option->name; option++) {
			if (!name && option->letter == letter)
				return option;
			if (name && strlen(option->name) == length &&
			    memcmp(option->name, name, length) == 0)
				return option;
		}
	}
	return NULL;
}

static int unknown_option(const struct command *command, const char *word, size_t length,
			  struct error *err)
{
	struct option_tables tables = tables_for(command);
	AUTO_FREE char *name = strndup(word, length);
	const char *names[32], *nearest;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables.tables); i++)
		for (const struct command_option *option = tables.tables[i]; option && option->name;
		     option++)
			if (count < ARRAY_SIZE(names))
				names[count++] = option->name;
	if (!command)
		command_misused(err, "unknown option \"%s\"", name ? name : word);
	else
		command_misused(err, "%s: unknown option \"%s\"", command->name, name ? name : word);
	nearest = name && length > 2 ? text_nearest(name + 2, names, count) : NULL;
	if (nearest)
		error_hint(err, "did you mean \"--%s\"?", nearest);
	error_hint(err, "\"cman %s%s--help\" lists the options", command ? command->name : "",
		   command ? " " : "");
	return COMMAND_MISUSED;
}

/* Where the parser stands. */
struct parser {
	int argc;
	char **argv;
	int next; /* index of the word to read next */
	struct command_line *line;
};

static void store(struct options *options, const struct command_option *option, const char *value)
{
	char *field = (char *)options + option->field;

	if (option->repeated)
		strlist_add((struct strlist *)(void *)field, value);
	else if (option->argument)
		*(const char **)(void *)field = value;
	else
		*(bool *)(void *)field = true;
}

static int missing_value(const struct command_option *option, struct error *err)
{
	return command_misused(err, "option \"--%s\" needs %s", option->name, option->argument);
}

/* "--name", "--name=value" or "--name value". */
static int parse_long_option(struct parser *parser, const char *word, struct error *err)
{
	struct option_tables tables = tables_for(parser->line->command);
	size_t length = strcspn(word + 2, "=");
	const struct command_option *option = find_option(&tables, word + 2, length, 0);
	const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;

	if (!option)
		return unknown_option(parser->line->command, word, 2 + length, err);
	if (!option->argument && value)
		return command_misused(err, "option \"--%s\" takes no value", option->name);
	if (option->argument && !value && parser->next < parser->argc)
		value = parser->argv[parser->next++];
	if (option->argument && !value)
		return missing_value(option, err);
	store(&parser->line->options, option, value);
	return 0;
}

/* "-f", "-fn20", "-n 20". */
static int parse_short_options(struct parser *parser, const char *word, struct error *err)
{
	struct option_tables tables = tables_for(parser->line->command);

	for (const char *letter = word + 1; *letter; letter++) {
		const struct command_option *option = find_option(&tables, NULL, 0, *letter);

		if (!option) {
			char text[3] = {'-', *letter, '\0'};

			return unknown_option(parser->line->command, text, 2, err);
		}
		if (!option->argument) {
			store(&parser->line->options, option, NULL);
			continue;
		}
		if (letter[1]) {
			store(&parser->line->options, option, letter + 1);
			return 0;
		}
		if (parser->next >= parser->argc)
			return missing_value(option, err);
		store(&parser->line->options, option, parser->argv[parser->next++]);
		return 0;
	}
	return 0;
}

enum { MANY_MAX = 4 };

/* The options that stand for containers, as far as they were given; their number. */
static int list_many(const struct options *options, const char *names[MANY_MAX])
{
	int count = 0;

	if (options->all)
		names[count++] = "--all";
	if (options->group)
		names[count++] = "--group";
	if (options->boot)
		names[count++] = "--boot";
	if (options->shutdown)
		names[count++] = "--shutdown";
	return count;
}

static int check_argument_count(const struct command_line *line, struct error *err)
{
	const struct command *command = line->command;
	const struct option_tables tables = tables_for(command);
	const char *names[MANY_MAX];
	const int many = list_many(&line->options, names);

	if (many > 1)
		command_misused(err, "%s takes either %s or %s", command->name, names[0], names[1]);
	else if (many == 1 && line->argc > 0)
		command_misused(err, "%s takes either %s or names", command->name, names[0]);
	else if (line->argc < command->minimum && many == 0)
		command_misused(err, "%s needs %s%s", command->name, command->arguments,
				find_option(&tables, "all", strlen("all"), 0) ? ", or --all" : "");
	else if (command->maximum == 0 && line->argc > 0)
		command_misused(err, "%s takes no argument, not \"%s\"", command->name,
				line->argv[0]);
	else if (command->maximum > 0 && line->argc > command->maximum)
		command_misused(err, "%s takes %s: \"%s\" is too much", command->name,
				command->arguments, line->argv[command->maximum]);
	else
		return 0;
	error_hint(err, "\"cman %s --help\" explains it", command->name);
	return COMMAND_MISUSED;
}

static int parse_words(struct parser *parser, struct error *err)
{
	struct command_line *line = parser->line;
	bool options_ended = false;

	while (parser->next < parser->argc) {
		char *word = parser->argv[parser->next++];
		int rc = 0;

		if (!options_ended && strcmp(word, "--") == 0) {
			options_ended = true;
		} else if (!options_ended && text_starts_with(word, "--")) {
			rc = parse_long_option(parser, word, err);
		} else if (!options_ended && word[0] == '-' && word[1]) {
			rc = parse_short_options(parser, word, err);
		} else if (!line->command) {
			line->command = command_find(word, err);
			if (!line->command)
				rc = COMMAND_MISUSED;
		} else {
			line->argv[line->argc++] = word;
			if (line->argc == line->command->options_end)
				options_ended = true;
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

int command_parse(int argc, char *argv[], struct command_line *line, struct error *err)
{
	struct command_line parsed = {.argv = xalloc((size_t)argc + 1, sizeof(char *))};
	struct parser parser = {.argc = argc, .argv = argv, .next = 1, .line = &parsed};
	const char *from_environment = getenv("CMAN_CONFIG");
	int rc;

	parsed.options.config_file = from_environment && *from_environment ? from_environment
									   : CONF_DEFAULT_FILE;
	rc = parse_words(&parser, err);
	if (rc == 0 && !*parsed.options.config_file)
		rc = command_misused(err, "option \"--config\" needs FILE");
	if (rc == 0 && parsed.command && !parsed.options.help && !parsed.options.version)
		rc = check_argument_count(&parsed, err);
	if (rc != 0) {
		command_line_clear(&parsed);
		return rc;
	}
	parsed.options.hidden = parsed.command && parsed.command->hidden;
	*line = parsed;
	return 0;
}

void command_line_clear(struct command_line *line)
{
	free(line->argv);
	strlist_clear(&line->options.environment);
	strlist_clear(&line->options.sets);
	strlist_clear(&line->options.ports);
	*line = (struct command_line){0};
}

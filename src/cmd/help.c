/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Usage texts, made from the table of commands; the commands help and version. */
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"

#ifndef CMAN_VERSION
#define CMAN_VERSION "0.1"
#endif

void command_print_synopsis(const struct command *command, FILE *stream)
{
	fprintf(stream, "cman %s%s%s%s", command->name, command->options ? " [OPTION]..." : "",
		*command->arguments ? " " : "", command->arguments);
}

/* "-n, --lines N" */
static char *option_label(const struct command_option *option)
{
	char letter[5] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	return xprintf("%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		       option->argument ? option->argument : "");
}

static void print_options(const struct command_option *options, FILE *stream)
{
	int width = 0;

	for (const struct command_option *option = options; option->name; option++) {
		AUTO_FREE char *label = option_label(option);

		if ((int)strlen(label) > width)
			width = (int)strlen(label);
	}
	for (const struct command_option *option = options; option->name; option++) {
		AUTO_FREE char *label = option_label(option);

		fprintf(stream, "  %-*s  %s\n", width, label, option->meaning);
	}
}

void command_print_overview(FILE *stream)
{
	int width = 0;

	for (const struct command *command = command_table; command->name; command++) {
		int length = (int)(strlen(command->name) + 1 + strlen(command->arguments));

		if (!command->hidden && length > width)
			width = length;
	}
	fprintf(stream, "Usage: cman [OPTION]... COMMAND [ARGUMENT]...\n"
			"Brings up the containers that files describe, and takes them away again.\n"
			"\nCommands:\n");
	for (const struct command *command = command_table; command->name; command++) {
		AUTO_FREE char *label = xprintf("%s %s", command->name, command->arguments);

		if (!command->hidden)
			fprintf(stream, "  %-*s  %s\n", width, label, command->summary);
	}
	fprintf(stream, "\nOptions of every command, anywhere on the line:\n");
	print_options(command_global_options, stream);
	fprintf(stream,
		"\nExit status: 0 done, 1 failed, 2 called wrongly; some commands have more.\n"
		"\"cman COMMAND --help\" explains a command; cman(8), container.conf(5).\n");
}

void command_print_help(const struct command *command, FILE *stream)
{
	fprintf(stream, "Usage: ");
	command_print_synopsis(command, stream);
	fprintf(stream, "\n%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	if (command->details)
		fprintf(stream, "\n%s", command->details);
	if (command->options) {
		fprintf(stream, "\nOptions:\n");
		print_options(command->options, stream);
	}
	fprintf(stream, "\nOptions of every command:\n");
	print_options(command_global_options, stream);
}

void command_print_version(FILE *stream)
{
	fprintf(stream, "cman %s\n", CMAN_VERSION);
}

int cmd_help(const struct options *options, int argc, char *argv[], struct error *err)
{
	const struct command *command;

	(void)options;
	if (argc == 0) {
		command_print_overview(stdout);
		return 0;
	}
	command = command_find(argv[0], err);
	if (!command)
		return COMMAND_MISUSED;
	command_print_help(command, stdout);
	return 0;
}

int cmd_version(const struct options *options, int argc, char *argv[], struct error *err)
{
	(void)options;
	(void)argc;
	(void)argv;
	(void)err;
	command_print_version(stdout);
	return 0;
}

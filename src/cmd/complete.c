/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman complete, which the completion of a shell runs (src/completion): what may stand in the place of
 * the last of the words it is given, a candidate a line with a tab and what it is behind it. A line that
 * begins with a colon is for the shell itself: ":files", names of files as well.
 */
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "config/keys.h"

#define SIGNAL_MAX 31 /* those with a name of their own */

/* What the words before the last one come to. */
struct place {
	const struct command *command;
	const struct command_option *awaited; /* it needs a value, and this is it */
	const struct command_option *named;   /* behind its KEY, a word before: "=" and the value follow */
	const char *key;                      /* that KEY */
	bool options_ended;
	int position;           /* among the arguments of the command */
	char **arguments;       /* those before; of argv */
	const char *word;       /* what is there of the last one */
	struct options options; /* where the files are */
};

static void offer(const struct place *place, const char *candidate, const char *meaning)
{
	if (text_starts_with(candidate, place->word))
		printf("%s\t%s\n", candidate, meaning);
}

/* ---- where we are ---- */

static const struct command_option *find_option(const struct place *place, const char *name,
						size_t length, char letter)
{
	const struct command_option *tables[] = {command_global_options,
						 place->command ? place->command->options : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct command_option *option = tables[i]; option && option->name; option++)
			if (name ? strlen(option->name) == length &&
					   memcmp(option->name, name, length) == 0
				 : option->letter == letter)
				return option;
	return NULL;
}

static void take_value(struct place *place, const struct command_option *option, const char *value)
{
	if (strcmp(option->name, "config") == 0)
		place->options.config_file = value;
	if (strcmp(option->argument, "KEY=VALUE") == 0) {
		place->named = option;
		place->key = value;
	}
}

/* One that needs a value takes it from behind its "=" or letter, or awaits it. */
static void take_option(struct place *place, const char *word)
{
	const size_t length = word[1] == '-' ? strcspn(word + 2, "=") : 0;
	const struct command_option *option = NULL;

	if (word[1] == '-') {
		option = find_option(place, word + 2, length, 0);
		if (option && option->argument && word[2 + length] == '=')
			take_value(place, option, word + 2 + length + 1);
		else if (option && option->argument)
			place->awaited = option;
		return;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		option = find_option(place, NULL, 0, *letter);
		if (!option || !option->argument)
			continue;
		if (letter[1])
			take_value(place, option, letter + 1);
		else
			place->awaited = option;
		return;
	}
}

static void take_word(struct place *place, char *word)
{
	/* bash makes a word of its own of it. */
	if (place->awaited && strcmp(word, "=") == 0)
		return;
	if (place->named && strcmp(word, "=") == 0) {
		place->awaited = place->named;
		place->named = NULL;
		return;
	}
	place->named = NULL;
	place->key = NULL;
	if (place->awaited) {
		take_value(place, place->awaited, word);
		place->awaited = NULL;
	} else if (!place->options_ended && strcmp(word, "--") == 0) {
		place->options_ended = true;
	} else if (!place->options_ended && word[0] == '-' && word[1]) {
		take_option(place, word);
	} else if (!place->command) {
		place->command = command_find(word, NULL);
		if (!place->command)
			place->options_ended = true; /* nothing is known of what follows */
	} else {
		place->arguments[place->position++] = word;
		if (place->position == place->command->options_end)
			place->options_ended = true;
	}
}

/* ---- what may stand there ---- */

static void offer_commands(const struct place *place)
{
	for (const struct command *command = command_table; command->name; command++)
		if (!command->hidden)
			offer(place, command->name, command->summary);
}

static void offer_options(const struct place *place)
{
	const struct command_option *tables[] = {place->command ? place->command->options : NULL,
						 command_global_options};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct command_option *option = tables[i]; option && option->name; option++) {
			char name[64];

			snprintf(name, sizeof(name), "--%s", option->name);
			offer(place, name, option->meaning);
		}
}

/* Those with a file and those that have left something, but for what is on the line already. */
static int offer_containers(const struct place *place, const char *suffix, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, files = {0};
	bool files_known;

	if (load_listed(&place->options, 0, NULL, &conf, &names, &files, &files_known, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		char candidate[256];
		bool is_there = false;

		for (int j = 0; j < place->position; j++)
			is_there = is_there || strcmp(place->arguments[j], names.items[i]) == 0;
		snprintf(candidate, sizeof(candidate), "%s%s", names.items[i], suffix);
		if (!is_there)
			offer(place, candidate,
			      strlist_contains(&files, names.items[i]) ? "container"
								       : "container without a file");
	}
	return 0;
}

static void offer_signals(const struct place *place)
{
	char name[32];

	for (int number = 1; number <= SIGNAL_MAX; number++)
		if (process_signal_name(number, name, sizeof(name)))
			offer(place, name + strlen("SIG"), "signal");
}

/* "running, ready or ended" as the meaning of the option has it. */
static void offer_listed(const struct place *place, const char *meaning)
{
	for (const char *rest = meaning; *rest;) {
		size_t length = strcspn(rest, ", ");
		char word[32];

		snprintf(word, sizeof(word), "%.*s", (int)length, rest);
		if (length > 0 && strcmp(word, "or") != 0)
			offer(place, word, "state");
		rest += length + (rest[length] != '\0');
	}
}

struct key_place {
	const struct place *place;
	const char *suffix;
};

static void offer_key(const char *path, const struct key *key, void *data)
{
	const struct key_place *at = data;
	char candidate[256];

	snprintf(candidate, sizeof(candidate), "%s%s", path, at->suffix);
	/* A name or a number is for the writer to choose. */
	if (key->type && !strpbrk(path, "[ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		offer(at->place, candidate, key->help);
}

static void offer_keys(const struct place *place, const char *suffix)
{
	keys_each(&container_keys, offer_key, &(struct key_place){place, suffix});
}

/* Each name once, behind what is typed of the word already. */
static void offer_names(const struct place *place, const char *before, const struct strlist *names,
			const char *meaning)
{
	AUTO_STRLIST struct strlist sorted = {0};

	strlist_copy(&sorted, names);
	strlist_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++) {
		char candidate[256];

		snprintf(candidate, sizeof(candidate), "%s%s", before, sorted.items[i]);
		if (i == 0 || strcmp(sorted.items[i], sorted.items[i - 1]) != 0)
			offer(place, candidate, meaning);
	}
}

static int offer_groups(const struct place *place, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};

	if (load_configuration(&place->options, &conf, err) < 0)
		return -1;
	for (size_t i = 0; i < conf.container_count; i++)
		for (size_t j = 0; j < conf.containers[i].groups.count; j++)
			strlist_add(&names, conf.containers[i].groups.items[j]);
	offer_names(place, "", &names, "group");
	return 0;
}

static int offer_templates(const struct place *place, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};

	if (load_manager(&place->options, &conf, err) < 0)
		return -1;
	conf_list_templates(&conf, &names);
	offer_names(place, "", &names, "template");
	return 0;
}

static int offer_networks(const struct place *place, const char *before, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};

	if (load_manager(&place->options, &conf, err) < 0)
		return -1;
	for (size_t i = 0; i < conf.manager.network_count; i++)
		strlist_add(&names, conf.manager.networks[i].name);
	offer_names(place, before, &names, "network");
	return 0;
}

/* KEY=, or behind it the name of a network. The shell may have made two words of it. */
static int offer_setting(const struct place *place, struct error *err)
{
	if (place->key)
		return strcmp(place->key, "net.network") == 0 ? offer_networks(place, "", err) : 0;
	if (!strchr(place->word, '='))
		offer_keys(place, "=");
	else if (text_starts_with(place->word, "net.network="))
		return offer_networks(place, "net.network=", err);
	return 0;
}

static int offer_value(const struct place *place, struct error *err)
{
	const char *kind = place->awaited->argument;

	if (strcmp(kind, "FILE") == 0)
		printf(":files\n");
	else if (strcmp(kind, "SIGNAL") == 0)
		offer_signals(place);
	else if (strcmp(kind, "STATE") == 0)
		offer_listed(place, place->awaited->meaning);
	else if (strcmp(kind, "GROUP") == 0)
		return offer_groups(place, err);
	else if (strcmp(kind, "TEMPLATE") == 0)
		return offer_templates(place, err);
	else if (strcmp(kind, "KEY=VALUE") == 0)
		return offer_setting(place, err);
	return 0;
}

/* The word of "NAME [--] COMMAND..." that stands for an argument, without brackets and dots. */
static void find_kind(const char *arguments, int position, char *kind, size_t size)
{
	*kind = '\0';
	for (const char *rest = arguments; *rest;) {
		const size_t length = strcspn(rest, " ");
		const char *name = rest + strspn(rest, "[");
		const int span = (int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		const bool repeated = memmem(rest, length, "...", 3) != NULL;

		rest += length + (rest[length] == ' ');
		if (span == 0)
			continue;
		/* Before the last one, "SOURCE... TARGET", it may be either. */
		if (position-- == 0 || (repeated && !*rest)) {
			snprintf(kind, size, "%.*s", span, name);
			return;
		}
		if (repeated)
			position = 0;
	}
}

static int offer_argument(const struct place *place, struct error *err)
{
	char kind[32];

	find_kind(place->command->arguments, place->position, kind, sizeof(kind));
	if (strcmp(kind, "NAME") == 0 || strcmp(kind, "TO") == 0)
		return offer_containers(place, "", err);
	if (strcmp(kind, "KEY") == 0)
		offer_keys(place, "");
	else if (strcmp(kind, "COMMAND") == 0 && place->command->maximum == 1)
		offer_commands(place); /* of cman: help */
	else if (strcmp(kind, "FILE") == 0 || strcmp(kind, "ROOTFS") == 0)
		printf(":files\n");
	else if (strcmp(kind, "SOURCE") == 0 || strcmp(kind, "TARGET") == 0)
		return printf(":files\n"), offer_containers(place, ":", err);
	return 0;
}

int cmd_complete(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_FREE char **arguments = xalloc((size_t)argc, sizeof(*arguments));
	struct place place = {
		.arguments = arguments,
		.word = argv[argc - 1],
		.options = *options,
	};

	for (int i = 0; i < argc - 1; i++)
		take_word(&place, argv[i]);
	if (place.awaited)
		return offer_value(&place, err);
	if (!place.options_ended && place.word[0] == '-')
		return offer_options(&place), 0;
	if (!place.command)
		return place.options_ended ? 0 : (offer_commands(&place), 0);
	return offer_argument(&place, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman history, cman rollback */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/parse.h"
#include "cmd/apply_names.h"
#include "cmd/load.h"
#include "lifecycle/heal.h"
#include "lifecycle/recorded.h"
#include "state/history.h"

/* ---- history ---- */

/* The spec of an entry; an entry that a later cman wrote may not be readable. */
static bool read_spec(const struct history_entry *entry, const char *name, struct spec *spec)
{
	AUTO_TEXT struct text text = {0};

	return history_read(entry, &text, NULL) == 0 &&
	       conf_parse_spec(text_value(&text), entry->path, name, spec, NULL) == 0;
}

/* The keys in which it differs from the entry before it. */
static void list_changes(const struct manager *manager, const char *name,
			 const struct history_entry *before, const struct history_entry *entry,
			 struct strlist *keys)
{
	AUTO_CHANGES struct changes changes = {0};
	struct spec old = {0}, new = {0};

	if (before && read_spec(before, name, &old) && read_spec(entry, name, &new))
		spec_compare(&old, &new, manager, &changes);
	for (size_t i = 0; i < changes.count; i++)
		strlist_add(keys, changes.items[i].key);
	spec_clear(&old);
	spec_clear(&new);
}

/* The newest entry that is what runs; count: none. */
static size_t find_running(const struct conf *conf, const char *name,
			   const struct history *history)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_RECORD struct record record = {0};
	AUTO_TEXT struct text running = {0};
	enum liveness liveness;

	if (load_state(conf, &state, NULL) != 1 ||
	    heal_read(&conf->manager, &state, name, &record, &liveness, NULL) != 1 ||
	    liveness != LIVE_RUNNING ||
	    recorded_text(&state, name, &running, NULL) < 0)
		return history->count;
	for (size_t i = history->count; i-- > 0;) {
		AUTO_TEXT struct text text = {0};

		if (history_read(&history->items[i], &text, NULL) == 0 &&
		    strcmp(text_value(&text), text_value(&running)) == 0)
			return i;
	}
	return history->count;
}

static void print_line(const struct history_entry *entry, bool running, const struct strlist *keys)
{
	char at[MOMENT_TEXT_MAX];

	moment_format_local_seconds((uint64_t)entry->at, at);
	printf("%c %4u  %s  %-*s", running ? '*' : ' ', entry->number, at, keys->count ? 9 : 0,
	       entry->how);
	for (size_t i = 0; i < keys->count; i++)
		printf("%s%s", i ? ", " : " ", keys->items[i]);
	printf("\n");
}

static void add_object(struct json *list, const struct history_entry *entry, bool running,
		       const struct strlist *keys)
{
	struct json *object = json_new_object();

	json_add_number(object, "number", entry->number);
	json_add_number(object, "at", (uint64_t)entry->at);
	json_add_text(object, "how", entry->how);
	json_add_bool(object, "running", running);
	json_add_strings(object, "changes", keys);
	json_add_text(object, "file", entry->path);
	json_append(list, object);
}

/* A name that nobody knows is told so. */
static int check_name(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};

	return load_configuration(options, &conf, err) < 0
		       ? -1
		       : load_names(&conf, argc, argv, LOAD_KNOWN, &names, err);
}

int cmd_history(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HISTORY struct history history = {0};
	AUTO_JSON struct json *list = json_new_list();
	size_t running;

	/* Also of one that has neither file nor record any more. */
	if (load_manager(options, &conf, err) < 0 ||
	    history_list(conf.manager.data_dir, argv[0], &history, err) < 0 ||
	    (history.count == 0 && check_name(options, argc, argv, err) < 0))
		return -1;
	running = find_running(&conf, argv[0], &history);
	for (size_t i = history.count; i-- > 0;) {
		AUTO_STRLIST struct strlist keys = {0};

		list_changes(&conf.manager, argv[0], i ? &history.items[i - 1] : NULL,
			     &history.items[i], &keys);
		if (options->json)
			add_object(list, &history.items[i], i == running, &keys);
		else
			print_line(&history.items[i], i == running, &keys);
	}
	if (options->json)
		json_print(list, stdout);
	else if (history.count == 0)
		printf("%s: has not run yet\n", argv[0]);
	return EXIT_SUCCESS;
}

/* ---- rollback ---- */

static const struct history_entry *choose(const struct history *history, size_t running,
					  const char *name, uint64_t wanted, struct error *err)
{
	if (wanted == 0) {
		/* What runs may be too old to be kept: then the newest is older still. */
		if (running > 0 && history->count > 0)
			return &history->items[running - 1];
		error_set(err, 0, "%s: nothing older than what runs is kept", name);
		return NULL;
	}
	for (size_t i = 0; i < history->count; i++)
		if (history->items[i].number == wanted)
			return &history->items[i];
	error_set(err, ENOENT, "%s: there is no number %" PRIu64 " in its history", name, wanted);
	error_hint(err, "see: cman history %s", name);
	return NULL;
}

/* Puts the entry into the place of the container's file, checked as that would be. */
static int load_entry(const struct history_entry *entry, struct conf *conf, const char *name,
		      struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};

	if (conf_load_file(conf, entry->path, &diagnostics, err) < 0)
		return -1;
	if (diagnostics_count_errors(&diagnostics, name) == 0)
		return 0;
	for (size_t i = 0; i < diagnostics.count; i++)
		diagnostic_print(&diagnostics.items[i], stderr, log_use_color(stderr), false);
	return error_set(err, 0, "nothing was done: number %u of %s cannot be what runs today",
			 entry->number, name);
}

static int check_running(const struct conf *conf, const char *name, const struct history *history,
			 struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_RECORD struct record record = {0};
	enum liveness liveness;

	if (load_state(conf, &state, NULL) == 1 &&
	    heal_read(&conf->manager, &state, name, &record, &liveness, NULL) == 1 &&
	    liveness == LIVE_RUNNING)
		return 0;
	error_set(err, 0, "%s does not run", name);
	if (history->count == 0)
		return error_hint(err, "nothing is kept yet of what it has run with");
	return error_hint(err, "what it has run with is in %s/history/%s", conf->manager.data_dir,
			  name);
}

int cmd_rollback(const struct options *options, int argc, char *argv[], struct error *err)
{
	const struct apply_options how = {.restart = !options->no_restart, .named = true};
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_HISTORY struct history history = {0};
	const struct history_entry *entry;
	uint64_t wanted = 0; /* 0: the one before what runs */
	bool changed;

	if (argc > 1 && parse_number(argv[1], 1, UINT32_MAX, &wanted, err) < 0)
		return error_wrap(err, "rollback"), COMMAND_MISUSED;
	if (load_configuration(options, &conf, err) < 0 ||
	    load_names(&conf, 1, argv, LOAD_KNOWN, &names, err) < 0 ||
	    history_list(conf.manager.data_dir, argv[0], &history, err) < 0 ||
	    check_running(&conf, argv[0], &history, err) < 0)
		return -1;
	entry = choose(&history, find_running(&conf, argv[0], &history), argv[0], wanted, err);
	if (!entry || load_entry(entry, &conf, argv[0], err) < 0)
		return -1;
	return apply_names(&conf, &names, &how, "rollback", &changed, err);
}

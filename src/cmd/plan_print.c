/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_print.c: a plan for people, for programs, and as a script. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cmd/plan.h"

#define ACTION_COUNT (ACTION_STOP + 1)

/* ---- for people ---- */

static const char *meaning_of(const struct planned *item)
{
	switch (item->change.action) {
	case ACTION_NOTHING:
		return item->change.changes.count > 0 ? "for the next start" : "as its file says";
	case ACTION_LIVE:
		return "changed while it runs";
	case ACTION_ATTACH:
		return "its interface is attached anew: connections end, processes go on";
	case ACTION_RESTART:
		return item->others.count > 0
			       ? "stopped, and started when all on its network are down"
			       : "stopped and started anew";
	case ACTION_START:
		return "it does not run";
	case ACTION_STOP:
		return item->view.alive ? "it runs and has no file any more"
					: "something of it is left, and it has no file";
	}
	return "";
}

/* "conf.d/web.conf:12", with the layer where it is not the file's own. */
static void print_place(const struct change *change)
{
	if (change->at.line == 0) {
		printf("  (default)");
		return;
	}
	printf("  (%s:%u", change->at.file, change->at.line);
	/* The manager file's own name is in front of the colon. */
	if (change->layer && strcmp(change->layer, "container.conf") != 0)
		printf(", %s%s", strcmp(change->layer, "defaults") == 0 ? "" : "template ",
		       change->layer);
	printf(")");
}

static void print_change(const struct change *change)
{
	printf("  %-9s  %s", change_class_name(change->class), change->key);
	if (change->element && (!change->old_value || !change->new_value))
		printf(" (%s)", change->element);
	printf(": %s -> %s", change->old_value ?: "none", change->new_value ?: "none");
	print_place(change);
	printf("\n");
}

static void print_start(const struct planned *item)
{
	const struct spec *spec = item->view.spec;
	struct location at = origin_find(&spec->origins, "autostart");
	char end[128];

	view_describe_end(&item->view.record, end, sizeof(end));
	if (*end)
		printf("  it ended with %s\n", end);
	if (spec->autostart && at.line)
		printf("  autostart = true  (%s:%u)\n", at.file, at.line);
}

static void print_others(const struct planned *item)
{
	for (size_t i = 0; i < item->others.count; i++)
		printf("%s%s", i ? ", " : "  its network changes, these are down meanwhile: ",
		       item->others.items[i]);
	printf("%s", item->others.count > 0 ? "\n" : "");
}

/* Whom it waits for: "first: db, cache". */
static void print_order(const struct planned *item)
{
	const struct spec *spec = item->view.spec;

	if ((item->change.action != ACTION_START && item->change.action != ACTION_RESTART) ||
	    spec->depends_on.count == 0)
		return;
	for (size_t i = 0; i < spec->depends_on.count; i++)
		printf("%s%s", i ? ", " : "  it starts when these are up and ready: ",
		       spec->depends_on.items[i]);
	printf("\n");
}

static void print_item(const struct planned *item)
{
	const struct container_change *change = &item->change;

	printf("%s: %s (%s)\n", change->name, change_action_name(change->action),
	       meaning_of(item));
	if (change->action == ACTION_START)
		print_start(item);
	print_order(item);
	for (size_t i = 0; i < change->changes.count; i++)
		print_change(&change->changes.items[i]);
	print_others(item);
}

static void print_summary(const struct plan *plan)
{
	size_t counts[ACTION_COUNT] = {0}, printed = 0;

	for (size_t i = 0; i < plan->count; i++)
		counts[plan->items[i].change.action]++;
	for (unsigned int i = ACTION_NOTHING + 1; i < ACTION_COUNT; i++)
		if (counts[i] > 0)
			printf("%s%zu to %s", printed++ ? ", " : "", counts[i],
			       i == ACTION_LIVE ? "change live"
						: change_action_name((enum change_action)i));
	if (printed == 0)
		printf("nothing to do");
	printf("; %zu container%s looked at\n", plan->count, plan->count == 1 ? "" : "s");
}

void plan_print_text(const struct plan *plan, bool verbose)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct container_change *change = &plan->items[i].change;

		if (change->action != ACTION_NOTHING ||
		    (verbose && change->changes.count > 0))
			print_item(&plan->items[i]);
	}
	print_summary(plan);
}

/* ---- for programs ---- */

static struct json *change_to_json(const struct change *change)
{
	struct json *object = json_new_object();

	json_add_text(object, "key", change->key);
	json_add_text(object, "element", change->element);
	json_add_text(object, "old", change->old_value);
	json_add_text(object, "new", change->new_value);
	json_add_text(object, "class", change_class_name(change->class));
	json_add_text(object, "file", change->at.line ? change->at.file : NULL);
	json_add_number(object, "line", change->at.line ? change->at.line : UINT64_MAX);
	json_add_text(object, "layer", change->layer);
	return object;
}

void plan_print_json(const struct plan *plan)
{
	AUTO_JSON struct json *list = json_new_list();

	for (size_t i = 0; i < plan->count; i++) {
		const struct planned *item = &plan->items[i];
		struct json *object = json_new_object(), *changes = json_new_list();

		json_add_text(object, "name", item->change.name);
		json_add_text(object, "state", view_state_name(item->view.state));
		json_add_text(object, "action", change_action_name(item->change.action));
		for (size_t j = 0; j < item->change.changes.count; j++)
			json_append(changes, change_to_json(&item->change.changes.items[j]));
		json_add(object, "changes", changes);
		json_add_strings(object, "others", &item->others);
		json_append(list, object);
	}
	json_print(list, stdout);
}

/* ---- for the shell ---- */

static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else
			putchar(*text);
	}
	putchar('\'');
}

static void print_command(const struct options *options, const char *command,
			  const struct strlist *names)
{
	if (names->count == 0)
		return;
	printf("cman ");
	if (strcmp(options->config_file, CONF_DEFAULT_FILE) != 0) {
		printf("-c ");
		print_quoted(options->config_file);
		printf(" ");
	}
	printf("%s", command);
	for (size_t i = 0; i < names->count; i++)
		printf(" %s", names->items[i]);
	printf("\n");
}

/* What each command is to be about. */
struct script {
	struct strlist down, apply, restart, up;
};

static void add_once(struct strlist *list, const char *name)
{
	if (!strlist_contains(list, name))
		strlist_add(list, name);
}

/*
 * A network changes its shape only when nobody is on it, so that a restart of one after the other
 * would not do.
 */
static void add_parted(const struct plan *plan, const struct planned *item, struct script *script)
{
	for (size_t i = 0; i < item->others.count; i++) {
		const char *name = item->others.items[i];

		add_once(&script->down, name);
		if (conf_find(&plan->conf, name))
			add_once(&script->up, name);
	}
	if (item->view.record.name)
		add_once(&script->down, item->change.name);
	add_once(&script->up, item->change.name);
}

static void add_to_script(const struct plan *plan, const struct planned *item,
			  struct script *script)
{
	const char *name = item->change.name;

	if (item->is_parted) {
		add_parted(plan, item, script);
		return;
	}
	switch (item->change.action) {
	case ACTION_NOTHING:
		break;
	case ACTION_LIVE:
	case ACTION_ATTACH:
		add_once(&script->apply, name);
		break;
	case ACTION_RESTART:
		add_once(&script->restart, name);
		break;
	case ACTION_START:
		add_once(&script->up, name);
		break;
	case ACTION_STOP:
		add_once(&script->down, name);
		break;
	}
}

static void drop(struct strlist *list, const struct strlist *others)
{
	struct strlist kept = {0};

	for (size_t i = 0; i < list->count; i++)
		if (!strlist_contains(others, list->items[i]))
			strlist_add(&kept, list->items[i]);
	strlist_clear(list);
	*list = kept;
}

void plan_print_shell(const struct plan *plan, const struct options *options)
{
	struct script script = {0};

	for (size_t i = 0; i < plan->count; i++)
		add_to_script(plan, &plan->items[i], &script);
	/* It is down for the sake of another one. */
	drop(&script.restart, &script.down);
	drop(&script.apply, &script.down);
	print_command(options, "down", &script.down);
	print_command(options, "apply", &script.apply);
	print_command(options, "restart", &script.restart);
	print_command(options, "up", &script.up);
	strlist_clear(&script.down);
	strlist_clear(&script.apply);
	strlist_clear(&script.restart);
	strlist_clear(&script.up);
}

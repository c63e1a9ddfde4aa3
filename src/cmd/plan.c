/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman plan */
#include "cmd/plan.h"

#include <string.h>

#include "base/log.h"
#include "base/shares.h"
#include "cmd/load.h"

#define EXIT_TO_DO 3

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		view_clear(&plan->items[i].view);
		spec_clear(&plan->items[i].recorded);
		container_change_clear(&plan->items[i].change);
		strlist_clear(&plan->items[i].others);
	}
	free(plan->items);
	change_look_clear(&plan->look);
	state_close(&plan->state);
	conf_clear(&plan->conf);
}

static void take_views(struct plan *plan, const struct strlist *names)
{
	AUTO_FREE struct record_look *records = record_look_all(plan->look.state, names);

	for (size_t i = 0; i < names->count; i++) {
		view_take_looked(&plan->conf, plan->look.state, names->items[i], &records[i],
				 &plan->items[i].view);
		plan->items[i].change.name = names->items[i];
	}
}

static void compare(void *data, size_t first, size_t end)
{
	const struct plan *plan = data;

	for (size_t i = first; i < end; i++)
		plan->items[i].is_same = change_look_is_same(&plan->look, &plan->items[i].view);
}

static int plan_one(const struct change_look *look, bool named, struct planned *item,
		    struct error *err)
{
	const struct spec *spec = item->view.spec;

	return change_look_find(look, &item->view, named || (spec && spec->autostart),
				item->is_same, &item->recorded, &item->change, err);
}

/* ---- networks that change their shape ---- */

static void add_members(const struct network_record *network, struct planned *item)
{
	item->is_parted = true;
	for (size_t i = 0; i < network->member_count; i++) {
		const char *name = network->members[i].container;

		if (strcmp(name, item->change.name) != 0 && !strlist_contains(&item->others, name))
			strlist_add(&item->others, name);
	}
}

static bool has_changed(const struct manager *manager, const struct network_record *network)
{
	const struct network *wanted = manager_find_network(manager, network->name);
	AUTO_CHANGES struct changes changes = {0};

	if (wanted)
		change_find_network(network, wanted, &changes);
	return changes.count > 0;
}

/* Whether it is on a network now, or is to be. */
static bool is_about(const struct planned *item, const char *network)
{
	const struct spec *const specs[] = {item->view.spec, &item->recorded};

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		for (size_t j = 0; specs[i] && j < specs[i]->interface_count; j++)
			if (text_equal(specs[i]->interfaces[j].network, network))
				return true;
	return false;
}

static void find_others(struct plan *plan)
{
	for (size_t i = 0; i < plan->look.network_count; i++) {
		const struct network_record *network = &plan->look.networks[i];

		if (!has_changed(&plan->conf.manager, network))
			continue;
		for (size_t j = 0; j < plan->count; j++) {
			struct planned *item = &plan->items[j];

			if (item->change.action != ACTION_NOTHING &&
			    item->change.action != ACTION_STOP && is_about(item, network->name))
				add_members(network, item);
		}
	}
}

/* ---- all of them ---- */

static bool is_to_do(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].change.action != ACTION_NOTHING)
			return true;
	return false;
}

int plan_find(struct plan *plan, const struct strlist *names, bool named, struct error *err)
{
	int there = load_state(&plan->conf, &plan->state, err), status = EXIT_SUCCESS;

	if (there < 0 ||
	    change_look_open(&plan->conf, there ? &plan->state : NULL, &plan->look, err) < 0)
		return -1;
	plan->items = xalloc(names->count, sizeof(*plan->items));
	plan->count = names->count;
	take_views(plan, names);
	shares_do(plan->count, compare, plan);
	for (size_t i = 0; i < names->count; i++) {
		struct error failure = {0};

		if (plan_one(&plan->look, named, &plan->items[i], &failure) == 0)
			continue;
		log_error(&failure);
		status = EXIT_FAILURE;
	}
	find_others(plan);
	return status;
}

int cmd_plan(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO(plan_clear) struct plan plan = {.state = {-1, -1, -1}};
	AUTO_STRLIST struct strlist names = {0};
	int status, looked;

	if (options->json && options->sh)
		return command_misused(err, "plan prints either JSON or commands of the shell");
	if (load_to_compare(options, argc, argv, false, &plan.conf, &names, &status, err) < 0)
		return -1;
	looked = plan_find(&plan, &names, argc > 0, err);
	if (looked < 0)
		return -1;
	if (options->json)
		plan_print_json(&plan);
	else if (options->sh)
		plan_print_shell(&plan, options);
	else
		plan_print_text(&plan, options->verbose);
	if (status != EXIT_SUCCESS || looked != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return is_to_do(&plan) ? EXIT_TO_DO : EXIT_SUCCESS;
}

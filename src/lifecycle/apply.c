/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/apply.h"

#include "base/fs.h"
#include "base/log.h"
#include "config/conf.h"
#include "lifecycle/adopt.h"
#include "lifecycle/apply_back.h"
#include "lifecycle/events.h"
#include "lifecycle/exchange.h"
#include "lifecycle/live.h"
#include "lifecycle/parted.h"
#include "lifecycle/precheck.h"
#include "lifecycle/recorded.h"
#include "lifecycle/steps.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000

static void fail(struct container *container, const struct error *err)
{
	/* The first reason is the one to tell. */
	if (!container->failed)
		container->error = *err;
	container->failed = true;
}

/* ---- in the record before it is so ---- */

/* What its processes were started with stays so: variables of the host, as they were then. */
static int note_pending(const struct container *container, const struct spec *recorded,
			struct error *err)
{
	AUTO_TEXT struct text text = {0};
	struct spec mixed = *container->spec;

	mixed.environment = recorded->environment;
	conf_print_spec(&mixed, true, &text);
	return fs_replace_at(container->directory_fd, APPLY_PENDING, text_value(&text), text.length,
			     0600, err);
}

/* Whoever takes the container down finds what may be there. */
static int note_change(struct host *host, struct apply_item *item, const struct strlist *exchange,
		       struct error *err)
{
	struct container *container = item->container;

	if (note_pending(container, &item->recorded, err) < 0)
		return error_wrap(err, "note what is to be changed");
	strlist_clear(&container->record.exchange);
	if (item->exchanges)
		strlist_copy(&container->record.exchange, exchange);
	container_describe(host->manager, container);
	container->record.applied = true;
	return record_write(&host->state, &container->record, err);
}

/* ---- what is to be done ---- */

/* A key that claims to change while a container runs, and that nothing here can change. */
static bool is_beyond_us(const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if ((changes->items[i].class == CHANGE_LIVE ||
		     changes->items[i].class == CHANGE_ATTACH) &&
		    live_parts_of_key(changes->items[i].key) == 0)
			return true;
	return false;
}

struct networks {
	struct network_record *items;
	size_t count;
};

static void networks_clear(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		network_record_clear(&networks->items[i]);
	free(networks->items);
}

static int read_networks(struct host *host, struct networks *networks, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || network_record_list(&host->state, &names, err) < 0)
		return -1;
	networks->items = xalloc(names.count, sizeof(*networks->items));
	for (size_t i = 0; i < names.count; i++)
		if (network_record_read(&host->state, names.items[i],
					&networks->items[networks->count], NULL) == 1)
			networks->count++;
	return 0;
}

static void plan_one(const struct host *host, const struct networks *networks,
		     const struct apply_options *options, struct apply_item *item)
{
	struct container *container = item->container;
	const struct record *record = &container->record;
	struct change_input input = {
		.name = container->name,
		.liveness = record->name ? record_liveness(record) : LIVE_NONE,
		.cgroup_parent = record->cgroup_parent,
		.transient = record->transient,
		.wanted = item->wanted,
		.is_wanted = options->named || (item->wanted && item->wanted->autostart),
	};
	const bool lives = input.liveness == LIVE_RUNNING || input.liveness == LIVE_WAITING;
	struct error err = {0};

	if (lives && item->wanted &&
	    recorded_spec(&host->state, container->name, &item->recorded, &err) < 0) {
		fail(container, &err);
		return;
	}
	input.recorded = lives ? &item->recorded : NULL;
	change_find(&input, host->manager, networks->items, networks->count, &item->change);
	if (item->change.action != ACTION_RESTART && is_beyond_us(&item->change.changes))
		item->change.action = ACTION_RESTART;
}

/* What is to happen to processes; the rest stays as it is or changes while it runs. */
static void choose_action(struct apply_item *item, const struct apply_options *options)
{
	struct container *container = item->container;
	const bool fresh = !container->record.name;

	switch (item->change.action) {
	case ACTION_RESTART:
		item->left = !options->restart;
		container->action = item->left ? PLAN_NOTHING : PLAN_RENEW;
		break;
	case ACTION_START:
		item->left = options->only_running;
		container->action = item->left ? PLAN_NOTHING : fresh ? PLAN_START : PLAN_RENEW;
		break;
	case ACTION_STOP:
		item->left = options->only_running || (!options->named && !options->prune);
		container->action = item->left ? PLAN_NOTHING : PLAN_STOP;
		break;
	case ACTION_NOTHING:
	case ACTION_LIVE:
	case ACTION_ATTACH:
		container->action = PLAN_NOTHING;
		break;
	}
}

/* ---- who gets what another one gives up ---- */

static bool changes_links(const struct apply_item *item)
{
	return !item->container->failed &&
	       (item->change.action == ACTION_LIVE || item->change.action == ACTION_ATTACH) &&
	       (live_parts(&item->change.changes) & LIVE_NETWORK);
}

/* What it gets is free only once that one was stopped: so it is restarted, behind that. */
static void follow_restart(struct apply_item *item, const struct apply_options *options)
{
	item->change.action = ACTION_RESTART;
	choose_action(item, options);
}

/* Whether anybody has become one that is stopped before it starts. */
static bool follow_restarts(struct apply *apply, const struct apply_options *options)
{
	bool any = false;

	for (size_t i = 0; i < apply->count; i++) {
		struct apply_item *item = &apply->items[i];

		for (size_t j = 0; j < apply->count && changes_links(item); j++) {
			const struct apply_item *other = &apply->items[j];

			if (i == j || other->container->failed ||
			    (other->container->action != PLAN_RENEW &&
			     other->container->action != PLAN_STOP) ||
			    !exchange_meets(item->wanted, &other->recorded))
				continue;
			follow_restart(item, options);
			any = true;
		}
	}
	return any;
}

static void find_exchanges(struct apply *apply, const struct apply_options *options)
{
	while (options->restart && follow_restarts(apply, options))
		;
	for (size_t i = 0; i < apply->count; i++)
		for (size_t j = 0; j < apply->count && changes_links(&apply->items[i]); j++)
			if (i != j && changes_links(&apply->items[j]) &&
			    exchange_meets(apply->items[i].wanted, &apply->items[j].recorded))
				apply->items[i].exchanges = apply->items[j].exchanges = true;
	for (size_t i = 0; i < apply->count; i++)
		if (apply->items[i].exchanges)
			strlist_add(&apply->exchange, apply->items[i].container->name);
}

int apply_plan(struct apply *apply, struct wave *wave, const struct apply_options *options,
	       const struct spec *(*wanted)(void *data, const char *name), void *data,
	       struct error *err)
{
	AUTO(networks_clear) struct networks networks = {0};

	*apply = (struct apply){.wave = wave,
				.items = xalloc(wave->count, sizeof(*apply->items))};
	if (read_networks(wave->host, &networks, err) < 0)
		return -1;
	for (; apply->count < wave->count; apply->count++) {
		struct apply_item *item = &apply->items[apply->count];

		item->container = &wave->containers[apply->count];
		item->container->action = PLAN_NOTHING;
		item->wanted = wanted(data, item->container->name);
		if (item->container->failed)
			continue;
		if (item->container->record.name)
			supervisor_keep(wave->host, item->container);
		plan_one(wave->host, &networks, options, item);
		choose_action(item, options);
	}
	parted_refuse(wave, wanted, data);
	find_exchanges(apply, options);
	return 0;
}

void apply_clear(struct apply *apply)
{
	for (size_t i = 0; i < apply->count; i++) {
		spec_clear(&apply->items[i].recorded);
		container_change_clear(&apply->items[i].change);
	}
	free(apply->items);
	strlist_clear(&apply->exchange);
	*apply = (struct apply){0};
}

/* ---- all that changes while it runs ---- */

static bool is_live(const struct apply_item *item)
{
	return !item->container->failed && (item->change.action == ACTION_LIVE ||
					    item->change.action == ACTION_ATTACH);
}

static struct live live_of(const struct apply_item *item)
{
	return (struct live){
		.container = item->container,
		.from = &item->recorded,
		.parts = live_parts(&item->change.changes),
	};
}

/* What one of them had another one would have: all of them go back with the first that fails. */
static void fail_together(struct apply *apply)
{
	const char *name = NULL;

	for (size_t i = 0; i < apply->count && !name; i++)
		if (apply->items[i].exchanges && apply->items[i].container->failed)
			name = apply->items[i].container->name;
	for (size_t i = 0; i < apply->count && name; i++) {
		struct error err;

		error_set(&err, 0, "not changed, as %s is not, with which it exchanges", name);
		if (apply->items[i].exchanges)
			fail(apply->items[i].container, &err);
	}
}

/* Before the first change: what another one gives up is as good as free. */
static void check_all(struct apply *apply)
{
	static const struct strlist nobody;

	for (size_t i = 0; i < apply->count; i++) {
		struct apply_item *item = &apply->items[i];
		struct error err = {0};

		if (!is_live(item))
			continue;
		item->container->spec = item->wanted;
		if (changes_links(item) &&
		    precheck_network(apply->wave->host, item->container,
				     item->exchanges ? &apply->exchange : &nobody, &err) < 0)
			fail(item->container, &err);
	}
	fail_together(apply);
}

static void begin_all(struct apply *apply, bool *begun)
{
	struct host *host = apply->wave->host;

	for (size_t i = 0; i < apply->count; i++) {
		struct apply_item *item = &apply->items[i];
		const struct live live = live_of(item);
		struct error err = {0};

		if (!is_live(item))
			continue;
		log_verbose("%s: change", item->container->name);
		begun[i] = true;
		if (note_change(host, item, &apply->exchange, &err) < 0 ||
		    live_begin(host, &live, &err) < 0) {
			fail(item->container, &err);
			fail_together(apply);
		}
	}
}

static void commit_all(struct apply *apply)
{
	struct error err = {0};
	bool needed = false;

	for (size_t i = 0; i < apply->count; i++) {
		const struct live live = live_of(&apply->items[i]);

		needed |= is_live(&apply->items[i]) && live_needs_commit(&live);
	}
	if (!needed || network_up_commit(apply->wave->host, &err) == 0)
		return;
	for (size_t i = 0; i < apply->count; i++) {
		const struct live live = live_of(&apply->items[i]);

		if (is_live(&apply->items[i]) && live_needs_commit(&live))
			fail(apply->items[i].container, &err);
	}
}

static void finish_all(struct apply *apply)
{
	for (size_t i = 0; i < apply->count; i++) {
		struct apply_item *item = &apply->items[i];
		const struct live live = live_of(item);
		struct error err = {0};

		if (is_live(item) && live_finish(apply->wave->host, &live, &err) < 0)
			fail(item->container, &err);
	}
	fail_together(apply);
}

/* The first of those that exchange settles it for all of them: from then on there is no way back. */
static void settle_all(struct apply *apply, bool *begun)
{
	bool decided = false;

	for (size_t i = 0; i < apply->count; i++) {
		struct apply_item *item = &apply->items[i];
		const struct live live = live_of(item);
		struct error err = {0};

		if (!is_live(item))
			continue;
		if (apply_settle(apply->wave->host, &live, &err) == 0) {
			decided |= item->exchanges;
			continue;
		}
		if (item->exchanges && decided) {
			error_hint(&err, "the next command notes it");
			begun[i] = false;
			fail(item->container, &err);
			continue;
		}
		fail(item->container, &err);
		fail_together(apply);
	}
}

static void keep_all(const struct apply *apply)
{
	for (size_t i = 0; i < apply->count; i++)
		if (is_live(&apply->items[i]))
			recorded_keep(apply->wave->host->manager, apply->items[i].container,
				      apply->wave->how);
}

static void take_back_failed(struct apply *apply, const bool *begun)
{
	AUTO_FREE struct apply_back *backs = xalloc(apply->count, sizeof(*backs));
	AUTO_FREE size_t *indices = xalloc(apply->count, sizeof(*indices));
	size_t count = 0;

	for (size_t i = 0; i < apply->count; i++)
		if (begun[i] && apply->items[i].container->failed) {
			indices[count] = i;
			backs[count++].live = live_of(&apply->items[i]);
		}
	apply_take_back(apply->wave->host, backs, count);
	for (size_t i = 0; i < count; i++) {
		struct apply_item *item = &apply->items[indices[i]];

		item->taken_back = backs[i].rc == 0;
		if (!item->taken_back)
			log_warning("%s: %s, the next command tries again to take its changes back",
				    item->container->name, backs[i].error.text);
	}
}

/* before[i]: it had failed before anything was changed. */
static void note_changes(const struct apply *apply, const bool *before)
{
	for (size_t i = 0; i < apply->count; i++) {
		const struct apply_item *item = &apply->items[i];
		AUTO_STRLIST struct strlist keys = {0};

		if (before[i] || (item->change.action != ACTION_LIVE &&
				  item->change.action != ACTION_ATTACH))
			continue;
		for (size_t j = 0; j < item->change.changes.count; j++)
			if (item->change.changes.items[j].class != CHANGE_NONE)
				strlist_add(&keys, item->change.changes.items[j].key);
		events_note_change(apply->wave->host, item->container, &keys);
	}
}

static void change_all(struct apply *apply)
{
	AUTO_FREE bool *begun = xalloc(apply->count, sizeof(*begun));
	AUTO_FREE bool *failed = xalloc(apply->count, sizeof(*failed));

	for (size_t i = 0; i < apply->count; i++)
		failed[i] = apply->items[i].container->failed;
	check_all(apply);
	begin_all(apply, begun);
	commit_all(apply);
	finish_all(apply);
	settle_all(apply, begun);
	keep_all(apply);
	take_back_failed(apply, begun);
	note_changes(apply, failed);
}

/* Those that have no file, and no others: what is to start again is looked at before it is stopped. */
static void stop_all(struct apply *apply)
{
	AUTO_FREE enum plan_action *actions = xalloc(apply->count, sizeof(*actions));
	bool any = false;

	for (size_t i = 0; i < apply->count; i++) {
		struct container *container = apply->items[i].container;

		actions[i] = container->action;
		any |= container->action == PLAN_STOP;
		if (container->action != PLAN_STOP)
			container->action = PLAN_NOTHING;
	}
	if (any)
		wave_down(apply->wave, false);
	for (size_t i = 0; i < apply->count; i++)
		apply->items[i].container->action = actions[i];
}

static bool has_to_start(const struct apply *apply)
{
	for (size_t i = 0; i < apply->count; i++)
		if (apply->items[i].container->action == PLAN_RENEW ||
		    apply->items[i].container->action == PLAN_START)
			return true;
	return false;
}

bool apply_defer_ordered(struct apply *apply, struct strlist *names)
{
	bool ordered = false;

	for (size_t i = 0; i < apply->count; i++)
		ordered |= container_is_to_start(apply->items[i].container) &&
			   apply->items[i].wanted->depends_on.count +
				   apply->items[i].wanted->after.count > 0;
	if (!ordered)
		return false;
	/* Nobody is stopped who could not start. */
	for (size_t i = 0; i < apply->count; i++)
		if (container_is_to_start(apply->items[i].container))
			apply->items[i].container->spec = apply->items[i].wanted;
	wave_check(apply->wave);
	for (size_t i = 0; i < apply->count; i++) {
		struct container *container = apply->items[i].container;

		if (!container_is_to_start(apply->items[i].container))
			continue;
		strlist_add(names, container->name);
		container->action = PLAN_NOTHING;
		apply->items[i].deferred = true;
	}
	return names->count > 0;
}

void apply_run(struct apply *apply, const struct conf *conf)
{
	change_all(apply);
	/* What they hold may be wanted by those that start. */
	stop_all(apply);
	if (has_to_start(apply))
		wave_up(apply->wave, conf);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The containers there are records of, and those of their networks, held for drift_look(). */
#include "lifecycle/drift_look.h"

#include <string.h>

#include "lifecycle/adopt.h"
#include "lifecycle/drift_parts.h"
#include "lifecycle/recorded.h"
#include "state/network_files.h"

/* For all locks that are held by others together: most are for a few milliseconds. */
#define LOCKS_TIMEOUT_MS 500

/* ---- holding ---- */

static void held_clear(struct drift_held *held)
{
	container_clear(&held->container);
	spec_clear(&held->spec);
}

static void clear_networks(struct drift_hold *hold)
{
	for (size_t i = 0; i < hold->network_count; i++)
		network_record_clear(&hold->networks[i]);
	free(hold->networks);
	free(hold->manager.networks);
	hold->networks = NULL;
	hold->network_count = 0;
	hold->manager = hold->conf->manager;
	hold->manager.networks = NULL;
	hold->manager.network_count = 0;
}

void drift_let_go(struct drift_hold *hold)
{
	if (!hold->conf)
		return;
	for (size_t i = 0; i < hold->count; i++)
		held_clear(&hold->items[i]);
	free(hold->items);
	strlist_clear(&hold->busy);
	clear_networks(hold);
	hold->host->manager = &hold->conf->manager;
	*hold = (struct drift_hold){0};
}

/*
 * Its supervisor, where it lives, cleans up after its process: it waits for the lock that we hold.
 * 1: it is to be held, 0: it is none of our business.
 */
static int classify(const struct state *state, struct drift_held *held)
{
	struct record *record = &held->container.record;
	struct error why = {0};
	AUTO_FD int supervisor_fd = -1;
	int rc = record_read(state, held->container.name, record, &why);

	if (rc < 0) {
		held->state = DRIFT_DAMAGED;
		return 1;
	}
	if (rc == 0)
		return 0;
	switch (record_liveness(record)) {
	case LIVE_NONE:
	case LIVE_ENDED:
		return 0;
	case LIVE_RUNNING:
		break;
	case LIVE_WAITING:
		held->state = DRIFT_WAITING;
		return 1;
	case LIVE_STALE:
		if (record->phase == PHASE_RESTARTING && supervisor_is_missing(record)) {
			held->state = DRIFT_WAITING;
			return 1;
		}
		if (record->supervisor.pid > 0)
			supervisor_fd = process_open(&record->supervisor, NULL);
		held->state = DRIFT_GONE;
		return supervisor_fd < 0;
	}
	held->state = DRIFT_RUNNING;
	if (recorded_spec(state, held->container.name, &held->spec, NULL) < 0)
		held->state = DRIFT_DAMAGED;
	held->container.spec = &held->spec;
	return 1;
}

/* 1: held; 0: there is nothing to hold, or it is busy. */
static int take_one(struct drift_hold *hold, const char *name, uint64_t deadline_ms,
		    struct drift_held *held, struct error *err)
{
	struct state *state = &hold->host->state;
	struct container *container = &held->container;
	uint64_t now = process_monotonic_ms();
	int rc;

	container_init(container, name);
	/* Locking it would make its directory. */
	container->directory_fd = record_open_directory(state, name, NULL);
	if (container->directory_fd < 0)
		return 0;
	container->lock_fd =
		record_lock(state, name, now < deadline_ms ? (int)(deadline_ms - now) : 0, err);
	if (container->lock_fd < 0 && err->code == EAGAIN) {
		strlist_add(&hold->busy, name);
		error_clear(err);
		return 0;
	}
	if (container->lock_fd < 0)
		return error_wrap(err, "%s", name);
	rc = classify(state, held);
	if (rc == 0 && !container->record.name && container_has_only_lock(container->directory_fd))
		container_forget(hold->host, container, NULL);
	return rc;
}

int drift_take(struct host *host, const struct conf *conf, struct drift_hold *hold,
	       struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	uint64_t deadline_ms = process_monotonic_ms() + LOCKS_TIMEOUT_MS;

	*hold = (struct drift_hold){.host = host, .conf = conf};
	clear_networks(hold);
	host->manager = &hold->manager;
	if (record_list(&host->state, &names, err) < 0)
		return -1;
	hold->items = xalloc(names.count, sizeof(*hold->items));
	for (size_t i = 0; i < names.count; i++) {
		struct drift_held *held = &hold->items[hold->count];
		int rc = take_one(hold, names.items[i], deadline_ms, held, err);

		if (rc == 1)
			hold->count++;
		else
			held_clear(held);
		if (rc != 1)
			*held = (struct drift_held){0};
		if (rc < 0)
			return -1;
	}
	return 0;
}

struct drift_held *drift_find_any(const struct drift_hold *hold, const char *name)
{
	for (size_t i = 0; i < hold->count; i++)
		if (strcmp(hold->items[i].container.name, name) == 0)
			return &hold->items[i];
	return NULL;
}

struct drift_held *drift_find(const struct drift_hold *hold, const char *name)
{
	struct drift_held *held = drift_find_any(hold, name);

	return held && held->state == DRIFT_RUNNING ? held : NULL;
}

const struct network_record *drift_find_network(const struct drift_hold *hold, const char *name)
{
	for (size_t i = 0; i < hold->network_count; i++)
		if (strcmp(hold->networks[i].name, name) == 0)
			return &hold->networks[i];
	return NULL;
}

/* ---- what is recorded ---- */

static void make_manager(struct drift_hold *hold)
{
	const struct manager *files = &hold->conf->manager;
	struct manager *manager = &hold->manager;

	manager->networks =
		xalloc(files->network_count + hold->network_count, sizeof(*manager->networks));
	for (size_t i = 0; i < hold->network_count; i++)
		manager->networks[manager->network_count++] = recorded_network(
			manager_find_network(files, hold->networks[i].name), &hold->networks[i]);
	for (size_t i = 0; i < files->network_count; i++)
		if (!drift_find_network(hold, files->networks[i].name))
			manager->networks[manager->network_count++] = files->networks[i];
}

/* A member that is not held came after us, or goes. */
static void find_busy(const struct drift_hold *hold, struct drift_scene *scene)
{
	strlist_copy(&scene->busy, &hold->busy);
	for (size_t i = 0; i < hold->network_count; i++)
		for (size_t j = 0; j < hold->networks[i].member_count; j++) {
			const char *name = hold->networks[i].members[j].container;

			if (!drift_find_any(hold, name) && !strlist_contains(&scene->busy, name))
				strlist_add(&scene->busy, name);
		}
}

int drift_read_networks(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	clear_networks(hold);
	if (network_record_list(&hold->host->state, &names, err) < 0)
		return -1;
	hold->networks = xalloc(names.count, sizeof(*hold->networks));
	for (size_t i = 0; i < names.count; i++) {
		int rc = network_record_read(&hold->host->state, names.items[i],
					     &hold->networks[hold->network_count], NULL);

		if (rc == 1)
			hold->network_count++;
		else if (rc < 0)
			strlist_add(&scene->damaged, names.items[i]);
	}
	make_manager(hold);
	find_busy(hold, scene);
	return 0;
}

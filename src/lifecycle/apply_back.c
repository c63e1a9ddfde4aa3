/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/apply_back.h"

#include <string.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "lifecycle/apply.h"
#include "lifecycle/exchange.h"
#include "lifecycle/recorded.h"
#include "lifecycle/steps.h"

int apply_settle(struct host *host, const struct live *live, struct error *err)
{
	const int directory_fd = live->container->directory_fd;
	struct error why = {0};

	if (FAULT("settle", live->container->name, err) < 0)
		return -1;
	if (renameat(directory_fd, APPLY_PENDING, directory_fd, "spec") < 0)
		return error_set(err, errno, "note what was changed");
	if (live_settle(host, live, &why) < 0)
		log_warning("%s: %s", live->container->name, why.text);
	return 0;
}

/* ---- the way back ---- */

static struct live turn_round(const struct apply_back *back, const struct spec *wanted)
{
	return (struct live){back->live.container, wanted, back->live.parts, true};
}

static void commit(struct host *host, struct apply_back *backs, size_t count)
{
	struct error err = {0};
	bool needed = false;

	for (size_t i = 0; i < count; i++)
		needed |= backs[i].rc == 0 && live_needs_commit(&backs[i].live);
	if (!needed || network_commit(host, &err) == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (backs[i].rc == 0 && live_needs_commit(&backs[i].live)) {
			backs[i].rc = -1;
			backs[i].error = err;
		}
}

static int finish(struct host *host, const struct live *back, struct error *err)
{
	struct container *container = back->container;

	if (live_finish(host, back, err) < 0 || live_settle(host, back, err) < 0)
		return -1;
	container_describe(host->manager, container);
	return record_write(&host->state, &container->record, err);
}

/* The first error of each is what is told. */
void apply_take_back(struct host *host, struct apply_back *backs, size_t count)
{
	AUTO_FREE const struct spec **wanted = xalloc(count, sizeof(*wanted));

	for (size_t i = 0; i < count; i++) {
		struct container *container = backs[i].live.container;
		struct live back;

		wanted[i] = container->spec;
		back = turn_round(&backs[i], wanted[i]);
		container->spec = backs[i].live.from;
		backs[i].rc = live_begin(host, &back, &backs[i].error);
	}
	commit(host, backs, count);
	for (size_t i = 0; i < count; i++) {
		const struct live back = turn_round(&backs[i], wanted[i]);

		if (backs[i].rc == 0)
			backs[i].rc = finish(host, &back, &backs[i].error);
	}
	for (size_t i = 0; i < count; i++) {
		struct container *container = backs[i].live.container;

		if (backs[i].rc == 0)
			backs[i].rc = fs_remove_at(container->directory_fd, APPLY_PENDING,
						   &backs[i].error);
		container->spec = wanted[i];
	}
}

/* ---- after a command that was killed ---- */

bool apply_is_pending(const struct state *state, const char *name)
{
	AUTO_FREE char *path = xprintf("%s/" APPLY_PENDING, name);

	return fs_exists_at(state->containers_fd, path);
}

static int go_on(struct host *host, const struct live *live, struct error *err)
{
	if (live_begin(host, live, err) < 0 ||
	    (live_needs_commit(live) && network_commit(host, err) < 0) ||
	    live_finish(host, live, err) < 0)
		return -1;
	container_describe(host->manager, live->container);
	return record_write(&host->state, &live->container->record, err) < 0
		       ? -1
		       : apply_settle(host, live, err);
}

static int go_back(struct host *host, const struct live *live, struct error *err)
{
	struct apply_back back = {.live = *live};

	apply_take_back(host, &back, 1);
	if (back.rc < 0)
		*err = back.error;
	return back.rc;
}

/* container->spec is what was wanted. */
static int end_change(struct host *host, const struct live *live, bool decided, struct error *err)
{
	const char *name = live->container->name;

	if (decided) {
		if (go_on(host, live, err) < 0)
			return error_wrap(err, "go on with what an apply had begun");
		log_warning("%s: an apply was cut short: it is changed, as others were with which it exchanges",
			    name);
		return 0;
	}
	if (go_back(host, live, err) < 0)
		return error_wrap(err, "take back what an apply had begun");
	log_warning("%s: an apply was cut short: what it had changed is as before", name);
	return 0;
}

static int heal(struct host *host, struct container *container, bool decided, struct error *err)
{
	AUTO(spec_clear) struct spec pending = {0}, recorded = {0};
	AUTO_CHANGES struct changes changes = {0};
	const struct spec *before = container->spec;
	struct live live = {container, &recorded, 0, false};
	int rc;

	if (recorded_spec(&host->state, container->name, &recorded, err) < 0 ||
	    recorded_spec_at(container->directory_fd, APPLY_PENDING, container->name, &pending, err) < 0)
		return error_wrap(err, "take back what an apply had begun");
	spec_compare(&recorded, &pending, host->manager, &changes);
	live.parts = live_parts(&changes);
	container->spec = &pending;
	rc = end_change(host, &live, decided, err);
	container->spec = before;
	return rc;
}

static bool needs_healing(const struct container *container)
{
	return fs_exists_at(container->directory_fd, APPLY_PENDING) &&
	       record_liveness(&container->record) == LIVE_RUNNING;
}

/* One that another command works on, or we ourselves, is left to that. */
static void heal_other(struct host *host, const char *name, bool decided)
{
	const bool never_waits = host->never_waits;
	struct container other;
	struct error err = {0};

	container_init(&other, name);
	host->never_waits = true;
	if (container_take(host, &other, &err) == 0 && needs_healing(&other) &&
	    heal(host, &other, decided, &err) < 0)
		log_warning("%s: %s", name, err.text);
	host->never_waits = never_waits;
	container_clear(&other);
}

/*
 * What became of an exchange whose command was killed, for those of names that have not changed for good
 * ("pending"): true: another one has, and holds what one of them had, so they are to follow;
 * false: they go back. What cannot be read is not there.
 */
static bool is_decided(const struct state *state, const struct strlist *names)
{
	struct spec *specs = xalloc(names->count, sizeof(*specs));
	bool *pending = xalloc(names->count, sizeof(*pending));
	bool decided = false;

	for (size_t i = 0; i < names->count; i++) {
		pending[i] = apply_is_pending(state, names->items[i]);
		recorded_spec(state, names->items[i], &specs[i], NULL);
	}
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < names->count; j++)
			decided |= pending[i] && !pending[j] && exchange_meets(&specs[i], &specs[j]);
	for (size_t i = 0; i < names->count; i++)
		spec_clear(&specs[i]);
	free(specs);
	free(pending);
	return decided;
}

int apply_heal(struct host *host, struct container *container, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	bool decided;
	int rc;

	if (!needs_healing(container))
		return 0;
	strlist_copy(&names, &container->record.exchange);
	decided = is_decided(&host->state, &names);
	rc = heal(host, container, decided, err);
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.items[i], container->name) != 0 &&
		    apply_is_pending(&host->state, names.items[i]))
			heal_other(host, names.items[i], decided);
	return rc;
}

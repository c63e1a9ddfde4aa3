/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/steps.h"

#include "base/fault.h"
#include "base/log.h"

/*
 * "network" stands before "init": the hosts file it makes is bound by init. Its undo comes after
 * init is dead, so that no address is given up while a process still holds it. The link goes
 * with init's network namespace: taken away from a dead one it costs a tenth.
 */
static const struct step steps[] = {
	{.name = "files", .begin = files_begin, .undo = files_undo,
	 .stays = true, .again = files_again},
	{.name = "pre_start", .wanted = pre_start_wanted, .begin = pre_start_begin,
	 .await = pre_start_await, .undo = pre_start_undo, .undo_await = pre_start_undo_await},
	{.name = "cgroup", .begin = cgroup_begin, .undo = cgroup_undo},
	{.name = "network", .begin = network_begin, .undo = network_undo,
	 .undo_commit = network_commit, .stays = true},
	{.name = "init", .begin = init_begin, .undo = init_undo, .undo_await = link_undo},
	{.name = "link", .await = link_await},
	{.name = "firewall", .commit = network_up_commit, .stays = true},
	{.name = "start", .begin = start_begin, .await = start_await, .undo = start_undo,
	 .undo_watch = start_undo_watch, .undo_await = start_undo_await},
	{.name = "post_start", .wanted = post_start_wanted, .begin = post_start_begin,
	 .await = post_start_await, .undo = post_start_undo, .undo_await = post_start_undo_await},
};

static void fail(struct container *container, const struct error *err)
{
	/* The first reason is the one to tell: what follows is its consequence. */
	if (!container->failed)
		container->error = *err;
	container->failed = true;
}

static void fail_undo(struct container *container, const struct error *err)
{
	container->undo_failed = true;
	fail(container, err);
}

static bool has_record(const struct container *container)
{
	return container->record.name != NULL;
}

/* ---- backwards ---- */

static bool undo_one(struct host *host, const struct step *step, struct container **containers,
		     size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		struct container *container = containers[i];
		struct error err = {0};

		if (!has_record(container) || !container_has_step(container, step->name))
			continue;
		any = true;
		log_verbose("%s: undo %s", container->name, step->name);
		if (FAULT("undo", step->name, &err) < 0 ||
		    (step->undo && step->undo(host, container, &err) < 0) ||
		    FAULT("undone", step->name, &err) < 0)
			fail_undo(container, &err);
	}
	if (step->undo_watch && host->stop_progress)
		step->undo_watch(host, containers, count);
	for (size_t i = 0; i < count && step->undo_await; i++) {
		struct container *container = containers[i];
		struct error err = {0};

		if (has_record(container) && container_has_step(container, step->name) &&
		    (step->undo_await(host, container, &err) < 0 ||
		     FAULT("awaited the undo of", step->name, &err) < 0))
			fail_undo(container, &err);
	}
	return any;
}

static void undo_commit(struct host *host, const struct step *step, struct container **containers,
			size_t count)
{
	struct error err = {0};

	if (FAULT("commit the undo of", step->name, &err) == 0 &&
	    step->undo_commit(host, &err) == 0 &&
	    FAULT("committed the undo of", step->name, &err) == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (has_record(containers[i]) && container_has_step(containers[i], step->name))
			fail_undo(containers[i], &err);
}

void steps_down(struct host *host, struct container **containers, size_t count)
{
	for (size_t i = ARRAY_SIZE(steps); i-- > 0;)
		if (undo_one(host, &steps[i], containers, count) && steps[i].undo_commit)
			undo_commit(host, &steps[i], containers, count);
}

/* ---- forwards ---- */

/*
 * Takes back the containers that failed just now. Those that failed earlier have no record any
 * more, unless taking them back failed as well: that is left to the next command.
 */
static void take_back_failed(struct host *host, struct container **containers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (containers[i]->failed && has_record(containers[i]) &&
		    !containers[i]->undo_failed)
			steps_down(host, &containers[i], 1);
}

static void begin_one(struct host *host, const struct step *step, struct container *container)
{
	struct error err = {0};

	if (container->failed || (step->wanted && !step->wanted(container)))
		return;
	log_verbose("%s: %s", container->name, step->name);
	if (container_note(host, container, step->name, &err) < 0 ||
	    FAULT("begin", step->name, &err) < 0 ||
	    (step->begin && step->begin(host, container, &err) < 0) ||
	    FAULT("begun", step->name, &err) < 0)
		fail(container, &err);
}

static void await_one(struct host *host, const struct step *step, struct container *container)
{
	struct error err = {0};

	if (container->failed || !step->await || (step->wanted && !step->wanted(container)))
		return;
	if (step->await(host, container, &err) < 0 || FAULT("awaited", step->name, &err) < 0)
		fail(container, &err);
}

static void commit_all(struct host *host, const struct step *step, struct container **containers,
		       size_t count)
{
	struct error err = {0};

	if (FAULT("commit", step->name, &err) == 0 && step->commit(host, &err) == 0 &&
	    FAULT("committed", step->name, &err) == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (!containers[i]->failed)
			fail(containers[i], &err);
}

void steps_up(struct host *host, struct container **containers, size_t count)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		for (size_t j = 0; j < count; j++)
			begin_one(host, &steps[i], containers[j]);
		for (size_t j = 0; j < count; j++)
			await_one(host, &steps[i], containers[j]);
		take_back_failed(host, containers, count);
		if (steps[i].commit)
			commit_all(host, &steps[i], containers, count);
		take_back_failed(host, containers, count);
	}
}

/* ---- the payload alone ---- */

void steps_rest(struct host *host, struct container *container)
{
	struct strlist *noted = &container->record.steps;

	container->keep_exit = true;
	for (size_t i = ARRAY_SIZE(steps); i-- > 0;)
		if (!steps[i].stays)
			undo_one(host, &steps[i], &container, 1);
	for (size_t i = 0; i < ARRAY_SIZE(steps) && !container->undo_failed; i++)
		if (!steps[i].stays)
			strlist_remove(noted, steps[i].name);
}

static void begin_again(struct host *host, const struct step *step, struct container *container)
{
	struct error err = {0};

	if (!container->failed && step->again && step->again(host, container, &err) < 0)
		fail(container, &err);
}

void steps_again(struct host *host, struct container *container)
{
	container->again = true;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i].stays) {
			begin_again(host, &steps[i], container);
			continue;
		}
		begin_one(host, &steps[i], container);
		await_one(host, &steps[i], container);
	}
	if (container->failed)
		steps_rest(host, container);
}

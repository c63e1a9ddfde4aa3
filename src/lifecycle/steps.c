/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/steps.h"

#include "base/log.h"

/*
 * "network" stands before "init": the hosts file it makes is bound by init. Its undo comes after
 * init is dead, so that no address is given up while a process still holds it. The link goes
 * with init's network namespace: taken away from a dead one it costs a tenth.
 */
static const struct step steps[] = {
	{"files",    files_begin,   NULL,        NULL,           files_undo,   NULL, NULL},
	{"cgroup",   cgroup_begin,  NULL,        NULL,           cgroup_undo,  NULL, NULL},
	{"network",  network_begin, NULL,        NULL,           network_undo, NULL, network_commit},
	{"init",     init_begin,    NULL,        NULL,           init_undo,    link_undo, NULL},
	{"link",     NULL,          link_await,  NULL,           NULL,         NULL, NULL},
	{"firewall", NULL,          NULL,        network_up_commit, NULL,      NULL, NULL},
	{"start",    start_begin,   start_await, NULL,           start_undo,   start_undo_await, NULL},
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
		if (step->undo && step->undo(host, container, &err) < 0)
			fail_undo(container, &err);
	}
	for (size_t i = 0; i < count && step->undo_await; i++) {
		struct container *container = containers[i];
		struct error err = {0};

		if (has_record(container) && container_has_step(container, step->name) &&
		    step->undo_await(host, container, &err) < 0)
			fail_undo(container, &err);
	}
	return any;
}

static void undo_commit(struct host *host, const struct step *step, struct container **containers,
			size_t count)
{
	struct error err = {0};

	if (step->undo_commit(host, &err) == 0)
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

	if (container->failed)
		return;
	log_verbose("%s: %s", container->name, step->name);
	if (container_note(host, container, step->name, &err) < 0 ||
	    (step->begin && step->begin(host, container, &err) < 0))
		fail(container, &err);
}

static void await_one(struct host *host, const struct step *step, struct container *container)
{
	struct error err = {0};

	if (!container->failed && step->await && step->await(host, container, &err) < 0)
		fail(container, &err);
}

static void commit_all(struct host *host, const struct step *step, struct container **containers,
		       size_t count)
{
	struct error err = {0};

	if (step->commit(host, &err) == 0)
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/wave.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/log.h"
#include "lifecycle/adopt.h"
#include "lifecycle/apply.h"
#include "lifecycle/events.h"
#include "lifecycle/parted.h"
#include "lifecycle/precheck.h"
#include "lifecycle/recorded.h"
#include "lifecycle/resolv_conf.h"
#include "lifecycle/steps.h"
#include "state/wish.h"

#define SUPERVISOR_TIMEOUT_MS 5000

static void fail(struct container *container, const struct error *err)
{
	container->failed = true;
	container->error = *err;
}

void wave_take(struct wave *wave, struct host *host, const struct strlist *names)
{
	AUTO_STRLIST struct strlist sorted = {0};

	strlist_copy(&sorted, names);
	strlist_sort(&sorted);
	*wave = (struct wave){
		.host = host,
		.how = "up",
		.containers = xalloc(sorted.count, sizeof(*wave->containers)),
	};
	for (size_t i = 0; i < sorted.count; i++) {
		struct container *container = &wave->containers[wave->count];
		struct error err = {0};

		if (i > 0 && strcmp(sorted.items[i], sorted.items[i - 1]) == 0)
			continue;
		wave->count++;
		container_init(container, sorted.items[i]);
		if (container_take(host, container, &err) < 0)
			fail(container, &err);
		/* What goes down takes it along. */
		else if (apply_heal(host, container, &err) < 0)
			log_warning("%s: %s", container->name, err.text);
	}
}

/* Who was told to end by a command that is no more may be running yet, but is not to be kept. */
static enum liveness liveness_of(const struct container *container)
{
	enum liveness liveness;

	if (!container->record.name)
		return LIVE_NONE;
	liveness = record_liveness(&container->record);
	return liveness == LIVE_RUNNING && container->record.phase == PHASE_STOPPING ? LIVE_STALE
										     : liveness;
}

void wave_plan(struct wave *wave, enum plan_action (*plan)(enum liveness))
{
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];
		enum liveness liveness;

		if (container->failed)
			continue;
		liveness = liveness_of(container);
		container->action = plan(liveness);
		/* Also before it is stopped: a payload that nobody reads from may wait for that,
		 * and its last words are to be kept. */
		if (liveness == LIVE_RUNNING)
			supervisor_keep(wave->host, container);
	}
}

/* Runs one of the two walks over the containers that want it. */
static void walk(struct wave *wave, bool (*wanted)(const struct container *),
		 void (*steps)(struct host *, struct container **, size_t))
{
	AUTO_FREE struct container **chosen = xalloc(wave->count, sizeof(struct container *));
	size_t count = 0;

	for (size_t i = 0; i < wave->count; i++)
		if (wanted(&wave->containers[i]))
			chosen[count++] = &wave->containers[i];
	if (count > 0)
		steps(wave->host, chosen, count);
}

static bool is_to_stop(const struct container *container)
{
	return !container->failed &&
	       (container->action == PLAN_STOP || container->action == PLAN_RENEW);
}

/* The way down, and what is to be told of it. */
static void take_down(struct wave *wave)
{
	for (size_t i = 0; i < wave->count; i++) {
		wave->containers[i].past = (struct past){.liveness = LIVE_NONE};
		if (is_to_stop(&wave->containers[i]))
			events_remember(&wave->containers[i]);
	}
	walk(wave, is_to_stop, steps_down);
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];

		if (container->past.liveness == LIVE_NONE)
			continue;
		events_note_end(wave->host, container);
		container->past.failed = container->failed;
	}
}

/* ---- up ---- */

static int new_record(const struct host *host, struct container *container, bool transient,
		      struct error *err)
{
	const struct spec *spec = container->spec;
	struct record *record = &container->record;

	record_clear(record);
	record->name = xstrdup(spec->name);
	id_generate(record->instance);
	record->phase = PHASE_CREATED;
	record->transient = transient;
	record->cgroup_parent = xstrdup(host->manager->cgroup_parent);
	container_describe(host->manager, container);
	return process_boot_id(record->boot_id, err);
}

static const struct spec *find_wanted(void *data, const char *name)
{
	return conf_find(data, name);
}

static void forget_wish(const struct host *host, const struct container *container)
{
	struct error err = {0};

	if (wish_forget_stopped(host->manager->data_dir, container->name, &err) < 0)
		log_warning("%s: %s; the next boot may not start it", container->name, err.text);
}

/* Those that are to be stopped, and so may be looked at as if they were gone. */
static void list_leaving(const struct wave *wave, struct strlist *leaving)
{
	for (size_t i = 0; i < wave->count; i++)
		if (is_to_stop(&wave->containers[i]))
			strlist_add(leaving, wave->containers[i].name);
}

/* Containers may get what others of them have: so one that is refused, and stays, may refuse others. */
void wave_check(struct wave *wave)
{
	bool any_refused = true;

	while (any_refused) {
		AUTO_STRLIST struct strlist leaving = {0};

		any_refused = false;
		list_leaving(wave, &leaving);
		for (size_t i = 0; i < wave->count; i++) {
			struct container *container = &wave->containers[i];
			struct error err = {0};

			if (!container_is_to_start(container) ||
			    precheck_container(wave->host, container, &leaving, &err) == 0)
				continue;
			fail(container, &err);
			any_refused |= container->action == PLAN_RENEW;
		}
	}
}

/* One that could not be stopped holds what it has. */
static void check_freed(struct wave *wave)
{
	static const struct strlist nobody;
	bool any_stayed = false;

	for (size_t i = 0; i < wave->count; i++)
		any_stayed |= wave->containers[i].undo_failed || wave->containers[i].past.failed;
	for (size_t i = 0; i < wave->count && any_stayed; i++) {
		struct container *container = &wave->containers[i];
		struct error err = {0};

		if (container_is_to_start(container) &&
		    precheck_network(wave->host, container, &nobody, &err) < 0)
			fail(container, &err);
	}
}

void wave_check_with(struct wave *wave, const struct conf *conf)
{
	for (size_t i = 0; i < wave->count; i++)
		if (container_is_to_start(&wave->containers[i]))
			wave->containers[i].spec = conf_find(conf, wave->containers[i].name);
	wave_check(wave);
	parted_refuse(wave, find_wanted, (void *)(uintptr_t)conf);
}

void wave_up(struct wave *wave, const struct conf *conf)
{
	wave_check_with(wave, conf);
	wave->host->keep_networks = true;
	take_down(wave);
	(void)FAULT("took away", "", NULL);
	check_freed(wave);
	wave->host->keep_networks = false;
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];
		struct error err = {0};

		if (container_is_to_start(container) &&
		    new_record(wave->host, container, wave->transient, &err) < 0)
			fail(container, &err);
	}
	walk(wave, container_is_to_start, steps_up);
	for (size_t i = 0; i < wave->count; i++)
		if (wave->containers[i].action == PLAN_START ||
		    wave->containers[i].action == PLAN_RENEW)
			events_note_start(wave->host, &wave->containers[i]);
	for (size_t i = 0; i < wave->count; i++)
		if (container_is_to_start(&wave->containers[i]) &&
		    wave->containers[i].record.unless_stopped)
			forget_wish(wave->host, &wave->containers[i]);
	/* A file that there never was has no history. */
	for (size_t i = 0; i < wave->count && !wave->transient; i++)
		if (container_is_to_start(&wave->containers[i]))
			recorded_keep(wave->host->manager, &wave->containers[i], wave->how);
}

/* ---- down ---- */

void wave_limit_stop(struct wave *wave, uint32_t limit_ms)
{
	for (size_t i = 0; i < wave->count; i++) {
		struct record *record = &wave->containers[i].record;

		/* 0 means none there, and at once here. */
		wave->containers[i].stop_limit_ms = limit_ms ? limit_ms : 1;
		if (record->stop_timeout_ms > limit_ms)
			record->stop_timeout_ms = limit_ms;
	}
}

void wave_note_wish(const struct wave *wave)
{
	for (size_t i = 0; i < wave->count; i++) {
		const struct container *container = &wave->containers[i];
		struct error err = {0};

		if (container->failed || !container->record.name || !container->record.unless_stopped)
			continue;
		if (wish_note_stopped(wave->host->manager->data_dir, container->name, &err) < 0)
			log_warning("%s: %s; the next boot will start it", container->name, err.text);
	}
}

void wave_down(struct wave *wave, bool keep_exit)
{
	for (size_t i = 0; i < wave->count; i++)
		wave->containers[i].keep_exit = keep_exit;
	take_down(wave);
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];

		if (!is_to_stop(container) || keep_exit)
			continue;
		/* What ended by itself has only its record left, and a supervisor that may not
		 * be through with ending. */
		container_expect_supervisor_end(container);
		record_clear(&container->record);
	}
}

/* ---- the end ---- */

/*
 * A supervisor that saw its init end waits for our lock, finds nothing to do and ends. Nothing
 * of a container is left once `down` has returned, so we wait for it.
 */
static void wait_for_supervisor(const struct container *container)
{
	if (container->supervisor_pidfd < 0)
		return;
	if (process_wait_ended(container->supervisor_pidfd, SUPERVISOR_TIMEOUT_MS, NULL) == 0)
		log_warning("%s: its supervisor has not ended yet", container->name);
	if (container->supervisor_pid > 0)
		waitpid(container->supervisor_pid, NULL, WNOHANG);
}

/* Also one that was not running: an earlier `down` may have been killed just before its end. */
static bool is_gone(const struct container *container)
{
	return !container->record.name || container->action == PLAN_STOP;
}

/* With the last supervisor gone, the cgroup all containers live under may go as well. */
static void remove_cgroup_parent(const struct wave *wave)
{
	const struct manager *manager = wave->host->manager;
	const struct cgroup_host *cgroup = NULL;

	for (size_t i = 0; i < wave->count && !cgroup; i++)
		if (is_gone(&wave->containers[i]))
			cgroup = host_cgroup(wave->host, manager->cgroup_parent, NULL);
	if (cgroup)
		cgroup_remove_parent(cgroup, SUPERVISOR_TIMEOUT_MS);
}

/* Likewise those that the manager file named before: nobody else comes by there. */
static void remove_former_parents(const struct wave *wave)
{
	AUTO_STRLIST struct strlist done = {0};

	for (size_t i = 0; i < wave->count; i++) {
		const char *parent = wave->containers[i].former_parent;
		const struct cgroup_host *cgroup;

		if (!parent || strlist_contains(&done, parent))
			continue;
		strlist_add(&done, parent);
		cgroup = host_cgroup(wave->host, parent, NULL);
		if (cgroup)
			cgroup_remove_parent(cgroup, SUPERVISOR_TIMEOUT_MS);
	}
}

/* Somebody has to watch for other name servers of the host as long as a container has them. */
static void keep_watch(const struct wave *wave)
{
	bool wanted = resolv_conf_is_watched(wave->host);
	struct error err = {0};

	for (size_t i = 0; i < wave->count && !wanted; i++)
		wanted = wave->containers[i].has_host_servers;
	if (wanted && resolv_conf_keep_watch(wave->host, &err) < 0)
		log_warning("%s", err.text);
}

void wave_abandon(struct wave *wave)
{
	for (size_t i = 0; i < wave->count; i++)
		container_clear(&wave->containers[i]);
	free(wave->containers);
	*wave = (struct wave){0};
}

void wave_release(struct wave *wave)
{
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];
		struct error err = {0};

		(void)FAULT("release", "", NULL);
		if (container->lock_fd >= 0 && !container->record.name &&
		    container_forget(wave->host, container, &err) < 0)
			log_warning("%s: %s", container->name, err.text);
		close_fd(&container->lock_fd);
	}
	for (size_t i = 0; i < wave->count; i++)
		wait_for_supervisor(&wave->containers[i]);
	keep_watch(wave);
	(void)FAULT("remove the parent", "", NULL);
	remove_cgroup_parent(wave);
	remove_former_parents(wave);
	wave_abandon(wave);
}

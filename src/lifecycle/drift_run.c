/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/drift_run.h"

#include "base/log.h"
#include "lifecycle/adopt.h"
#include "lifecycle/apply.h"
#include "lifecycle/drift_look.h"
#include "lifecycle/revive.h"
#include "lifecycle/wave.h"

void drift_report_clear(struct drift_report *report)
{
	drift_clear(&report->drift);
	strlist_clear(&report->failures);
	strlist_clear(&report->busy);
	strlist_clear(&report->changed);
	*report = (struct drift_report){.containers = 0};
}

static int look(struct host *host, const struct conf *conf, struct drift_hold *hold,
		struct drift_scene *scene, struct drift *drift, struct error *err)
{
	if (drift_take(host, conf, hold, err) < 0 || drift_look(hold, scene, err) < 0)
		return -1;
	drift_compare(scene, drift);
	return 0;
}

/* ---- what nobody has cleaned up ---- */

static enum plan_action plan_clean_up(enum liveness liveness)
{
	return liveness == LIVE_STALE ? PLAN_STOP : PLAN_NOTHING;
}

/* One that ended while nobody supervised it is started again, where its policy says so. */
static void revive(struct host *host, struct wave *wave)
{
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];
		struct error err = {0};
		int rc = container->action == PLAN_STOP ? revive_later(host, container, &err) : 0;

		if (rc < 0)
			log_warning("%s: %s", container->name, err.text);
		if (rc > 0)
			container->action = PLAN_NOTHING;
	}
}

/* As `down` does, with locks of its own: those of a hold have been given back. */
static void clean_up(struct host *host, const struct drift *drift, struct strlist *failures)
{
	AUTO_STRLIST struct strlist names = {0};
	struct wave wave;

	for (size_t i = 0; i < drift->count; i++)
		if (drift->items[i].remedy == REMEDY_CLEAN_UP)
			strlist_add(&names, drift->items[i].subject);
	wave_take(&wave, host, &names);
	wave_plan(&wave, plan_clean_up);
	revive(host, &wave);
	wave_down(&wave, false);
	for (size_t i = 0; i < wave.count; i++)
		if (wave.containers[i].failed)
			strlist_add_taken(failures, xprintf("%s: %s", wave.containers[i].name,
							    wave.containers[i].error.text));
	wave_release(&wave);
}

static bool has(const struct drift *drift, enum drift_remedy remedy)
{
	for (size_t i = 0; i < drift->count; i++)
		if (drift->items[i].remedy == remedy)
			return true;
	return false;
}

/* ---- mending ---- */

static bool contains(const struct drift *drift, const struct difference *wanted)
{
	for (size_t i = 0; i < drift->count; i++)
		if (drift_same(&drift->items[i], wanted))
			return true;
	return false;
}

/* What came meanwhile, or was hidden behind what is mended now, is told as well. */
static void add_new(struct drift *drift, struct drift *left)
{
	for (size_t i = 0; i < left->count; i++) {
		if (contains(drift, &left->items[i]))
			continue;
		drift->items = xrealloc(drift->items, drift->count + 1, sizeof(*drift->items));
		drift->items[drift->count++] = left->items[i];
		left->items[i] = (struct difference){.subject = NULL};
	}
}

static int mend(struct host *host, const struct conf *conf, struct drift_hold *hold,
		struct drift_report *report, struct error *err)
{
	AUTO_DRIFT_SCENE struct drift_scene before = {0}, after = {0};
	AUTO_DRIFT struct drift found = {0}, left = {0};

	if (has(&report->drift, REMEDY_CLEAN_UP)) {
		drift_let_go(hold);
		clean_up(host, &report->drift, &report->failures);
		if (look(host, conf, hold, &before, &found, err) < 0)
			return -1;
		drift_repair(hold, &found, &report->failures);
	} else {
		drift_repair(hold, &report->drift, &report->failures);
	}
	if (drift_look(hold, &after, err) < 0)
		return -1;
	drift_compare(&after, &left);
	for (size_t i = 0; i < report->drift.count; i++) {
		struct difference *item = &report->drift.items[i];

		/* Of what is not looked at for the sake of another command nothing is known. */
		item->mended = !contains(&left, item) &&
			       !strlist_contains(&after.busy, item->subject) &&
			       (item->remedy != REMEDY_COMMIT || after.busy.count == 0);
	}
	add_new(&report->drift, &left);
	return 0;
}

/* What an apply that was killed has left: then the records are what is wanted again. */
static void heal(struct drift_hold *hold, struct strlist *failures)
{
	for (size_t i = 0; i < hold->count; i++) {
		struct container *container = &hold->items[i].container;
		struct error err = {0};

		if (hold->items[i].state != DRIFT_RUNNING)
			continue;
		if (apply_heal(hold->host, container, &err) < 0)
			strlist_add_taken(failures, xprintf("%s: %s", container->name, err.text));
		keeper_keep(hold->host, container);
	}
}

int drift_run(const struct conf *conf, bool repair, struct drift_report *report, struct error *err)
{
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_DRIFT_HOLD struct drift_hold hold = {.conf = NULL};
	AUTO_DRIFT_SCENE struct drift_scene scene = {0};

	*report = (struct drift_report){.containers = 0};
	if (geteuid() != 0)
		return error_set(err, EPERM, "what has drifted is for root to see");
	if (host_open(&conf->manager, false, &host, err) < 0)
		return err->code == ENOENT ? (error_clear(err), 0) : -1;
	if (look(&host, conf, &hold, &scene, &report->drift, err) < 0)
		return -1;
	report->containers = scene.container_count;
	report->networks = scene.network_count;
	strlist_copy(&report->busy, &scene.busy);
	strlist_copy(&report->changed, &scene.changed);
	if (repair)
		heal(&hold, &report->failures);
	return repair && report->drift.count > 0 ? mend(&host, conf, &hold, report, err) : 0;
}

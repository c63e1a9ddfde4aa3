/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman health: one health check, run by the supervisor of the container (supervisor/health.h) */
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/inside.h"
#include "cmd/load.h"
#include "lifecycle/events.h"
#include "lifecycle/health.h"
#include "lifecycle/steps.h"

#define NOTE_TIMEOUT_MS 10000

/* Whether there is something to be checked: one that is paused, or has ended, has no answer. */
static int find_instance(const struct state *state, const char *name, const char *instance,
			 struct record *record, struct error *err)
{
	int found = record_read(state, name, record, err);

	if (found <= 0)
		return found;
	return strcmp(record->instance, instance) == 0 && !record->paused_at &&
	       record_liveness(record) == LIVE_RUNNING;
}

static uint64_t uptime_ms(const struct record *record)
{
	uint64_t now = process_boottime_seconds();

	return now > record->started_boottime ? (now - record->started_boottime) * 1000 : 0;
}

/* Once it is known for the first time that it is unhealthy, its log tells. */
static void tell(const char *name, const struct health_record *health,
		 const struct health_check *check, enum on_failure on_failure)
{
	log_warning("%s is unhealthy, %u checks in a row have failed: %s%s%s", name,
		    health->failures, check->text,
		    on_failure == ON_FAILURE_NONE ? "" : "; on_failure: ",
		    on_failure == ON_FAILURE_NONE ? "" : on_failure_names[on_failure]);
}

/* Under its lock, so that nobody takes the directory away meanwhile. The verdict, or -1. */
static int note(const struct inside *inside, const struct health_check *check, struct error *err)
{
	const struct health *wanted = &inside->spec.health;
	const char *name = inside->record.name;
	AUTO_FD int lock_fd = record_lock(&inside->state, name, NOTE_TIMEOUT_MS, err);
	AUTO_FD int dir_fd = -1;
	AUTO_RECORD struct record record = {0};
	struct health_record health;
	enum health_condition before;
	bool unhealthy;
	int found;

	if (lock_fd < 0)
		return -1;
	found = record_read(&inside->state, name, &record, err);
	/* The lock has made the directory of what is gone. */
	if (found == 0)
		return record_remove(&inside->state, name, err) < 0 ? -1 : HEALTH_GO_ON;
	if (found < 0)
		return -1;
	/* What was frozen in the middle of a check says nothing. */
	if (strcmp(record.instance, inside->record.instance) != 0 || record.paused_at ||
	    record_liveness(&record) != LIVE_RUNNING)
		return HEALTH_GO_ON;
	dir_fd = record_open_directory(&inside->state, name, err);
	if (dir_fd < 0)
		return -1;
	if (health_read(dir_fd, &health, err) < 0)
		log_warning("%s: %s, beginning anew", name, err->text);
	before = health.condition;
	unhealthy = health_judge(&health, wanted, check, uptime_ms(&record));
	if (health.condition != before)
		events_note_health(&inside->state, &record, &health, check, wanted->on_failure);
	if (!unhealthy)
		return health_write(dir_fd, &health, err) < 0 ? -1 : HEALTH_GO_ON;
	if (before != HEALTH_UNHEALTHY)
		tell(name, &health, check, wanted->on_failure);
	if (health_write(dir_fd, &health, err) < 0)
		log_warning("%s: %s, whether it is healthy is not noted", name, err->text);
	return (int)health_verdict(wanted->on_failure,
				   start_would_react(record.init.pid, record.stop_signal));
}

/* Exit status: enum health_verdict. */
int cmd_health(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_INSIDE struct inside inside = INSIDE_INIT;
	struct check_result result;
	struct health_check check;
	struct attach attach;
	uint32_t timeout_ms;
	int found;

	(void)argc;
	if (load_supervised(options, false, &inside.conf, err) < 0 ||
	    state_open(inside.conf.manager.state_dir, false, &inside.state, err) < 0)
		return -1;
	found = find_instance(&inside.state, argv[0], argv[1], &inside.record, err);
	if (found <= 0)
		return found < 0 ? -1 : HEALTH_GO_ON;
	if (inside_open(&inside, err) < 0)
		return -1;
	if (inside.spec.health.command.count == 0)
		return HEALTH_GO_ON; /* taken out meanwhile */
	attach = inside_attach(&inside, inside.spec.health.command.items);
	attach.below = HEALTH_CGROUP;
	timeout_ms = inside.spec.health.timeout_ms;
	if (FAULT("check", "", err) < 0)
		return -1;
	check_command_run(&attach, timeout_ms, &result);
	if (FAULT("checked", "", err) < 0)
		return -1;
	check = health_describe(&result, timeout_ms, (uint64_t)time(NULL));
	return note(&inside, &check, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/revive.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "config/full_init.h"
#include "lifecycle/adopt.h"
#include "lifecycle/events.h"
#include "lifecycle/recorded.h"
#include "lifecycle/restart.h"
#include "lifecycle/steps.h"

#define KILLED_FILE "killed" /* "SIGNAL SECONDS" */

/* ---- ended by cman kill ---- */

int revive_note_kill(const struct state *state, const struct record *record, int signal_number,
		     struct error *err)
{
	AUTO_FD int dir_fd = -1;
	char line[64];
	int length;

	if (signal_number != SIGKILL && signal_number != SIGTERM &&
	    signal_number != record->stop_signal)
		return 0;
	dir_fd = record_open_directory(state, record->name, err);
	if (dir_fd < 0)
		return -1;
	length = snprintf(line, sizeof(line), "%d %" PRIu64 "\n", signal_number,
			  (uint64_t)time(NULL));
	return fs_replace_at(dir_fd, KILLED_FILE, line, (size_t)length, 0600, err);
}

/* A signal that may be handled counts for as long as a stop would have waited. */
static bool was_killed(const struct container *container)
{
	const struct record *record = &container->record;
	const uint64_t ended_at = record->ended_at ? record->ended_at : (uint64_t)time(NULL);
	uint64_t killed_at;
	int signal_number;
	char line[64];

	if (fs_read_line_at(container->directory_fd, KILLED_FILE, line, sizeof(line), NULL) < 0 ||
	    sscanf(line, "%d %" SCNu64, &signal_number, &killed_at) != 2)
		return false;
	return signal_number == SIGKILL ||
	       ended_at <= killed_at + record->stop_timeout_ms / 1000 + 1;
}

/* ---- later ---- */

static void tell_plan(const struct container *container, const struct restart_plan *plan)
{
	char delay[PARSE_TEXT_MAX];

	parse_format_duration(plan->delay_ms, delay);
	log_warning("%s: ended by itself, restart %u in a row in %s", container->name,
		    plan->retries, delay);
}

/* Waits for the moment; what the record says then is on disk. */
static int wait_for_it(struct host *host, struct container *container, uint64_t due_ms,
		       struct error *err)
{
	struct record *record = &container->record;

	record->phase = PHASE_RESTARTING;
	record->restarts.due_ms = due_ms;
	record->init = (struct process_identity){0};
	record->paused_at = 0;
	return supervisor_adopt(host, container, err) < 0 ? -1 : 1;
}

static void note_last_end(struct record *record)
{
	struct record_restarts *restarts = &record->restarts;

	restarts->has_last = true;
	restarts->last_exited = record->exited;
	restarts->last_status = record->wait_status;
	restarts->last_oom_killed = record->oom_killed;
	restarts->last_ended_at = record->ended_at;
}

/* By the policy as it is recorded now; it may have been changed while the container ran. */
static int decide(struct host *host, struct container *container, const struct spec *spec,
		  struct restart_end *end, struct error *err)
{
	const struct restart_plan plan = restart_decide(&spec->restart, end);
	struct record *record = &container->record;

	if (plan.verdict == RESTART_GIVE_UP)
		events_note_given_up(host, container, spec->restart.max_retries);
	if (plan.verdict != RESTART_AGAIN)
		return 0;
	events_remember(container);
	steps_rest(host, container);
	if (container->undo_failed)
		return *err = container->error, -1;
	if (record->phase == PHASE_RUNNING) {
		events_note_end(host, container);
		note_last_end(record);
	}
	tell_plan(container, &plan);
	events_note_restart(host, container, plan.delay_ms, plan.retries);
	record->restarts.retries = plan.retries;
	return wait_for_it(host, container, process_boottime_ms() + plan.delay_ms, err);
}

int revive_later(struct host *host, struct container *container, struct error *err)
{
	struct record *record = &container->record;
	struct spec spec = {0};
	struct restart_end end;
	int rc;

	/* One that came up, or was being stopped, when its command was killed: as `down` does. */
	if (container->any_step || !process_is_this_boot(record->boot_id) ||
	    (record->phase != PHASE_RUNNING && record->phase != PHASE_RESTARTING))
		return 0;
	if (record->phase == PHASE_RESTARTING) {
		steps_rest(host, container); /* of a start that was killed halfway */
		return container->undo_failed
			       ? (*err = container->error, -1)
			       : wait_for_it(host, container, record->restarts.due_ms, err);
	}
	if (recorded_spec(&host->state, container->name, &spec, err) < 0)
		return -1;
	end = restart_end_of(record, process_boottime_ms());
	end.wanted = end.wanted || was_killed(container);
	rc = decide(host, container, &spec, &end, err);
	spec_clear(&spec);
	return rc;
}

/* ---- now ---- */

/* What validation finds out, and a recorded spec does not tell. */
static void find_full_init(struct spec *spec)
{
	AUTO_FD int root_fd = open(spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd >= 0)
		spec->full_init = full_init_find(root_fd, &spec->command, &spec->environment);
}

static int start(struct host *host, struct container *container, struct spec *spec,
		 struct error *err)
{
	const struct manager *files = host->manager;
	AUTO(recorded_manager_clear) struct recorded_manager recorded = {.count = 0};
	struct record *record = &container->record;

	/* What a start that was killed halfway has left; as a rule nothing. */
	steps_rest(host, container);
	if (container->undo_failed)
		return *err = container->error, -1;
	if (recorded_manager(&host->state, files, spec, &recorded, err) < 0)
		return -1;
	find_full_init(spec);
	container->spec = spec;
	/* Before: the next run may be over, or be killed, before we hear that it has begun. */
	if (fs_remove_at(container->directory_fd, KILLED_FILE, err) < 0 ||
	    fs_remove_at(container->directory_fd, "exit", err) < 0)
		return -1;
	record->exited = false;
	record->oom_killed = false;
	record->oom_kills = 0;
	record->restarts.count++;
	record->restarts.due_ms = 0;
	id_generate(record->instance);
	host->manager = &recorded.manager;
	steps_again(host, container);
	host->manager = files;
	container->spec = NULL;
	events_note_start(host, container);
	if (container->failed)
		return *err = container->error, -1;
	return 1;
}

/* One that could not be started has failed at once. */
static int try_later(struct host *host, struct container *container, const struct spec *spec,
		     struct error *err)
{
	struct restart_end end = {
		.failed = true, .forced = true, .retries = container->record.restarts.retries};

	error_wrap(err, "%s: start it again", container->name);
	log_error(err);
	error_clear(err);
	if (container->undo_failed)
		return 0;
	container->failed = false;
	return decide(host, container, spec, &end, err);
}

int revive_now(struct host *host, struct container *container, struct error *err)
{
	struct spec spec = {0};
	int rc;

	if (recorded_spec(&host->state, container->name, &spec, err) < 0)
		return -1;
	rc = start(host, container, &spec, err);
	if (rc < 0)
		rc = try_later(host, container, &spec, err);
	spec_clear(&spec);
	return rc;
}

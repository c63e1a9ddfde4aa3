/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/heal.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "lifecycle/adopt.h"
#include "lifecycle/apply.h"
#include "lifecycle/revive.h"
#include "lifecycle/wave.h"

static enum liveness liveness_of(const struct record *record)
{
	return record->name ? record_liveness(record) : LIVE_NONE;
}

/* Asked to end by a command that is no more, and given the time for it: see start_undo(). */
static bool is_overdue(const struct state *state, const struct record *record)
{
	AUTO_FREE char *path = NULL;
	struct stat st;

	if (record->phase != PHASE_STOPPING)
		return false;
	path = xprintf("%s/record", record->name);
	return fstatat(state->containers_fd, path, &st, 0) == 0 &&
	       time(NULL) > st.st_mtime + record->stop_timeout_ms / 1000;
}

static bool is_left(const struct state *state, const struct record *record, enum liveness liveness)
{
	AUTO_FD int supervisor_fd = -1;

	if (liveness == LIVE_RUNNING)
		return is_overdue(state, record);
	if (liveness != LIVE_STALE)
		return false;
	supervisor_fd = process_open(&record->supervisor, NULL);
	return supervisor_fd < 0;
}

/*
 * Of a container that runs. One system call, for the sake of `ps` of a thousand: another process that
 * has got the number meanwhile passes for the supervisor until an up, apply or check looks closer.
 */
static bool seems_unsupervised(const struct record *record)
{
	return record->phase == PHASE_RUNNING && record->supervisor.pid > 0 &&
	       kill(record->supervisor.pid, 0) < 0 && errno == ESRCH;
}

/*
 * Under the lock. A container that ran has ended by itself: it is started again where its policy says
 * so (revive.h), and else how it ended is kept as far as it is known; one
 * that came up or was going down when its command was killed is taken away. A directory without a
 * record is that of a command killed before its first, or after its last: wave_release() removes it.
 * false: somebody else was quicker.
 */
static bool finish(struct wave *wave)
{
	struct container *container = &wave->containers[0];
	const char *name = container->name;
	struct error err = {0};
	int rc;

	if (container->failed || container->any_step)
		return false;
	if (!container->record.name)
		return true;
	if (supervisor_keep(wave->host, container)) {
		log_warning("%s: its supervisor was gone, it has another", name);
		return true;
	}
	if (!is_left(&wave->host->state, &container->record, liveness_of(&container->record)))
		return false;
	rc = revive_later(wave->host, container, &err);
	if (rc < 0)
		log_warning("%s: %s", name, err.text);
	/* What could not be seen to stays for the next command. */
	if (rc != 0 || container->undo_failed)
		return true;
	if (container->record.phase == PHASE_STOPPING)
		container->record.stop_timeout_ms = 0; /* it has had its time */
	container->action = PLAN_STOP;
	wave_down(wave, container->record.phase == PHASE_RUNNING);
	if (container->failed)
		log_warning("%s: clean up what a killed process has left: %s", name,
			    container->error.text);
	else
		log_warning("%s: cleaned up what a killed process had left", name);
	return true;
}

static void heal(const struct manager *manager, const char *name)
{
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_STRLIST struct strlist names = {0};
	struct error err = {0};
	struct wave wave;

	if (host_open(manager, true, &host, &err) < 0) {
		log_warning("%s: %s", name, err.text);
		return;
	}
	host.never_waits = true;
	strlist_add(&names, name);
	wave_take(&wave, &host, &names);
	if (finish(&wave))
		wave_release(&wave);
	else
		wave_abandon(&wave);
}

/* found 0: there is no record. What an apply has left wave_take() takes back. */
static bool needs_healing(const struct state *state, const char *name, int found,
			  const struct record *record, enum liveness liveness)
{
	if (found <= 0)
		return found == 0 && fs_exists_at(state->containers_fd, name);
	return is_left(state, record, liveness) ||
	       (liveness == LIVE_RUNNING &&
		(seems_unsupervised(record) || keeper_is_missing(record) ||
		 (record->applied && apply_is_pending(state, name))));
}

int heal_read(const struct manager *manager, const struct state *state, const char *name,
	      struct record *record, enum liveness *liveness, struct error *err)
{
	int found = record_look(state, name, record, liveness, err);

	if (!needs_healing(state, name, found, record, *liveness) || geteuid() != 0)
		return found;
	heal(manager, name);
	record_clear(record);
	return record_look(state, name, record, liveness, err);
}

void heal_looked(const struct manager *manager, const struct state *state, const char *name,
		 struct record_look *look)
{
	if (!needs_healing(state, name, look->found, &look->record, look->liveness) || geteuid() != 0)
		return;
	heal(manager, name);
	record_look_clear(look);
	record_look_at(state, name, look);
}

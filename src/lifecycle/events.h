/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.h: what a wave has done to a container, for `cman events`. */
#ifndef LIFECYCLE_EVENTS_H
#define LIFECYCLE_EVENTS_H

#include "base/json.h"
#include "lifecycle/container.h"
#include "state/health.h"

/* Before it is stopped: keeps what its record says, which is gone afterwards. */
void events_remember(struct container *container);

/* After the walk down: "oom", then "stopped", "exited" or "failed"; nothing where nothing ran. */
void events_note_end(const struct host *host, const struct container *container);

/* It has ended by itself and is to be started again: "restarting". */
void events_note_restart(const struct host *host, const struct container *container,
			 uint64_t delay_ms, unsigned int retries);

/* What was tried so often is not tried again: "failed". */
void events_note_given_up(const struct host *host, const struct container *container,
			  unsigned int retries);

/* After a change of what runs: "changed" with these keys, or "failed". */
void events_note_change(const struct host *host, const struct container *container,
			const struct strlist *keys);

/* After the walk up: "started" or "failed". */
void events_note_start(const struct host *host, const struct container *container);

/* "ready", what was waited for; or "not-ready" with the reason, once the time for it is over. */
void events_note_ready(const struct state *state, const struct record *record, const char *reason);

/* "healthy" or "unhealthy", after the check that made it so. */
void events_note_health(const struct state *state, const struct record *record,
			const struct health_record *health, const struct health_check *check,
			enum on_failure on_failure);

/* What an end was: adds exit_status, or signal, or exit_status null where it is not known. */
void events_add_end(struct json *details, bool exited, int wait_status);

#endif

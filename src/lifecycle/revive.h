/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revive.h: a container whose command has ended by itself is started again, where its policy says so
 * (restart.h). What belongs to its processes goes at their end and is made anew with the next ones;
 * addresses, rules, ids and files stay (steps_rest(), steps_again()). In between its record is in
 * PHASE_RESTARTING, and a supervisor waits for the moment. All of it goes by what is recorded, not by
 * the file of today.
 */
#ifndef LIFECYCLE_REVIVE_H
#define LIFECYCLE_REVIVE_H

#include "lifecycle/container.h"

/*
 * For a container that is LIVE_STALE, under its lock: 1: it is started again later, a supervisor waits
 * for it; 0: there is nothing of the kind to be done, the caller cleans up as `down` does; -1: it
 * should have been, and could not: as 0. Works on what a killed command or supervisor has left, too:
 * an end that nobody saw, a start at half.
 */
int revive_later(struct host *host, struct container *container, struct error *err);

/*
 * Starts one in PHASE_RESTARTING, under its lock. 1: it runs, or, after a failure that was logged, is
 * tried again later; 0, -1: as above.
 */
int revive_now(struct host *host, struct container *container, struct error *err);

/*
 * Notes that `cman kill` sends it such a signal, before it does: an end that comes of it is no reason
 * to start it again. Takes no lock.
 */
int revive_note_kill(const struct state *state, const struct record *record, int signal_number,
		     struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heal.h: the record of a container, for commands that look at one. What a command or a supervisor
 * that was killed has left half done is finished first, by whichever command comes by and reads the
 * record anyway; only of that container, and only where nobody else is about to:
 *
 *   its init is gone, or was never let go      record_liveness(): LIVE_STALE; one that is being
 *                                              stopped, and has had the time for it, counts likewise
 *   its supervisor is gone                     it cleans up otherwise
 *   its lock is free                           whoever has it is not dead; nobody waits for it
 *
 * One that runs and has lost its supervisor gets another (adopt.h).
 *
 * Hardly anything is asked of the kernel about a container that is as its record says. A record that cannot
 * be read is no reason to do anything: another version may have written it, about what runs.
 */
#ifndef LIFECYCLE_HEAL_H
#define LIFECYCLE_HEAL_H

#include "config/spec.h"
#include "state/record_looks.h"

/*
 * As record_read(), and what the kernel says about it in *liveness (LIVE_NONE where there is none). What
 * was done is told as a warning; what cannot be done likewise, and the record is then as it was.
 * Changes nothing for who is not root.
 */
int heal_read(const struct manager *manager, const struct state *state, const char *name,
	      struct record *record, enum liveness *liveness, struct error *err);

/* The same for one that was looked at already: look is then as it is afterwards. */
void heal_looked(const struct manager *manager, const struct state *state, const char *name,
		 struct record_look *look);

#endif

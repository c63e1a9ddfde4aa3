/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adopt.h: a supervisor for a container that has none: its own was killed while its processes went
 * on, or it waits to be started again (PHASE_RESTARTING) and nobody waits with it. The new one takes
 * over FIFO, log and settings, and the end of a process that is not its child: pidfd_open(2). And
 * another keeper of its terminal (console.h) in the place of one that was killed.
 */
#ifndef LIFECYCLE_ADOPT_H
#define LIFECYCLE_ADOPT_H

#include "lifecycle/container.h"

/* Whether the container of a record runs, or waits to be started again, without a supervisor. */
bool supervisor_is_missing(const struct record *record);

/*
 * Starts one for a container that runs or waits, under its lock. The record names it before it does
 * anything: whoever is killed in between leaves none that nobody knows of. ESRCH: the container has
 * ended meanwhile.
 */
int supervisor_adopt(struct host *host, struct container *container, struct error *err);

/* Whether the keeper of the terminal of a container that runs is gone. */
bool keeper_is_missing(const struct record *record);

/*
 * For who comes by and holds its lock: another keeper, with the terminal as the supervisor has it; where
 * that has none any more, the record says so. Likewise before it does anything, and with a warning where
 * it cannot be done. true: the record is another.
 */
bool keeper_keep(struct host *host, struct container *container);

/*
 * The same for both: where a container that runs, and is not about to be stopped, has lost its
 * supervisor, or else the keeper of its terminal. true: it has another supervisor.
 */
bool supervisor_keep(struct host *host, struct container *container);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wave.h: the containers one command works on, side by side. All locks are taken at once, in
 * the order of the names, so that no two commands wait for each other.
 */
#ifndef LIFECYCLE_WAVE_H
#define LIFECYCLE_WAVE_H

#include "config/conf.h"
#include "lifecycle/container.h"
#include "lifecycle/plan.h"

struct wave {
	struct host *host;
	struct container *containers; /* sorted by name */
	size_t count;
	bool transient;  /* what it starts never had a file: `cman run` */
	const char *how; /* what its starts are called in the history of each */
};

/*
 * Locks the containers and reads their records. A container whose lock cannot be had is marked
 * failed and left alone; the others go on.
 */
void wave_take(struct wave *wave, struct host *host, const struct strlist *names);

/* Looks what is recorded and asks plan for each container. */
void wave_plan(struct wave *wave, enum plan_action (*plan)(enum liveness));

/*
 * Starts what is to be started, with the specs of conf. What an earlier run left is taken away
 * first; what cannot be started (precheck.h) is not touched.
 */
void wave_up(struct wave *wave, const struct conf *conf);

/* Nobody has longer than that to end in, from the next wave_down() on. */
void wave_limit_stop(struct wave *wave, uint32_t limit_ms);

/* It is an administrator who wants these down: see state/wish.h. Before wave_down(). */
void wave_note_wish(const struct wave *wave);

/*
 * Marks failed what is to be started, with its spec, and could not be (precheck.h). wave_up() does it, too.
 */
void wave_check(struct wave *wave);

/* The same with the specs of conf, and what networks of another shape keep from it (parted.h). */
void wave_check_with(struct wave *wave, const struct conf *conf);

/* Stops what is to be stopped. keep_exit: keeps the exit status in the record. */
void wave_down(struct wave *wave, bool keep_exit);

/* Gives all locks back, waits for supervisors that have nothing left to do. */
void wave_release(struct wave *wave);

/* The same after nothing was done with them: no more than the locks are given back. */
void wave_abandon(struct wave *wave);

#endif

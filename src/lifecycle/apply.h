/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply.h: containers that run, made to be what their files say. What is changed while it runs is
 * changed whole or not at all: the new spec lies beside the recorded one ("pending") before anything
 * happens, and takes its place when everything has. While it is there, somebody is at work, or was
 * killed and is to be taken back.
 */
#ifndef LIFECYCLE_APPLY_H
#define LIFECYCLE_APPLY_H

#include "lifecycle/change.h"
#include "lifecycle/wave.h"

/* What becomes of one container of a wave. */
struct apply_item {
	struct container *container;
	const struct spec *wanted; /* NULL: it has no file */
	struct spec recorded;      /* what it runs with, where it does */
	struct container_change change;
	bool exchanges;            /* changed with others, or not at all: see exchange.h */
	bool deferred;             /* it is to be started, or restarted, in its order */
	bool left;                 /* not done, as a restart was not allowed */
	bool taken_back;           /* it failed, and what had been changed is as before */
};

struct apply {
	struct wave *wave;
	struct apply_item *items; /* of each container of the wave, in its order */
	size_t count;
	struct strlist exchange;  /* names of those that exchange something */
};

struct apply_options {
	bool restart; /* what needs it is restarted */
	bool named;   /* the containers were asked for by name: they are to run, or to be gone */
	bool prune;   /* what has no file is stopped */
	bool only_running; /* nothing is started or stopped */
	bool left_out; /* there are others, of which the caller has told why it is not about them */
};

/*
 * Finds out what is to be done. Under the locks of the wave. wanted gives the spec for each name (NULL:
 * it has no file), and has to outlive apply.
 */
int apply_plan(struct apply *apply, struct wave *wave, const struct apply_options *options,
	       const struct spec *(*wanted)(void *data, const char *name), void *data,
	       struct error *err);

/*
 * Where one of those that are to be started or restarted waits for others, none of them is by apply_run():
 * names receives them, for bring_down_run() and bring_up_run() once the locks were given back.
 */
bool apply_defer_ordered(struct apply *apply, struct strlist *names);

/*
 * Does it, with one commit of rules for all that is changed while it runs. What fails is in the
 * containers of the wave.
 */
void apply_run(struct apply *apply, const struct conf *conf);
void apply_clear(struct apply *apply);

/*
 * Takes back what a command that was killed had begun to change of a container that runs, or goes on
 * with it where others with which it exchanges something have changed already. Under its lock; nothing
 * where there is nothing. Those others are seen to as well, unless another command works on them. What
 * fails is tried again by the next command.
 */
int apply_heal(struct host *host, struct container *container, struct error *err);

/* Whether there is such: or somebody is at work, who then has the lock. */
bool apply_is_pending(const struct state *state, const char *name);

#endif

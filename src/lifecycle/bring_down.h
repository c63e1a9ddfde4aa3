/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bring_down.h: containers stopped in the reverse of the order they came up in, by what their records say
 * of it: the files may say something else by now, or be gone. Those that may stop at the same time are one
 * wave.
 */
#ifndef LIFECYCLE_BRING_DOWN_H
#define LIFECYCLE_BRING_DOWN_H

#include "lifecycle/wave.h"

struct bring_down {
	struct host *host;
	bool alone;          /* what needs them goes on */
	bool by_hand;        /* an administrator wants them down: see state/wish.h */
	uint64_t limit_ms;   /* for all of them together; 0: each has its own time */
	/* Told of each before its wave gives back the locks. needed_by: NULL, it was named. */
	void (*tell)(void *data, struct container *container, const char *needed);
	void *data;
};

/* Stops these, sorted or not, and first of all those that run and need one of them. */
int bring_down_run(const struct bring_down *down, const struct strlist *names, struct error *err);

/* Adds the names of those that were started in a group. 1: there was one; 0; -1. */
int bring_down_list_group(const struct state *state, const char *group, struct strlist *names,
			  struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside.h: what it takes to run a program in a container that runs: exec, and cman's own checks. */
#ifndef CMD_INSIDE_H
#define CMD_INSIDE_H

#include "cmd/command.h"
#include "config/conf.h"
#include "kernel/cgroup.h"
#include "lifecycle/attach.h"
#include "lifecycle/confinement.h"
#include "state/record.h"

/* Zeroed but for the state, which is {-1, -1, -1}: see INSIDE_INIT. */
struct inside {
	struct conf conf;
	struct state state;
	struct record record;
	struct spec spec; /* what it was started with, as the next */
	struct confinement confinement;
	struct cgroup_host cgroup;
};
#define INSIDE_INIT {.state = {-1, -1, -1}}
void inside_clear(struct inside *inside);
#define AUTO_INSIDE AUTO(inside_clear)

/* Finds the container of that name, which must run and not be paused: conf, state and record. */
int inside_find(const struct options *options, const char *name, struct inside *inside,
		struct error *err);

/*
 * Fills in the rest where conf, state and record are there, and possibly the spec. May run the program
 * once more (program_protect()): nothing that has an end may have been begun.
 */
int inside_open(struct inside *inside, struct error *err);

/* What attach.h wants; argv is not owned. */
struct attach inside_attach(const struct inside *inside, char *const *argv);

#endif

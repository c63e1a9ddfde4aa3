/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.h: what `cman plan` has found out, and the three ways to print it. */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include "cmd/change_look.h"
#include "cmd/command.h"

/* One container. */
struct planned {
	struct view view;
	bool is_same; /* it runs with what its file says */
	struct spec recorded; /* what it was started with, where that is not what its file says */
	struct container_change change;
	/*
	 * A network it is on, or is to be on, changes its shape: it and these have to be down before
	 * one of them comes up on it.
	 */
	bool is_parted;
	struct strlist others;
};

struct plan {
	struct conf conf;
	struct planned *items; /* sorted by name where none were named */
	size_t count;
	struct state state;
	struct change_look look;
};

/*
 * Fills in all but conf, which has been read: of the containers of these names, sorted; named: they were
 * asked for, and are to run. The exit status so far: 1 where one could not be looked at, which is told.
 */
int plan_find(struct plan *plan, const struct strlist *names, bool named, struct error *err);
void plan_clear(struct plan *plan);

void plan_print_text(const struct plan *plan, bool verbose);
void plan_print_json(const struct plan *plan);

/* Commands of the shell that do the same, with the options -c of this call. */
void plan_print_shell(const struct plan *plan, const struct options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change_look.h: what runs against what its file says, for plan, ps and status. */
#ifndef CMD_CHANGE_LOOK_H
#define CMD_CHANGE_LOOK_H

#include "cmd/view.h"
#include "lifecycle/change.h"

struct change_look {
	const struct conf *conf;
	const struct state *state;       /* NULL: nothing was ever started */
	struct network_record *networks; /* those that are up */
	size_t network_count;
};

/* conf and state must live as long as it does. */
int change_look_open(const struct conf *conf, const struct state *state, struct change_look *look,
		     struct error *err);
void change_look_clear(struct change_look *look);

/*
 * Whether it runs with what its file says, word for word: of a thousand containers hardly any has changed,
 * and nothing of it is read again. May be asked by several threads.
 */
bool change_look_is_same(const struct change_look *look, const struct view *view);

/*
 * What would be done with the container of a view, whose spec has no errors. is_same: the answer of
 * change_look_is_same(). recorded, empty, becomes what it was started with, where that is not what its file
 * says. -1: nothing can be said of it now.
 */
int change_look_find(const struct change_look *look, const struct view *view, bool is_wanted,
		     bool is_same, struct spec *recorded, struct container_change *change,
		     struct error *err);

#endif

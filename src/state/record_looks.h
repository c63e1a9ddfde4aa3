/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_looks.h: looks at many records at once, by shares (base/shares.h). */
#ifndef STATE_RECORD_LOOKS_H
#define STATE_RECORD_LOOKS_H

#include "state/record.h"

struct record_look {
	struct record record;
	enum liveness liveness;
	int found;           /* as record_look() returned */
	struct error *error; /* found < 0: why; else NULL */
};

void record_look_at(const struct state *state, const char *name, struct record_look *look);

/*
 * One of each name, in their order; owned by the caller, who clears each and frees the array. state NULL:
 * nothing was ever started, and none is found.
 */
struct record_look *record_look_all(const struct state *state, const struct strlist *names);
void record_look_clear(struct record_look *look);

#endif

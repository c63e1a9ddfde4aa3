/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status_why.h: why a container is as it is, for `cman status`: who works on it, what it waits for,
 * what happened to it last. */
#ifndef CMD_STATUS_WHY_H
#define CMD_STATUS_WHY_H

#include "cmd/view.h"

struct status_why {
	char waits_for[1280]; /* "" for nothing */
	uint64_t since;       /* it waits, seconds since the epoch; 0: not known */
	long holder;         /* process of the command that works on it, 0: none, or not known */
	struct json *last_event; /* NULL: there is none */
};

/* state: NULL when nothing was ever started. What cannot be found out is left out. */
void status_why_take(const struct view *view, const struct state *state, struct status_why *why);
void status_why_clear(struct status_why *why);
#define AUTO_STATUS_WHY AUTO(status_why_clear)

void status_why_print(const struct view *view, const struct status_why *why);
void status_why_to_json(const struct status_why *why, struct json *object);

#endif

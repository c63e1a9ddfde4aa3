/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_back.h: the end of a change of what runs, for good or back, as apply.c needs it. */
#ifndef LIFECYCLE_APPLY_BACK_H
#define LIFECYCLE_APPLY_BACK_H

#include "lifecycle/live.h"

#define APPLY_PENDING "pending" /* in the run directory: the spec that is to be in force */

/* Once all of it is in force: from here on it is what is recorded. */
int apply_settle(struct host *host, const struct live *live, struct error *err);

struct apply_back {
	struct live live; /* as it was to be: container->spec is what was wanted */
	/* how it went */
	int rc;
	struct error error;
};

/* Everything of them, whatever has been done: all links go before any is made again, with one commit between. */
void apply_take_back(struct host *host, struct apply_back *backs, size_t count);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* await.h: waiting until containers are ready (lifecycle/ready.h), told to who sits at the terminal. */
#ifndef CMD_AWAIT_H
#define CMD_AWAIT_H

#include "lifecycle/host.h"

/*
 * Waits for them side by side and prints how it went with each. limit_ms: as of ready_wait_all().
 * The exit status: 0 all of them are ready, 1.
 */
int await_ready(struct host *host, const struct strlist *names, uint64_t limit_ms);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* await.h: waiting until containers are ready (lifecycle/ready.h), told to who sits at the terminal. */
#ifndef CMD_AWAIT_H
#define CMD_AWAIT_H

#include "lifecycle/ready.h"

/*
 * Waits for them side by side and prints how it went with each. limit_ms: as of ready_wait_all().
 * The exit status: 0 all of them are ready, 1.
 */
int await_ready(struct host *host, const struct strlist *names, uint64_t limit_ms);

/* Prints how it went with one that is no longer pending; the exit status. */
int await_report(struct ready_wait *wait);

/* A line on the terminal while something is waited for; taken away before anything else is printed. */
void await_tell_progress(const struct ready_wait *waits, size_t count, uint64_t waited_ms);
void await_clear_progress(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * await.h: waiting for containers to be ready (lifecycle/ready.h), or to end, told to who sits at the terminal.
 */
#ifndef CMD_AWAIT_H
#define CMD_AWAIT_H

#include "lifecycle/host.h"
#include "lifecycle/ready.h"

/* Prints how it went with one that is no longer pending. */
void await_report(struct ready_wait *wait);

/* A line on the terminal while something is waited for; taken away before anything else is printed. */
void await_tell_progress(const struct ready_wait *waits, size_t count, uint64_t waited_ms);
void await_clear_progress(void);

/* From now on such a line tells, where there is a terminal, who of the host is being stopped. */
void await_tell_stops(struct host *host);

#endif

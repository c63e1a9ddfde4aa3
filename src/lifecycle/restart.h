/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restart.h: whether, and when, a container whose command has ended by itself is started again: a
 * pure function of its policy and of what is recorded. What is done about it: revive.h.
 */
#ifndef LIFECYCLE_RESTART_H
#define LIFECYCLE_RESTART_H

#include "config/spec.h"
#include "state/record.h"

/* A run that long is a healthy one: the next restart is the first in a row again. */
#define RESTART_HEALTHY_FACTOR 10 /* times restart.delay */

/* The end of a run. */
struct restart_end {
	bool failed;      /* anything but exit status 0, or not known */
	bool wanted;      /* somebody stopped or killed it: no policy starts it again */
	bool forced;      /* its supervisor ended it for a restart, whatever the policy */
	uint64_t lived_ms;
	uint32_t retries; /* restarts in a row before this run; 0: it came up by a command */
};

enum restart_verdict {
	RESTART_NEVER,   /* its policy has no restart for such an end */
	RESTART_GIVE_UP, /* max_retries in a row have been tried */
	RESTART_AGAIN,
};

struct restart_plan {
	enum restart_verdict verdict;
	uint32_t retries;  /* RESTART_AGAIN: with the one to come, from 1 on */
	uint64_t delay_ms; /* until then: delay * 2^(retries - 1), at most max_delay */
};

struct restart_plan restart_decide(const struct restart *restart, const struct restart_end *end);

/* What a record says of the end of its container, now_ms of CLOCK_BOOTTIME. */
struct restart_end restart_end_of(const struct record *record, uint64_t now_ms);

#endif

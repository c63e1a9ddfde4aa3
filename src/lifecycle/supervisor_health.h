/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor_health.h: what "cman health" has its supervisor do, by its exit status. Any other status is
 * none of these: the next check is due after the interval.
 */
#ifndef LIFECYCLE_SUPERVISOR_HEALTH_H
#define LIFECYCLE_SUPERVISOR_HEALTH_H

enum health_verdict {
	HEALTH_GO_ON = 0,
	HEALTH_KILL = 110, /* it is killed; what is done then is up to its restart policy */
	HEALTH_STOP,       /* it is stopped, and not started again */
	HEALTH_RESTART,    /* it is stopped, and started again whatever its policy */
	/* The same, where its first process would not react to the stop signal: it is killed at once. */
	HEALTH_STOP_DEAF,
	HEALTH_RESTART_DEAF,
};

#endif

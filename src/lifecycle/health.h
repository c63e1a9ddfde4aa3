/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.h: what a health check says about a container: a state machine without side effects. How a
 * check is run: check_command.h; when, and what is done to the container: supervisor/health.h.
 *
 *   starting --passed--> healthy --retries failed--> unhealthy --passed--> healthy
 *      |                                                ^
 *      +-------- retries failed after start_period -----+
 */
#ifndef LIFECYCLE_HEALTH_H
#define LIFECYCLE_HEALTH_H

#include "config/spec.h"
#include "lifecycle/check_command.h"
#include "lifecycle/supervisor_health.h"
#include "state/health.h"

#define HEALTH_CGROUP ".health" /* of health.command, below the container's */

/*
 * Takes a check into account. uptime_ms: of the container at the end of the check. Whether it is
 * unhealthy now, so that health.on_failure is to be done: at each failed check from then on, as
 * doing it may fail.
 */
bool health_judge(struct health_record *record, const struct health *health,
		  const struct health_check *check, uint64_t uptime_ms);

/* A check that was run, for the history; at: seconds since the epoch. */
struct health_check health_describe(const struct check_result *result, uint32_t timeout_ms,
				    uint64_t at);

/* reacts: the first process of the container would react to its stop signal. */
enum health_verdict health_verdict(enum on_failure on_failure, bool reacts);

#endif

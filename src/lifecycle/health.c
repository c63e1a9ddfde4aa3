/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/health.h"

#include <stdio.h>
#include <sys/wait.h>

static void change(struct health_record *record, enum health_condition condition, uint64_t at)
{
	if (record->condition != condition)
		record->since = at;
	record->condition = condition;
}

bool health_judge(struct health_record *record, const struct health *health,
		  const struct health_check *check, uint64_t uptime_ms)
{
	health_add(record, check);
	if (check->passed) {
		record->failures = 0;
		change(record, HEALTH_HEALTHY, check->at);
		return false;
	}
	if (record->condition == HEALTH_STARTING && uptime_ms < health->start_period_ms)
		return false;
	record->failures++;
	if (record->failures >= health->retries)
		change(record, HEALTH_UNHEALTHY, check->at);
	return record->condition == HEALTH_UNHEALTHY;
}

struct health_check health_describe(const struct check_result *result, uint32_t timeout_ms,
				    uint64_t at)
{
	const bool exited = result->outcome == CHECK_ENDED && WIFEXITED(result->wait_status);
	struct health_check check = {
		.at = at,
		.duration_ms = result->duration_ms,
		.passed = check_passed(result),
		.exit_status = exited ? WEXITSTATUS(result->wait_status) : -1,
	};

	if (check.passed)
		snprintf(check.text, sizeof(check.text), "%s", result->output);
	else
		check_describe(result, timeout_ms, check.text, sizeof(check.text));
	return check;
}

enum health_verdict health_verdict(enum on_failure on_failure, bool reacts)
{
	switch (on_failure) {
	case ON_FAILURE_NONE:
		break;
	case ON_FAILURE_KILL:
		return HEALTH_KILL;
	case ON_FAILURE_STOP:
		return reacts ? HEALTH_STOP : HEALTH_STOP_DEAF;
	case ON_FAILURE_RESTART:
		return reacts ? HEALTH_RESTART : HEALTH_RESTART_DEAF;
	}
	return HEALTH_GO_ON;
}

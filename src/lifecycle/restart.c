/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/restart.h"

#include <unistd.h>

static bool is_wanted_again(const struct restart *restart, const struct restart_end *end)
{
	if (end->wanted)
		return false;
	switch (restart->policy) {
	case RESTART_NO:
		break;
	case RESTART_ON_FAILURE:
		return end->forced || end->failed;
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	}
	return end->forced;
}

static uint64_t delay_of(const struct restart *restart, uint32_t retries)
{
	uint64_t delay_ms = restart->delay_ms;

	for (uint32_t i = 1; i < retries && delay_ms < restart->max_delay_ms; i++)
		delay_ms *= 2;
	return delay_ms < restart->max_delay_ms ? delay_ms : restart->max_delay_ms;
}

struct restart_plan restart_decide(const struct restart *restart, const struct restart_end *end)
{
	bool healthy = end->lived_ms >= (uint64_t)restart->delay_ms * RESTART_HEALTHY_FACTOR;
	struct restart_plan plan = {.retries = (healthy ? 0 : end->retries) + 1};

	if (!is_wanted_again(restart, end))
		return (struct restart_plan){.verdict = RESTART_NEVER};
	if (restart->max_retries && plan.retries > restart->max_retries)
		return (struct restart_plan){.verdict = RESTART_GIVE_UP};
	plan.verdict = RESTART_AGAIN;
	plan.delay_ms = delay_of(restart, plan.retries);
	return plan;
}

struct restart_end restart_end_of(const struct record *record, uint64_t now_ms)
{
	/* The kernel's start time of init: clock ticks of CLOCK_BOOTTIME. */
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t started_ms = record->init.start_time / ticks * 1000 +
			      record->init.start_time % ticks * 1000 / ticks;

	return (struct restart_end){
		.failed = !record->exited || record->wait_status != 0,
		.wanted = record->purpose == PURPOSE_STOP,
		.forced = record->purpose == PURPOSE_RESTART,
		.lived_ms = now_ms > started_ms ? now_ms - started_ms : 0,
		.retries = record->restarts.retries,
	};
}

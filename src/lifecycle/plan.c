/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/plan.h"

enum plan_action plan_up(enum liveness liveness)
{
	switch (liveness) {
	case LIVE_RUNNING:
		return PLAN_NOTHING;
	case LIVE_NONE:
		return PLAN_START;
	case LIVE_ENDED:
	case LIVE_STALE:
	case LIVE_WAITING:
		break;
	}
	return PLAN_RENEW;
}

enum plan_action plan_down(enum liveness liveness)
{
	return liveness == LIVE_NONE ? PLAN_NOTHING : PLAN_STOP;
}

enum plan_action plan_restart(enum liveness liveness)
{
	return liveness == LIVE_NONE ? PLAN_START : PLAN_RENEW;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.h: what a command has to do with a container, a pure function of what is recorded. */
#ifndef LIFECYCLE_PLAN_H
#define LIFECYCLE_PLAN_H

#include "state/record.h"

enum plan_action {
	PLAN_NOTHING, /* it is as wanted already */
	PLAN_START,   /* nothing is there */
	PLAN_RENEW,   /* take away what an earlier run left, then start */
	PLAN_STOP,    /* stop it and take everything away */
};

enum plan_action plan_up(enum liveness liveness);
enum plan_action plan_down(enum liveness liveness);
enum plan_action plan_restart(enum liveness liveness);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bring_up.h: containers brought up in their order (config/order.h): what one needs is brought along,
 * and it is started as soon as all of that is ready. All that can be started at a moment is one wave,
 * with one change of the firewall. What fails takes those along that need it, and nobody else.
 */
#ifndef LIFECYCLE_BRING_UP_H
#define LIFECYCLE_BRING_UP_H

#include "config/conf.h"
#include "config/order.h"
#include "lifecycle/ready.h"
#include "lifecycle/wave.h"

enum bring_state {
	BRING_WAITING,   /* for its turn */
	BRING_STARTED,   /* it runs, and is waited for until it is ready */
	BRING_UP,        /* it is ready, or runs and need not be waited for */
	BRING_NOT_READY, /* it runs: error */
	BRING_FAILED,    /* it could not be started: error */
	BRING_LEFT_OUT,  /* it was not tried: error */
};

struct bring_item {
	const struct spec *spec;
	bool named;         /* it was asked for, and not only needed by others */
	bool broken;        /* its files have errors */
	bool first;         /* of the group that goes first, or needed by it */
	bool ran;           /* it was running already */
	bool left_alone;    /* nobody waits for it to be ready */
	enum bring_state state;
	struct error error;
	uint64_t due_ms;    /* when its start_delay is over; 0: it has not begun */
	/* CLOCK_BOOTTIME, 0: it has not come so far */
	uint64_t begun_ms, running_ms, ready_ms;
	struct ready_wait *wait; /* owned by bring_up() */
};

struct bring_up {
	struct host *host;
	const struct conf *conf;
	const char *how;      /* as of a wave */
	enum plan_action (*plan)(enum liveness); /* for those that were named */
	bool no_wait;         /* only those that others need are waited for */
	bool delays;          /* start_delay counts */
	const char *first;    /* the group that comes up before all others; NULL: none */
	uint64_t deadline_ms; /* CLOCK_MONOTONIC, after which nothing more is started; 0: none */
	ready_progress *progress;
	/*
	 * Told of each new state but BRING_WAITING; container: while it is there, after it was started or
	 * could not be.
	 */
	void (*tell)(void *data, const struct bring_up *up, size_t index,
		     const struct container *container);
	void *data;
	/* filled in by bring_up_init() */
	struct order order;
	struct bring_item *items; /* sorted by name, as the nodes of order */
};

/*
 * Adds what these need, unless alone. The members above have been set. broken: whose files have errors:
 * they are left out, and with them those that need them.
 */
void bring_up_init(struct bring_up *up, const struct strlist *names,
		   const struct strlist *broken, bool alone);

/*
 * Settles those that could not be started, by what can be found out beforehand (precheck.h), with those that
 * need them, as if all that were named and run were stopped. For who stops them before bring_up_run(): it
 * adds those that still have their turn to names.
 */
void bring_up_check(struct bring_up *up, struct strlist *names);

/* Does it. Those that are named and not waited for are left to ready_follow_all(). */
void bring_up_run(struct bring_up *up);

void bring_up_clear(struct bring_up *up);

/* Adds what these need of conf, and that in turn; sorted afterwards. */
void bring_up_add_needed(const struct conf *conf, struct strlist *names);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ready.h: when a container counts as ready (the group ready of its file), and waiting for that.
 * Readiness is looked for by those who wait: nobody else pays for it, and no lock is held meanwhile.
 * What was found is in the record. Only what a container says itself (ready.notify) its supervisor
 * takes down, so that nothing it says is lost.
 */
#ifndef LIFECYCLE_READY_H
#define LIFECYCLE_READY_H

#include "lifecycle/container.h"
#include "state/record.h"

/*
 * What the record says of ready and health: what it is waited for, and whether it is checked. One
 * that runs and was ready stays so, whatever is asked from now on.
 */
void ready_describe_container(const struct spec *spec, struct record *record);

/*
 * At each start of a container: what was known of an earlier one is forgotten, in the record that is
 * about to be written and beside it. *notify_fd: the socket of ready.notify for its supervisor, owned
 * by the caller; left alone where it has none.
 */
int ready_begin(struct container *container, int *notify_fd, struct error *err);

/* The socket anew, for a supervisor that takes over: *notify_fd as above. */
int ready_adopt(const struct container *container, int *notify_fd, struct error *err);

enum readiness {
	READINESS_UNASKED, /* it has nothing to wait for */
	READINESS_READY,
	READINESS_WAITING, /* not ready as far as anybody knows */
	READINESS_FAILED,  /* not ready when those who waited gave up */
};

struct ready_state {
	enum readiness readiness;
	uint64_t since;  /* READINESS_READY: seconds since the epoch */
	char text[1024]; /* READINESS_WAITING, READINESS_FAILED: what is missing, one line */
};

/* What is known of a running container: reads only its files, waits for nothing. */
void ready_look(const struct state *state, const struct record *record, struct ready_state *out);

enum ready_result {
	READY_PENDING,
	READY_REACHED,   /* it is ready, or has nothing to wait for */
	READY_TIMED_OUT, /* error tells what is missing; it goes on running */
	READY_ENDED,     /* it does not run: record tells how it ended, if that is known */
	READY_FAILED,    /* it cannot be looked at: error */
};

/* One container that is waited for. */
struct ready_wait {
	const char *name; /* not owned */
	enum ready_result result;
	uint64_t waited_ms;
	struct record record;
	struct error error;
	struct ready_target *target; /* ready.c's own */
};
void ready_wait_clear(struct ready_wait *wait);

/* Told once a second while something is waited for: those that are READY_PENDING. */
typedef void ready_progress(const struct ready_wait *waits, size_t count, uint64_t waited_ms);

#define READY_OWN_TIMEOUT 0          /* the ready.timeout of each */
#define READY_NO_TIMEOUT  UINT64_MAX

/*
 * Waits until each of the containers is ready, has ended, or its time is up, all side by side:
 * result is never READY_PENDING afterwards. waits: zeroed but for the names. limit_ms: for all of
 * them, or one of the above. The caller holds none of their locks. What is found is noted in their
 * records; that somebody gave up only with READY_OWN_TIMEOUT.
 */
void ready_wait_all(struct host *host, struct ready_wait *waits, size_t count, uint64_t limit_ms);

/*
 * The same bit by bit, for who has something to do as soon as one of them is ready. ready_open() begins
 * with one, which may be settled by that; ready_wait_some() returns when a pending one is settled, or at
 * until_ms (CLOCK_MONOTONIC): whether any is pending. Each is given to ready_close() before it is cleared.
 */
void ready_open(struct host *host, struct ready_wait *wait, uint64_t limit_ms);
bool ready_wait_some(struct host *host, struct ready_wait *waits, size_t count, uint64_t until_ms,
		     ready_progress *progress);
void ready_close(struct ready_wait *wait);

/*
 * For who does not wait: leaves processes behind that do, so that what is found is noted all the
 * same. They end with their container, or when its ready.timeout is over.
 */
void ready_follow_all(struct host *host, const struct strlist *names);

#define READY_CGROUP ".ready" /* of ready.command, below the container's: see check_command.h */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confirm_waiter.h: who waits for what is to be confirmed, and the directory that says so:
 *
 *   STATE_DIR/unconfirmed/NAME/NAME.conf   what ran before
 *                         waiter           who waits, and until when: from here on it goes back by itself
 *                         confirmed        the same note, renamed: from here on it does not
 *
 * Its lock is held by who prepares it, confirms it or takes back. What is there without a lock, and without the
 * first note, is of somebody who was killed, and is removed.
 */
#ifndef CMD_CONFIRM_WAITER_H
#define CMD_CONFIRM_WAITER_H

#include "base/process.h"
#include "cmd/command.h"
#include "lifecycle/host.h"

#define CONFIRM_DIRECTORY       "unconfirmed"
#define CONFIRM_LOCK_TIMEOUT_MS 30000

struct waiter {
	struct process_identity process;
	char boot_id[37];
	uint64_t end_ms; /* process_boottime_ms(); 0: an older cman has not noted it */
};

/* The directory, new and locked. EBUSY: an earlier apply has not been confirmed. */
int confirm_make(const struct state *state, struct error *err);

/* The one that is there, locked. ENOENT: nothing waits to be confirmed; EAGAIN: somebody else is at it. */
int confirm_open(const struct manager *manager, int timeout_ms, struct error *err);

/* false: there is no such note. */
bool confirm_read_waiter(int directory_fd, struct waiter *waiter);

/* Whether it is us of whom it tells. */
bool confirm_is_ours(int directory_fd);

/* Milliseconds; 0: it is over. */
uint64_t confirm_time_left(const struct waiter *waiter);

/* Its pid, our child; -1. What it prints goes to output_fd, -1: nowhere. */
pid_t confirm_start_waiter(const struct options *options, struct host *host, int directory_fd,
			   uint64_t left_ms, int output_fd, struct error *err);

/* Where the one that was noted has died, another: its pid; -1: none is needed, or it is over. */
pid_t confirm_resume_waiting(const struct options *options, const struct manager *manager);

/* Under the lock: it is confirmed. And tells who waits, where it is; false: it is not. */
int confirm_decide(int directory_fd, struct error *err);
bool confirm_end_decided(int directory_fd);

/* Nothing is to be taken back any more. waiter: a child of ours that waits, 0: none. */
int confirm_forget(struct host *host, pid_t waiter, struct error *err);

/* As `down` does, which leaves it while somebody waits in there. */
void confirm_remove_cgroup_parent(struct host *host);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h: runs a program inside a running container, as strongly confined as what up started:
 * the same cgroup, namespaces, user, environment, directory, capabilities, profile of AppArmor and
 * filter of system calls. setns(2), pty(7).
 *
 *   cman ── forks ──> joiner (joins cgroup and namespaces) ── clones ──> the program
 *
 * The joiner makes the program a child of cman itself (CLONE_PARENT) and is gone then. What cman does
 * itself inside (attach_work()) is done by a joiner: it stays in the pid namespace of the host, so that
 * nobody in the container sees it, signals it or finds its program.
 */
#ifndef LIFECYCLE_ATTACH_H
#define LIFECYCLE_ATTACH_H

#include "config/spec.h"
#include "kernel/cgroup.h"
#include "kernel/streams.h"
#include "lifecycle/confinement.h"
#include "state/record.h"

/* Nothing is owned. */
struct attach {
	const struct record *record;           /* of a running container */
	const struct spec *spec;               /* what it was started with: recorded_spec() */
	const struct confinement *confinement; /* likewise: recorded_confinement() */
	const struct cgroup_host *cgroup;      /* opened with record->cgroup_parent */
	char *const *argv;                     /* at least one, ended by NULL; not for work */
	bool no_terminal;                      /* our streams, whatever they are */
	const char *below;                     /* a cgroup of its own below the container's, which
						* cgroup_remove_below() ends; NULL: where init is */
};

/* A program that was started. Zeroed members do not make one: ATTACHED_INIT. */
struct attached {
	pid_t pid;     /* a child of ours */
	int pidfd;     /* -1: not started */
	int master_fd; /* of its pty, -1: it has none */
	struct streams streams;
};
#define ATTACHED_INIT {.pidfd = -1, .master_fd = -1, .streams = STREAMS_INIT}

/*
 * Starts the program, which runs when this returns 0. -1: *status is how it failed, an enum
 * payload_status. attached_close() in either case; the child is the caller's to wait for, unless
 * attach_start() failed.
 */
int attach_start(const struct attach *attach, struct attached *attached, int *status,
		 struct error *err);
void attached_close(struct attached *attached);

/*
 * Runs the program and waits for its end. It gets a terminal of its own when standard input and
 * output are terminals (standard error stays ours where it leads elsewhere), else our streams.
 * Returns 0 and its exit status, 128 + N when signal N ended it; or -1 when it could not be run:
 * then *status is an enum payload_status.
 */
int attach_run(const struct attach *attach, int *status, struct error *err);

/*
 * A function of ours inside, and what it is about. It has all namespaces of the container but that
 * of processes, "/" is the container's; it is root there, with the capabilities over files alone.
 * The two fds, which are all it has of ours, are the caller's: ends of pipes, say, to read from and to
 * write to. Nothing of the container may be loaded or run.
 */
typedef int attach_action(int in_fd, int out_fd, const void *data, struct error *err);

/* Zeroed members do not make one: ATTACHED_WORK_INIT. */
struct attached_work {
	pid_t pid; /* a child of ours */
	int pidfd;
	int channel_fd;
};
#define ATTACHED_WORK_INIT {.pidfd = -1, .channel_fd = -1}

int attach_work(const struct attach *attach, int in_fd, int out_fd, attach_action *act,
		const void *data, struct attached_work *work, struct error *err);

/*
 * Waits for its end and takes it away: 0, or -1 with its error. After timeout_ms (-1: for ever) it is
 * killed (ETIMEDOUT); one that stands still in a paused container ends when that goes on.
 */
int attached_work_wait(struct attached_work *work, int timeout_ms, struct error *err);

#endif

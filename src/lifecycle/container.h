/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.h: a container while a command works on it: its spec, its record, its fds. */
#ifndef LIFECYCLE_CONTAINER_H
#define LIFECYCLE_CONTAINER_H

#include "config/spec.h"
#include "kernel/device.h"
#include "kernel/namespace.h"
#include "lifecycle/hooks.h"
#include "lifecycle/host.h"
#include "lifecycle/plan.h"
#include "state/record.h"

/* What the record said before the container was stopped. */
struct past {
	enum liveness liveness; /* LIVE_NONE: there was nothing */
	bool failed;            /* it could not be taken down */
	bool was_stopping;      /* a command had begun to stop it */
	bool was_waiting;       /* for the time of a restart: its end has been told */
	bool exited;
	int wait_status;
	uint64_t memory_limit;  /* bytes, 0: none */
	char memory_origin[512];
	char instance[ID_SIZE];
};

struct container {
	char *name;
	const struct spec *spec;      /* what the files say; NULL on the way down */
	struct record record;         /* record.name is NULL when there is none */
	int lock_fd;                  /* held for as long as we work on it */
	int directory_fd;             /* its run directory */
	enum plan_action action;
	/* on the way up */
	struct id_range ids;          /* all zero without a user namespace */
	struct device_policy devices; /* made with the cgroup */
	int control_fd;               /* channel to supervisor and init */
	int init_pidfd;
	int output_fd, error_fd;      /* FIFOs of the payload's output and error output */
	int log_dir_fd, log_fd;       /* where that goes: the log, and the directory it is in */
	pid_t supervisor_pid;         /* our own child; 0: another command started it */
	bool again;                   /* its payload alone is started anew, from the recorded spec */
	bool has_host_servers;        /* its resolv.conf has: dns = [ "host" ] */
	struct hook_run hooks;        /* those that run now, on both ways */
	/* on the way down */
	struct spec *recorded;        /* what it was started with, for its hooks; NULL: not read */
	int supervisor_pidfd;
	uint32_t stop_limit_ms;       /* of its stop_timeout and of each hook; 0: none */
	uint64_t stop_deadline_ms;    /* CLOCK_MONOTONIC; 0: it is not waited for */
	struct past past;
	uint64_t oom_kills;           /* processes of it that were killed at its memory limit */
	char *former_parent;          /* cgroup.parent when it was started; NULL: that of today */
	bool keep_exit;               /* the record stays, with the exit status alone */
	bool any_step;                /* the record is lost: every step may have been begun */
	bool undo_failed;             /* the record stays, so that the next command tries again */
	/* how it went */
	struct error error;
	bool failed;
};

void container_init(struct container *container, const char *name);
void container_clear(struct container *container);

/* Whether its wave starts it, anew or again, and nothing went wrong with it so far. */
bool container_is_to_start(const struct container *container);

/*
 * Locks it and reads its record. A record that cannot be read is told as a warning and taken for
 * one with every step begun, so that the way down removes whatever carries the name.
 */
int container_take(struct host *host, struct container *container, struct error *err);

/* One that is brought up right now, or has just gone, has a directory and nothing in it. */
bool container_has_only_lock(int directory_fd);

/* Notes the beginning of a step in the record, before anything of it happens. */
int container_note(struct host *host, struct container *container, const char *step,
		   struct error *err);

/* Puts into the record what it tells of the spec: addresses, ports, marks, files, how it is stopped. */
void container_describe(const struct manager *manager, struct container *container);

/* Whether the record says that the step was begun. */
bool container_has_step(const struct container *container, const char *step);

/* Removes everything from the run directory but the lock and, when they are kept, the record and
 * the exit status. The record is cleared when it goes. */
int container_empty(struct host *host, struct container *container, struct error *err);

/*
 * Notes the supervisor, which one that waits for a restart is told to end, so that wave_release() waits
 * for its end.
 */
void container_expect_supervisor_end(struct container *container);

/* Removes the run directory and gives the lock back. */
int container_forget(struct host *host, struct container *container, struct error *err);

/* " (web.conf:12)": where a key of its file stands, for messages; "" where it is built in. */
const char *container_where(const struct container *container, const char *key, char *out,
			    size_t size);

/*
 * Puts "FILE:LINE" before an error that begins with its key, of the groups limits and security.
 * Always -1.
 */
int container_tell_place(const struct spec *spec, struct error *err);

#endif

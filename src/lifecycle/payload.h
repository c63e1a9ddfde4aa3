/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload.h: the last part of the way of init and of exec alike: from a process of ours inside
 * the container's namespaces to the program of the container. execve(2), credentials(7).
 */
#ifndef LIFECYCLE_PAYLOAD_H
#define LIFECYCLE_PAYLOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/spec.h"
#include "lifecycle/confinement.h"

/* Exit statuses of a process that did not become the payload, as shells and env(1) use them. */
enum payload_status {
	PAYLOAD_FAILED = 125, /* something before execve(2) */
	PAYLOAD_NOT_EXECUTABLE = 126,
	PAYLOAD_NOT_FOUND = 127,
};

/* Nothing is owned. */
struct payload {
	char *const *argv;           /* at least one, ended by NULL */
	char *const *envp;           /* all of the environment; HOME is added when missing */
	const char *working_dir;     /* absolute, in the container */
	const char *user;            /* as user_lookup() takes it */
	const struct strlist *supplementary_groups; /* as user_add_group() takes them */
	const struct confinement *confinement;
	const struct limits *limits; /* those of processes; see payload_grant_limits() */
	int profile_fd;              /* takes the profile of confinement, or -1: see apparmor.h */
	int terminal_fd;             /* becomes the controlling terminal, or -1 */
	bool terminal_is_stderr;     /* it also replaces fd 2, not 0 and 1 alone */
	bool terminal_is_shared;     /* it does not become the controlling terminal of the payload */
};

/*
 * Takes back what a process inherits from the caller of cman and can only change with the rights
 * of the host: nice value, scheduling policy, oom_score_adj. Before any namespace is joined.
 */
int payload_shed_inherited(struct error *err);

/*
 * What of the limits only the host may give: hard limits of processes above those that process
 * pid has (0: the caller), and its oom_score_adj. On failure *key is the key that asks for it.
 */
int payload_grant_limits(pid_t pid, const struct limits *limits, const char **key,
			 struct error *err);

/*
 * Becomes the payload. The caller is id 0 of the container's user namespace, in all namespaces
 * and the cgroup of the container, "/" is the container's, fds 0 to 2 are what the payload is to
 * have. Does the rest: a session of its own, signals, umask, session keyring, capabilities,
 * user, no_new_privs, working directory, no other fd, limits of processes, profile of AppArmor,
 * filter of system calls, PATH search.
 * Returns on failure only: an enum payload_status, with err; key becomes the configuration key
 * that asks for what failed where that is another than command. All fds but 0 to 2 are then
 * close-on-exec, so that a socket to tell the error still works and sees EOF on success.
 */
int payload_exec(const struct payload *payload, char *key, size_t key_size, struct error *err);

/*
 * Becomes the built-in init beside a command that was forked before: process 1, with payload as
 * the command has it but for the confinement, which is its own, and its limits, which are none.
 * program_fd: from sealed_copy(). Signals are blocked over the exec, so that none is lost, and
 * nothing stays open. Returns on failure only, as payload_exec() does.
 */
int payload_exec_init(const struct payload *payload, int program_fd, pid_t command, char *key,
		      size_t key_size, struct error *err);

#endif

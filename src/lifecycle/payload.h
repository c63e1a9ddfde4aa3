/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload.h: the last part of the way of init and of exec alike: from a process of ours inside
 * the container's namespaces to the program of the container. execve(2), credentials(7).
 */
#ifndef LIFECYCLE_PAYLOAD_H
#define LIFECYCLE_PAYLOAD_H

#include <stdbool.h>

#include "base/error.h"
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
	const struct confinement *confinement;
	int terminal_fd;             /* becomes the controlling terminal, or -1 */
	bool terminal_is_stderr;     /* it also replaces fd 2, not 0 and 1 alone */
};

/*
 * Takes back what a process inherits from the caller of cman and can only change with the rights
 * of the host: nice value, scheduling policy, oom_score_adj. Before any namespace is joined.
 */
int payload_shed_inherited(struct error *err);

/*
 * Becomes the payload. The caller is id 0 of the container's user namespace, in all namespaces
 * and the cgroup of the container, "/" is the container's, fds 0 to 2 are what the payload is to
 * have. Does the rest: a session of its own, signals, umask, core limit, session keyring,
 * capabilities, user, no_new_privs, working directory, no other fd, filter of system calls, PATH
 * search.
 * Returns on failure only: an enum payload_status, with err. All fds but 0 to 2 are then
 * close-on-exec, so that a socket to tell the error still works and sees EOF on success.
 */
int payload_exec(const struct payload *payload, struct error *err);

#endif

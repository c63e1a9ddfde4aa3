/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rlimit.h: limits of a process, all of them: what a container does not name has the same default
 * on each host, whoever calls cman. prlimit(2); proc_pid_oom_score_adj(5).
 */
#ifndef KERNEL_RLIMIT_H
#define KERNEL_RLIMIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/spec.h"

/*
 * Raises the hard limits of process pid (0: the caller) to what limits want; soft ones stay. To be
 * called with the host's rights, as no user namespace but the first may raise one. A default that
 * cannot be reached is let go; what was asked for is an error, with its key in *key.
 */
int rlimit_raise(pid_t pid, const struct limits *limits, const char **key, struct error *err);

/* Sets all limits of the caller, within the hard ones there are. Needs no rights. */
int rlimit_apply(const struct limits *limits, const char **key, struct error *err);

/*
 * Gives process pid the limits of "to" where they differ from those of "from"; the others are its own.
 * With the host's rights. ESRCH: it has ended. *key as above.
 */
int rlimit_change(pid_t pid, const struct limits *from, const struct limits *to, const char **key,
		  struct error *err);

/*
 * What process pid has of a resource, and what limits want of it; *asked: they name it, else it is a
 * default, which may have been let go. ESRCH: it has ended.
 */
int rlimit_look(pid_t pid, const struct limits *limits, int resource, struct ulimit *wanted,
		bool *asked, struct ulimit *now, struct error *err);

/*
 * Sets oom_score_adj of process pid (0: the caller). EACCES, with a hint: lower than it may be
 * without CAP_SYS_RESOURCE.
 */
int rlimit_set_oom_score_adj(pid_t pid, int value, struct error *err);

#endif

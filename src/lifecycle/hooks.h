/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks.h: programs of the administrator, run on the host while a container comes up or goes down.
 *
 * Each is run as root, one after the other, with nothing but its path as argument and
 *   CMAN_HOOK     pre_start, post_start, pre_stop or post_stop
 *   CMAN_NAME     the container
 *   CMAN_PID      its process 1 as the host sees it; not for pre_start and post_stop
 *   CMAN_ROOTFS   rootfs, or rootfs.path
 *   CMAN_STATE    its directory below state_dir
 *   CMAN_CONFIG   the manager file
 *   PATH          the usual one
 * in the environment, standard input from /dev/null, both outputs where cman's messages go, the
 * directory /, no other descriptor and a session of its own, whose process group is killed when the
 * time is up. They end with the command that runs them. The container is locked meanwhile.
 */
#ifndef LIFECYCLE_HOOKS_H
#define LIFECYCLE_HOOKS_H

#include "config/spec.h"
#include "lifecycle/host.h"
#include "state/record.h"

enum hook { HOOK_PRE_START, HOOK_POST_START, HOOK_PRE_STOP, HOOK_POST_STOP };

/* "hooks.pre_start" */
const char *hook_key(enum hook hook);

/* Hooks on their way; HOOK_RUN_INIT: none. */
struct hook_run {
	int result_fd; /* what came of them */
	pid_t pid;     /* who runs them, our child */
};
/* clang-format off */
#define HOOK_RUN_INIT {-1, 0}
/* clang-format on */

/* Begins to run the programs of one kind, in the background; none is success. */
int hooks_begin(const struct host *host, const struct record *record, const struct spec *spec,
		enum hook hook, struct hook_run *run, struct error *err);

/*
 * Waits for them: -1 when one could not be run, failed or took too long; those behind it are not
 * run then. The text names the program.
 */
int hooks_await(const struct spec *spec, enum hook hook, struct hook_run *run, struct error *err);

#endif

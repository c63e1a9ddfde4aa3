/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h: cman, as the supervisor runs it, or becomes it. */
#ifndef SUPERVISOR_RUN_H
#define SUPERVISOR_RUN_H

#include "supervisor/supervisor.h"

#define STDERR 2

/*
 * Becomes "cman ARGV..." with one of our fds (-1: none) and no signal but SIGALRM, which ends its
 * waits for locks. What goes wrong is to be read where the payload's last words are. Returns on
 * failure only: a negative errno value.
 */
static long run_cman(const struct supervisor *supervisor, const char *const argv[], int kept_fd)
{
	const struct supervisor_args *args = &supervisor->args;

	system_duplicate(args->log_fd, STDERR);
	system_close_on_exec_from(STDERR + 1);
	system_keep_on_exec(kept_fd);
	system_block_signals(~SYSTEM_SIGNAL_BIT(SIGALRM));
	return system_exec_fd(args->cman_fd, (char *const *)(uintptr_t)argv,
			      supervisor->envp);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreground.h: standing by a container until it has ended, for who wants a process that stands for it:
 * `up -f`, started by a service manager or from a terminal. The container does not depend on us: when we
 * are killed, it goes on under its supervisor.
 *
 *   SIGTERM SIGINT          stop it: pre_stop, its stop signal, SIGKILL after stop_timeout
 *   SIGHUP SIGQUIT SIGUSR1  handed to its first process, as `cman kill` does
 *   SIGUSR2 SIGRTMIN...     likewise
 *
 * What starts it again (its policy, `cman restart`) does not end our standing by.
 */
#ifndef LIFECYCLE_FOREGROUND_H
#define LIFECYCLE_FOREGROUND_H

#include "lifecycle/host.h"

/* What shows what it prints, if anything does. */
struct foreground_output {
	/*
	 * Shows what is new, at_end: and will be the last. Called when fd can be read, and otherwise as
	 * often as it likes. Milliseconds after which it wants to be called again, -1: there is no need.
	 */
	int (*print)(void *data, bool at_end);
	void *data;
	int fd; /* -1: none */
};

/*
 * Blocks those above for good, as early as can be: none is lost from then on, nor ends us. What we start
 * has none of it (process_reset_signals()).
 */
void foreground_hold_signals(void);

/* Before the container is brought up: the same, and a signalfd(2) of them, owned by the caller. */
int foreground_open_signals(struct error *err);

/*
 * Stands by a container that was brought up, whose lock the caller does not hold, until it has ended and
 * been cleaned up. Tells the service manager when it is ready. The exit status of its first process, 128 + N
 * where signal N ended it; 0 where another command has stopped it; -1.
 */
int foreground_wait(struct host *host, const char *name, int signal_fd,
		    const struct foreground_output *output, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal.h: a pseudo-terminal of the container, and the way between it and the terminal cman
 * was called on. The container never gets the caller's own terminal: it could write into its
 * input (TIOCSTI). pty(7), termios(3), ioctl_tty(2).
 */
#ifndef KERNEL_TERMINAL_H
#define KERNEL_TERMINAL_H

#include <stdbool.h>

#include "base/error.h"

/* Whether standard input and standard output are terminals. */
bool terminal_is_interactive(void);

/*
 * Called inside the container's mount namespace: a new pty of its devpts, which is not taken on
 * trust. Both fds are close-on-exec and owned by the caller.
 */
int terminal_open_pty(int *master_fd, int *peer_fd, struct error *err);

/* Gives a pty the window size, the control characters and the character set of a terminal. */
int terminal_copy_settings(int terminal_fd, int pty_fd, struct error *err);

enum terminal_end {
	TERMINAL_ENDED,   /* the process has ended, all its output is written */
	TERMINAL_HUNG_UP, /* our own terminal is gone */
};

/*
 * Serves a process until it has ended: bytes and window sizes between standard input and output
 * and master_fd (-1: the process has our streams itself, only signals are passed on), signals
 * sent to us to the process. The terminal is in raw mode meanwhile; it is put back whatever
 * happens, also while we are stopped. process_fd is a pidfd. Returns an enum terminal_end or -1.
 */
int terminal_relay(int process_fd, int master_fd, struct error *err);

#endif

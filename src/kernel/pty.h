/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pty.h: a pseudo-terminal of the container. It never gets the caller's own terminal: it could write
 * into its input (TIOCSTI). pty(7), termios(3), ioctl_tty(2).
 */
#ifndef KERNEL_PTY_H
#define KERNEL_PTY_H

#include "base/error.h"

/*
 * Called inside the container's mount namespace: a new pty of its devpts, which is not taken on
 * trust. Both fds are close-on-exec and owned by the caller.
 */
int pty_open(int *master_fd, int *peer_fd, struct error *err);

/*
 * Likewise, where "/" is that of the container and its /dev ours: binds that peer to /dev/console.
 * By its fd: a name under /dev/pts could lead elsewhere (CVE-2025-52565).
 */
int pty_show_console(int peer_fd, struct error *err);

/* Gives a pty the window size, the control characters and the character set of a terminal. */
int pty_copy_settings(int terminal_fd, int pty_fd, struct error *err);

/* The window size alone. */
int pty_copy_size(int from_fd, int to_fd, struct error *err);

#endif

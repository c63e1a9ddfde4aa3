/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal.h: the way between the terminal cman was called on and a pseudo-terminal of a container
 * (pty.h), or a program that has our streams. termios(3), ioctl_tty(2).
 */
#ifndef KERNEL_TERMINAL_H
#define KERNEL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Whether standard input and standard output are terminals. */
bool terminal_is_interactive(void);

enum terminal_end {
	TERMINAL_ENDED,       /* the process has ended, all its output is written */
	TERMINAL_HUNG_UP,     /* our own terminal is gone; SIGHUP, which may come later, is ignored then */
	TERMINAL_DETACHED,    /* by the key, or there is no more input */
	TERMINAL_INTERRUPTED, /* by a signal to us */
};

/*
 * Serves a process until it has ended: bytes and window sizes between standard input and output
 * and master_fd (-1: the process has our streams itself, only signals are passed on), signals
 * sent to us to the process. The terminal is in raw mode meanwhile; it is put back whatever
 * happens, also while we are stopped. process_fd is a pidfd. Returns an enum terminal_end or -1.
 */
int terminal_relay(int process_fd, int master_fd, struct error *err);

/* A terminal that others use as well, and whose output comes from elsewhere. Nothing is owned. */
struct terminal_console {
	int process_fd; /* pidfd */
	int master_fd;  /* takes input; where it is no terminal, it need not follow our size */
	int output_fd;  /* readable when there may be output; -1: there is none for now */
	/* as read(2), non-blocking; called until it has nothing, also before output_fd says so */
	ssize_t (*read_output)(void *data, char *bytes, size_t size);
	/*
	 * Called when the process has ended and all output is written: 1, to go on, with what has become of
	 * the fds; 0; -1.
	 */
	int (*ended)(struct terminal_console *console, struct error *err);
	void *data;
	const char *greeting; /* for standard error, once all that is typed is ours; NULL: none */
	int detach_key;    /* a byte, -1: none */
	int signal_number; /* out: what has interrupted us */
};

/*
 * Serves it with our standard input and output. Where standard input is a terminal, that is in raw
 * mode meanwhile and put back whatever happens, its window size is given to master_fd, and the
 * detach key ends it: at once when something else is typed behind it, after a moment when nothing
 * is; twice in a row it goes to master_fd, once. Else all input is passed on, and its end is ours, once
 * all output is written. HUP, INT, QUIT and TERM end it as well. Returns an enum terminal_end or -1.
 */
int terminal_attach(struct terminal_console *console, struct error *err);

/* "ctrl-]", "^]", "none": the byte, -1 for none; -2: it is not of this form. */
int terminal_parse_key(const char *text);

#endif

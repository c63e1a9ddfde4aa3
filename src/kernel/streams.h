/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams.h: standard streams of the host for a program in a container. Without a user namespace
 * root inside may do with a file of the host what root may, as soon as it has a descriptor of it:
 * open it anew for writing, change its mode and owner. So it is given the same file on a read-only
 * mount (devices, terminals and FIFOs can be written there all the same), and where it is to write
 * to a regular file, a pipe. pipe(7), open_tree(2).
 */
#ifndef KERNEL_STREAMS_H
#define KERNEL_STREAMS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* -1 where there is none: the stream is used as it is. */
struct streams {
	int fds[3];   /* to be used instead; owned */
	int pipes[3]; /* the end that a relay reads from */
	pid_t relays[3];
};
#define STREAMS_INIT                                                                               \
	{                                                                                          \
		{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}                                           \
	}

/* A stream that is a directory, or no open file at all, is refused: a way out of any container. */
int streams_check(struct error *err);

/* Opens replacements and starts relays, all but those of the terminal (fds 0 and 1: is_terminal). */
int streams_open(bool is_terminal, struct streams *streams, struct error *err);

/* In the process that becomes the program: they take the places 0, 1, 2. */
int streams_use(const struct streams *streams, struct error *err);

/* Once the program is there: what only it is to have is closed. */
void streams_release(struct streams *streams);

/*
 * Once it has ended: waits until what it wrote is written. Not for processes it may have left
 * behind: their relay stays with them.
 */
void streams_finish(struct streams *streams);

#endif

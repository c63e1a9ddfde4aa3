/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h: the terminal of a container with tty = true, from outside: its master, from the process
 * that keeps it, and what was written to it, from the ring (supervisor_console.h). pty(7)
 *
 *   payload ── pty ── master: the supervisor reads ── ring, log
 *                       |            cman console ──── reads the ring, writes to the master
 *                       keeper: holds it
 */
#ifndef LIFECYCLE_CONSOLE_H
#define LIFECYCLE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "lifecycle/scrollback.h"
#include "state/record.h"

/* An empty ring, where the spec has a terminal. */
int console_make_ring(int directory_fd, const struct spec *spec, struct error *err);

/*
 * The master of the container's terminal, close-on-exec, owned by the caller; non-blocking, which
 * all who have it share. ESRCH: the keeper is gone; EAGAIN: it has no terminal yet,
 * the container is coming up.
 */
int console_open_master(const struct record *record, struct error *err);

/*
 * The same from the supervisor, which holds it as well: for another keeper. ENOENT: there is none, or it
 * has lost it, and the terminal is gone for good.
 */
int console_take_master(const struct record *record, struct error *err);

/* Once init is dead: waits for the keeper, which ends with it, or ends it. Takes it out of the record. */
void console_end_keeper(struct record *record);

/* Who reads along. */
struct console_reader {
	int ring_fd, watch_fd; /* readable when there may be more */
	uint64_t next;         /* number of the byte that comes next */
	uint64_t live;         /* number of the first that was written since it was opened */
	struct scrollback old; /* what stands before that is cleaned */
};
#define CONSOLE_READER_INIT {.ring_fd = -1, .watch_fd = -1}

/* Begins with the last 64 KiB, at a line's beginning where that is not all. ENOENT: there is no ring. */
int console_reader_open(int directory_fd, struct console_reader *reader, struct error *err);
void console_reader_close(struct console_reader *reader);

/*
 * As read(2), non-blocking: -1 with EAGAIN when nothing is there now. Who is so slow that bytes were
 * overwritten finds a line about that in their place. size: 256 at least.
 */
ssize_t console_read(struct console_reader *reader, char *bytes, size_t size);

#endif

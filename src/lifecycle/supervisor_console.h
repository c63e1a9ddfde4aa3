/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor_console.h: what supervisor, keeper and cman know of the terminal of a container with
 * tty = true. All include it, so everything is inline and needs nothing but the headers.
 *
 * What is written to it goes into a ring, the file "console" of the run directory, which the
 * supervisor writes and whoever is attached reads, told by inotify(7): nobody waits for a reader.
 * The keeper is a second process that holds the terminal's master, so that a supervisor that is
 * killed does not take it along: cman-supervisor with no argument, which ends with the container.
 */
#ifndef LIFECYCLE_SUPERVISOR_CONSOLE_H
#define LIFECYCLE_SUPERVISOR_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_FILE "console"

/* The fds of a keeper. Others get the master from it by pidfd_getfd(2). */
#define KEEPER_PIDFD     3 /* of init: it ends with that */
#define KEEPER_MASTER_FD 4

#define CONSOLE_KEPT    (64 * 1024) /* bytes of the ring that may be read */
#define CONSOLE_PIECE   (16 * 1024) /* written at once, at most */
#define CONSOLE_RING    (CONSOLE_KEPT + CONSOLE_PIECE)
#define CONSOLE_RING_AT 64          /* where it begins in the file, behind the head */

/* Written last. A reader may see half of it, old and new: then it is not whole. */
struct console_head {
	uint64_t total; /* bytes written since the terminal was made for the first time */
	uint64_t check; /* all bits of that turned round */
};

static inline struct console_head console_head_of(uint64_t total)
{
	return (struct console_head){total, ~total};
}

static inline bool console_head_is_whole(const struct console_head *head)
{
	return head->check == ~head->total;
}

/*
 * Where in the file the byte with that number stands; *length becomes the number of bytes, of as many
 * as it says, that follow it there in one piece.
 */
static inline uint64_t console_place(uint64_t number, size_t *length)
{
	const uint64_t at = number % CONSOLE_RING;

	if (*length > CONSOLE_RING - at)
		*length = (size_t)(CONSOLE_RING - at);
	return CONSOLE_RING_AT + at;
}

/*
 * Whether what was read from that number on, before the total was seen, is what was written there:
 * a piece that is being written now and not counted yet has not reached it.
 */
static inline bool console_is_kept(uint64_t number, uint64_t total)
{
	return number <= total && total - number <= CONSOLE_KEPT;
}

/*
 * Text of a terminal as lines: "\r\n", which it makes of a newline, is one again. bytes[-1] must be
 * there: a "\r" at the end is held until it is known what follows. The bytes from *first on stay,
 * their number is returned.
 */
static inline size_t console_make_plain(char *bytes, size_t length, bool *held, char **first)
{
	char *to = bytes;

	*first = bytes;
	if (length == 0)
		return 0;
	if (*held && bytes[0] != '\n')
		*--*first = '\r';
	*held = bytes[length - 1] == '\r';
	if (*held)
		length--;
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\r' || i + 1 == length || bytes[i + 1] != '\n')
			*to++ = bytes[i];
	return (size_t)(to - *first);
}

#endif

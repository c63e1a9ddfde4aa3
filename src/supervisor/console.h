/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h: a part of the supervisor: the terminal of a container with tty = true. What is written
 * to it goes into the ring that "cman console" reads (lifecycle/supervisor_console.h), and as lines
 * into the log. Who is attached writes to the terminal's master by himself. And the keeper, a
 * process of its own.
 */
#ifndef SUPERVISOR_CONSOLE_H
#define SUPERVISOR_CONSOLE_H

#include "lifecycle/supervisor_console.h"
#include "supervisor/log.h"

_Static_assert(CONSOLE_PIECE <= CHUNK, "a piece is read into the chunk");

struct console {
	int ring_fd;
	uint64_t total; /* bytes written to it */
	bool held;      /* a "\r" that the log has not got yet */
};
#define CONSOLE_INIT {.ring_fd = -1}

/* What does not go into it, on a full file system, is lost to those who are attached alone. */
static void ring_put(struct console *console, const char *bytes, size_t length)
{
	struct console_head head;

	while (length > 0) {
		size_t piece = length;
		uint64_t at = console_place(console->total, &piece);
		long written = system_write_at(console->ring_fd, bytes, piece, at);

		if (written == SYSTEM_EINTR)
			continue;
		if (written <= 0)
			break;
		console->total += (uint64_t)written;
		bytes += written;
		length -= (size_t)written;
	}
	head = console_head_of(console->total);
	system_write_at(console->ring_fd, &head, sizeof(head), 0);
}

static void log_console(struct console *console, struct supervisor *supervisor, char *bytes,
			size_t length)
{
	length = console_make_plain(bytes, length, &console->held, &bytes);
	if (length > 0 && supervisor->settings.log_driver != SUPERVISOR_LOG_NONE)
		log_chunk(supervisor, bytes, length, "o");
}

/* Moves one piece. Returns the bytes moved; 0: there is nothing, or nobody has the terminal open. */
static size_t copy_console(struct console *console, struct supervisor *supervisor)
{
	/* In front of it and behind it the log wants a place. */
	char *bytes = chunk + 1;
	long count;

	do
		count = system_read(supervisor->args.console_fd, bytes, CONSOLE_PIECE - 2);
	while (count == SYSTEM_EINTR);
	if (count <= 0)
		return 0;
	if (console->ring_fd >= 0)
		ring_put(console, bytes, (size_t)count);
	log_console(console, supervisor, bytes, (size_t)count);
	return (size_t)count;
}

static void take_console(struct supervisor *supervisor, void *part)
{
	if (copy_console(part, supervisor) > 0)
		sources_look_again(&supervisor->sources, supervisor->args.console_fd);
}

static inline long console_begin(struct console *console, struct supervisor *supervisor)
{
	struct console_head head = {0, 0};
	long fd;

	if (supervisor->args.console_fd == 0)
		return 0;
	fd = system_open_at(supervisor->args.run_dir_fd, CONSOLE_FILE,
			    O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		log_line(supervisor, "there is no console: error ", (uint64_t)-fd, "");
	/* It goes on where another supervisor has stopped; one that was killed there is not read. */
	else if (system_read((int)fd, &head, sizeof(head)) == sizeof(head) &&
		 console_head_is_whole(&head))
		console->total = head.total;
	console->ring_fd = (int)fd;
	/* Once for each change: nobody may have it open, and that stays so, and is told all the time. */
	return sources_add_changes(&supervisor->sources, supervisor->args.console_fd, take_console,
				   console);
}

/* All processes of the container are gone with its init. */
static inline void console_end(struct console *console, struct supervisor *supervisor)
{
	size_t drained = 0, count;

	if (supervisor->args.console_fd == 0)
		return;
	do {
		count = copy_console(console, supervisor);
		drained += count;
	} while (count > 0 && drained < DRAIN_MAX);
	if (console->held) {
		chunk[1] = '\n'; /* what it is in the log, at the end */
		log_console(console, supervisor, chunk + 1, 1);
	}
}

/* The keeper: holds what it has, until the container has ended. */
static int keep_console(void)
{
	system_block_signals(~UINT64_C(0));
	system_set_name("cman-keeper");
	while (system_wait_readable(KEEPER_PIDFD) == SYSTEM_EINTR)
		;
	return 0;
}

#endif

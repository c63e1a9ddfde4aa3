/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h: a part of the supervisor: the payload's output, from the FIFO to the log file. */
#ifndef SUPERVISOR_LOG_H
#define SUPERVISOR_LOG_H

#include "supervisor/supervisor.h"

/* A FIFO holds 64 KiB unless somebody enlarged it, to 1 MiB at most: fcntl(2) F_SETPIPE_SZ. */
#define DRAIN_MAX (1024 * 1024)

/* A short text that is put together; what does not fit is left out. */
struct line {
	char bytes[200];
	size_t length;
};

static void line_add(struct line *line, const char *text)
{
	for (; *text && line->length < sizeof(line->bytes); text++)
		line->bytes[line->length++] = *text;
}

static void line_add_number(struct line *line, uint64_t number)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	line_add(line, digits + at);
}

/* Returns how much was written: less than length only when the file takes no more. */
static size_t write_out(int fd, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		long count = system_write(fd, bytes + done, length - done);

		if (count == SYSTEM_EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	return done;
}

/* A message of our own, a line among the payload's output. */
static void log_line(const struct supervisor *supervisor, const char *text, uint64_t number,
		     const char *rest)
{
	struct line line = {.length = 0};

	line_add(&line, "cman-supervisor: ");
	line_add(&line, text);
	line_add_number(&line, number);
	line_add(&line, rest);
	line_add(&line, "\n");
	write_out(supervisor->args.log_fd, line.bytes, line.length);
}

/*
 * The log file takes the bytes, or they are dropped and counted: a payload must not stop because
 * a disk is full. The count is told as soon as there is room again.
 */
static void log_bytes(struct supervisor *supervisor, const char *bytes, size_t length)
{
	size_t done = write_out(supervisor->args.log_fd, bytes, length);

	if (done < length) {
		supervisor->dropped += length - done;
	} else if (supervisor->dropped > 0) {
		log_line(supervisor, "the log file could not be written, bytes of output lost: ",
			 supervisor->dropped, "");
		supervisor->dropped = 0;
	}
}

/* Moves one chunk. Returns the bytes moved, 0 when the FIFO is empty. */
static size_t copy_output(struct supervisor *supervisor)
{
	long count;

	do
		count = system_read(supervisor->args.fifo_fd, chunk, sizeof(chunk));
	while (count == SYSTEM_EINTR);
	if (count <= 0)
		return 0;
	log_bytes(supervisor, chunk, (size_t)count);
	return (size_t)count;
}

static void take_output(struct supervisor *supervisor, void *part)
{
	(void)part;
	copy_output(supervisor);
}

static inline long log_begin(struct supervisor *supervisor)
{
	return sources_add(&supervisor->sources, supervisor->args.fifo_fd, take_output, NULL);
}

/* All processes of the container are gone with its init: what is in the FIFO is all there is. */
static inline void log_end(struct supervisor *supervisor)
{
	size_t drained = 0, count;

	do {
		count = copy_output(supervisor);
		drained += count;
	} while (count > 0 && drained < DRAIN_MAX);
	if (supervisor->dropped > 0)
		log_bytes(supervisor, "", 0);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h: a part of the supervisor: the payload's output, from two FIFOs to the log, line by line:
 *
 *   2026-11-22T18:30:05.123456Z o text
 *
 * The letter is o (standard output), e (standard error) or s (the supervisor itself). In place of
 * the blank behind it stands a "+" when the line goes on in the next one of its letter: whoever joins
 * them has what the payload wrote, byte for byte. The file (log_file.h) and syslog(3) take lines;
 * what they do not take is dropped and counted: a payload must not stop because a disk is full.
 */
#ifndef SUPERVISOR_LOG_H
#define SUPERVISOR_LOG_H

#include "supervisor/log_file.h"
#include "supervisor/log_syslog.h"
#include "supervisor/supervisor.h"
#include "supervisor/text.h"

/* A FIFO holds 64 KiB unless somebody enlarged it, to 1 MiB at most: fcntl(2) F_SETPIPE_SZ. */
#define DRAIN_MAX (1024 * 1024)

/* A line of the file without its text and newline. */
static void make_prefix(struct line *prefix, const struct timespec *now, const char *letter,
			bool goes_on)
{
	prefix->length = 0;
	line_add_moment(prefix, (uint64_t)now->tv_sec, (uint64_t)now->tv_nsec / 1000);
	line_add(prefix, " ");
	line_add(prefix, letter);
	line_add(prefix, goes_on ? "+" : " ");
}

/* A message of our own: always in the file. */
static void log_line(struct supervisor *supervisor, const char *text, uint64_t number,
		     const char *rest)
{
	struct timespec now;
	struct line line, message = {.length = 0};

	system_get_time(&now);
	make_prefix(&line, &now, "s", false);
	line_add(&message, "cman-supervisor: ");
	line_add(&message, text);
	line_add_number(&message, number);
	line_add(&message, rest);
	line_add(&message, "\n");
	log_file_put(supervisor, line.bytes, line.length, message.bytes, message.length);
	log_file_flush(supervisor);
}

/* Before anything else, as soon as there is room again. */
static void tell_losses(struct supervisor *supervisor)
{
	struct log *log = &supervisor->log;
	const uint64_t dropped = log->dropped, missed = log->missed;

	if (dropped > 0) {
		log->dropped = 0;
		log_line(supervisor, "the log file could not be written, bytes of output lost: ",
			 dropped, "");
		if (log->dropped > 0)
			log->dropped = dropped; /* not that of the message */
	}
	if (missed > 0 && log->syslog_works) {
		log->missed = 0;
		log_line(supervisor, "syslog did not take it, lines of output lost: ", missed, "");
	}
}

/* One read of one stream: all of its lines have the same time. */
static void log_chunk(struct supervisor *supervisor, char *bytes, size_t length, const char *letter)
{
	const bool to_file = supervisor->settings.log_driver == SUPERVISOR_LOG_FILE;
	const char *const end = bytes + length;
	struct line prefix;
	struct timespec now;

	system_get_time(&now);
	make_prefix(&prefix, &now, letter, false);
	if (to_file && supervisor->log.dropped > 0)
		tell_losses(supervisor);
	for (char *next; bytes < end; bytes = next) {
		next = find_newline(bytes, end);
		if (next == end) {
			*next++ = '\n'; /* there is room for it behind what was read */
			if (to_file)
				log_file_flush(supervisor); /* others have this prefix as it is */
			prefix.bytes[prefix.length - 1] = '+';
		} else {
			next++;
		}
		if (to_file)
			log_file_put(supervisor, prefix.bytes, prefix.length, bytes,
				     (size_t)(next - bytes));
		else
			log_syslog_put(supervisor, *letter == 'e', now.tv_sec, bytes,
				       (size_t)(next - bytes) - 1);
	}
	log_file_flush(supervisor);
	if (supervisor->log.missed > 0 && supervisor->log.syslog_works)
		tell_losses(supervisor);
}

/* Moves one chunk. Returns the bytes moved, 0 when the FIFO is empty. */
static size_t copy_output(struct supervisor *supervisor, int fd, const char *letter)
{
	long count;

	do
		count = system_read(fd, chunk, sizeof(chunk) - 1);
	while (count == SYSTEM_EINTR);
	if (count <= 0)
		return 0;
	if (supervisor->settings.log_driver != SUPERVISOR_LOG_NONE)
		log_chunk(supervisor, chunk, (size_t)count, letter);
	return (size_t)count;
}

static void take_output(struct supervisor *supervisor, void *part)
{
	(void)part;
	copy_output(supervisor, supervisor->args.output_fd, "o");
}

static void take_errors(struct supervisor *supervisor, void *part)
{
	(void)part;
	copy_output(supervisor, supervisor->args.error_fd, "e");
}

static inline long log_begin(struct supervisor *supervisor)
{
	long added = sources_add(&supervisor->sources, supervisor->args.output_fd, take_output,
				 NULL);

	supervisor->log.syslog_fd = -1;
	supervisor->log.size = log_file_size(supervisor->args.log_fd);
	return added < 0 ? added
			 : sources_add(&supervisor->sources, supervisor->args.error_fd, take_errors,
				       NULL);
}

static void drain(struct supervisor *supervisor, int fd, const char *letter)
{
	size_t drained = 0, count;

	do {
		count = copy_output(supervisor, fd, letter);
		drained += count;
	} while (count > 0 && drained < DRAIN_MAX);
}

/* All processes of the container are gone with its init: what is in the FIFOs is all there is. */
static inline void log_end(struct supervisor *supervisor)
{
	drain(supervisor, supervisor->args.output_fd, "o");
	drain(supervisor, supervisor->args.error_fd, "e");
	supervisor->log.syslog_works = true; /* nobody comes later who could tell */
	tell_losses(supervisor);
}

#endif

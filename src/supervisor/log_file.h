/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_file.h: the log file of a container, NAME.log. It never becomes longer than max_size: the line
 * that would not fit goes to a new one, and the old one is NAME.log.1 then, and so on, max_files in
 * all. A line is written as it lies in the chunk, with its prefix in front: nothing is copied.
 */
#ifndef SUPERVISOR_LOG_FILE_H
#define SUPERVISOR_LOG_FILE_H

#include "supervisor/supervisor.h"
#include "supervisor/text.h"

#define LOG_PARTS 128 /* of one writev(2): a prefix and a text in turns */

/* Static like the chunk: memory of those only that print. */
static struct iovec log_parts[LOG_PARTS];

static inline uint64_t log_file_size(int fd)
{
	long size = system_get_size(fd);

	return size > 0 ? (uint64_t)size : 0;
}

/* What was not written: texts count, prefixes do not. They take turns. */
static void count_dropped(struct log *log, size_t written)
{
	for (unsigned int i = 0; i < log->count; i++) {
		const size_t length = log_parts[i].iov_len;
		const size_t done = written < length ? written : length;

		if (i % 2 == 1)
			log->dropped += length - done;
		written -= done;
	}
}

/* After a line that was cut off, the next one begins a line all the same. */
static bool mend(struct supervisor *supervisor)
{
	struct log *log = &supervisor->log;

	if (log->torn && system_write(supervisor->args.log_fd, "\n", 1) == 1) {
		log->torn = false;
		log->size++;
	}
	return !log->torn;
}

/* Writes what log_file_put() has gathered. */
static void log_file_flush(struct supervisor *supervisor)
{
	struct log *log = &supervisor->log;
	long count = 0;

	if (log->count == 0)
		return;
	if (mend(supervisor)) {
		do
			count = system_write_parts(supervisor->args.log_fd, log_parts, log->count);
		while (count == SYSTEM_EINTR);
	}
	if (count < 0)
		count = 0;
	log->size += (uint64_t)count;
	if ((uint64_t)count < log->gathered) {
		log->torn = log->torn || count > 0;
		count_dropped(log, (size_t)count);
	}
	log->count = 0;
	log->gathered = 0;
}

/* "web.log", "web.log.1"; "web.log.new": NULL for the number. */
static void make_name(struct line *out, const char *name, const uint64_t *number)
{
	out->length = 0;
	line_add(out, name);
	line_add(out, ".log");
	if (!number || *number > 0)
		line_add(out, ".");
	if (!number)
		line_add(out, "new");
	else if (*number > 0)
		line_add_number(out, *number);
	out->bytes[out->length] = '\0';
}

/* Each takes the next one's name, the last one's place is lost; missing ones are no error. */
static long shift(const struct supervisor *supervisor)
{
	const int dir_fd = supervisor->args.log_dir_fd;
	const uint64_t files = supervisor->settings.log_max_files;
	struct line from, to;
	long failed = 0;

	for (uint64_t i = files - 1; i > 0; i--) {
		const uint64_t before = i - 1;

		make_name(&from, supervisor->args.name, &before);
		make_name(&to, supervisor->args.name, &i);
		failed = system_rename_at(dir_fd, from.bytes, to.bytes);
		if (failed < 0 && failed != SYSTEM_ENOENT)
			return failed;
	}
	/* There may have been more once. */
	for (uint64_t i = files; failed == 0 || i == files; i++) {
		make_name(&from, supervisor->args.name, &i);
		failed = system_unlink_at(dir_fd, from.bytes);
	}
	return 0;
}

/* The new file is there before an old one has to make room. false: all is as it was. */
static bool rotate(struct supervisor *supervisor)
{
	const uint64_t none = 0;
	const int dir_fd = supervisor->args.log_dir_fd;
	struct line temporary, name;
	long fd;

	make_name(&temporary, supervisor->args.name, NULL);
	make_name(&name, supervisor->args.name, &none);
	system_unlink_at(dir_fd, temporary.bytes);
	fd = system_open_at(dir_fd, temporary.bytes,
			    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (shift(supervisor) < 0 || system_rename_at(dir_fd, temporary.bytes, name.bytes) < 0) {
		system_unlink_at(dir_fd, temporary.bytes);
		system_close((int)fd);
		return false;
	}
	system_duplicate((int)fd, supervisor->args.log_fd);
	system_close((int)fd);
	supervisor->log.size = 0;
	supervisor->log.torn = false;
	return true;
}

/* Both stay as they are until the flush. text ends with a newline. */
static void log_file_put(struct supervisor *supervisor, char *prefix, size_t prefix_length,
			 char *text, size_t length)
{
	struct log *log = &supervisor->log;
	const size_t whole = prefix_length + length;

	if (log->count == LOG_PARTS)
		log_file_flush(supervisor);
	/* One more than that: what mend() may have to write. */
	if (log->size + log->gathered + whole + 1 > supervisor->settings.log_max_size) {
		log_file_flush(supervisor);
		if (!rotate(supervisor)) {
			log->dropped += length;
			return;
		}
	}
	log_parts[log->count++] = (struct iovec){prefix, prefix_length};
	log_parts[log->count++] = (struct iovec){text, length};
	log->gathered += whole;
}

#endif

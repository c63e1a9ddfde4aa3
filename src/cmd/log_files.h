/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_files.h: the log of a container as one: NAME.log and the older NAME.log.1, NAME.log.2, ...,
 * read from the oldest on, while the supervisor may give them other names (supervisor/log_file.h).
 * What a line looks like stands in supervisor/log.h. Files of an older cman have lines without a mark.
 */
#ifndef CMD_LOG_FILES_H
#define CMD_LOG_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/spec.h"

struct log_files {
	int dir_fd; /* the caller's */
	const char *name;
	int fds[LOG_FILES_MAX]; /* [0] is the newest when they were opened */
	int count;              /* of those still to be read, the one at hand among them */
	off_t offset;           /* in fds[count - 1]: what stands before it is read, or not wanted */
	bool between;           /* it was moved away, and the next one is not there yet */
	/* Of output and of error output: where its first line that is wanted begins, in fds[index]. */
	struct log_place {
		int index;
		off_t offset;
	} from[2];
};

/* Opens what there is; ENOENT: nothing. */
int log_files_open(int dir_fd, const char *name, struct log_files *files, struct error *err);
void log_files_close(struct log_files *files);

/* The file at hand. */
int log_files_fd(const struct log_files *files);

/*
 * Whether there is a newer file than the one at hand: nothing more is written to that then, what was
 * written since it was read last is still to be read.
 */
bool log_files_is_old(const struct log_files *files);

/* Goes on to the next newer file, its beginning: 1; 0: there is none. */
int log_files_next(struct log_files *files, struct error *err);

/*
 * Lets reading begin at the last lines of the whole. A line that goes on in further ones is one, also where
 * lines of the other stream stand between its parts: log_files_is_wanted() tells which are not meant then.
 */
int log_files_find_last(struct log_files *files, uint64_t lines, struct error *err);

/* Whether a line of that stream that begins at offset in the file at hand is one of them. */
bool log_files_is_wanted(const struct log_files *files, char stream, off_t offset);

/* A line of a file. */
#define LOG_MOMENT_LENGTH 27                      /* "2026-11-22T18:30:05.123456Z" */
#define LOG_MARK_LENGTH   (LOG_MOMENT_LENGTH + 3) /* " o " behind it */
struct log_line {
	bool marked;   /* else all of it is text */
	char stream;   /* o, e or s */
	bool goes_on;  /* in the next line of this stream */
	const char *text;
	size_t length; /* of the text, with its newline unless it goes on */
};

/* bytes: a line with its newline, or a part of one that is too long. */
void log_line_parse(const char *bytes, size_t length, struct log_line *line);

#endif

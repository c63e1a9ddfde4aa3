/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_print.h: what a container has printed, out of its log (log_files.h), to standard output and to
 * standard error as it was written, and made harmless where that is a terminal.
 */
#ifndef CMD_LOG_PRINT_H
#define CMD_LOG_PRINT_H

#include <stdint.h>

#include "cmd/log_files.h"

struct log_print;

/*
 * Of the log NAME in a directory, from its beginning; dir_fd and name are the caller's, for as long as
 * it is there. NULL with err: ENOENT, there is none. Release with log_print_close(), which takes NULL.
 */
struct log_print *log_print_open(int dir_fd, const char *name, struct error *err);
void log_print_close(struct log_print *log);

/* Before anything is printed: lines from that time on (as of moment.h), with their times, the
 * last ones alone (0: none of those that are there). */
void log_print_since(struct log_print *log, uint64_t since);
void log_print_times(struct log_print *log);
int log_print_last(struct log_print *log, uint64_t lines, struct error *err);

/*
 * Prints what was added since. watch_fd: an inotify descriptor that is to tell of what will be, or -1.
 * EPIPE: nobody reads it any more.
 */
int log_print_new(struct log_print *log, int watch_fd, struct error *err);

/* The files are being renamed: no event tells when that is done, so look again soon. */
bool log_print_is_between(const struct log_print *log);
#define LOG_PRINT_BETWEEN_MS 50

/* The same when nothing more will come: a line without an end as well. */
int log_print_rest(struct log_print *log, struct error *err);

#endif

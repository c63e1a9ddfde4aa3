/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h: messages for people, on standard error: "cman: warning: ...". Results of commands go
 * to standard output and are none of this file's business.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Whether to colour what goes to that stream: a terminal, no NO_COLOR, TERM not dumb. */
bool log_use_color(FILE *stream);

/*
 * Prints "cman: error: TEXT" and, on a line of its own, "  hint: HINT" where there is one. Else who
 * is not root, and may not do it, is told to be.
 */
void log_error(const struct error *err);

void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* With -v: what is being done, step by step. */
void log_set_verbose(bool verbose);
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h: the text of our own state files: one "key value" a line, lists by repeating the key,
 * "end" as the last line, so that a file that was cut is noticed.
 */
#ifndef STATE_LINES_H
#define STATE_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define LINES_SIZE_MAX (1024 * 1024) /* of a whole file, bytes */

/* Takes one line; false: not understood. */
typedef bool lines_field(void *data, const char *key, const char *value);

/* Hands every line of text (which is written into) to field. NULL text is a cut file. */
int lines_parse(char *text, lines_field *field, void *data, struct error *err);

/* Values, exact: no sign, no blank, nothing behind. */
bool lines_u64(const char *value, uint64_t *number);
bool lines_u32(const char *value, uint32_t *number);
bool lines_bool(const char *value, bool *is_set);                  /* a number: 0 is false */
bool lines_text(const char *value, char **out);                    /* replaces *out */
bool lines_fixed(const char *value, char *out, unsigned long size); /* exactly size - 1 bytes */

#endif

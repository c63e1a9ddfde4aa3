/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h: standard output, where results go. A command that prints on for a while writes out in
 * between; a failure of that is not lost.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"

/* Writes out what was printed so far. A failure is kept for output_finish(). */
void output_flush(void);

/*
 * Likewise. -1: not all that was ever printed could be written; the code is that of the first
 * failure known, EPIPE when nobody reads it any more.
 */
int output_finish(struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_text.h: the form in which a record lies on disk: lines (state/lines.h), "version 1" first.
 * What an older cman did not write is left as it is; a key that is not known is an error, as a newer
 * cman has written it.
 */
#ifndef STATE_RECORD_TEXT_H
#define STATE_RECORD_TEXT_H

#include "base/text.h"
#include "state/record.h"

/* Into record, which the caller clears, also after -1. text is written into; NULL is a cut file. */
int record_parse(char *text, struct record *record, struct error *err);

void record_print(const struct record *record, struct text *out);

#endif

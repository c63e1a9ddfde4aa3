/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dot.h: strings in the language of Graphviz. dot(1) */
#ifndef CMD_DOT_H
#define CMD_DOT_H

#include "base/text.h"

/*
 * Adds text in quotes, so that dot shows it as it is: a newline becomes a line of the label, other
 * control characters and what is not ASCII become '?'.
 */
void dot_add_string(struct text *out, const char *text);

#endif

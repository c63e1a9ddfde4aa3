/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/dot.h"

void dot_add_string(struct text *out, const char *text)
{
	text_add(out, "\"", 1);
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			text_add(out, "\\n", 2);
		else if (*c == '"' || *c == '\\') /* "\N" would be the name of the node */
			text_addf(out, "\\%c", *c);
		else if (*c < ' ' || *c > '~')
			text_add(out, "?", 1);
		else
			text_add(out, c, 1);
	}
	text_add(out, "\"", 1);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * starter.h: a short file to start a container from: what is set, and the keys that are wanted first
 * as comments, in the words of the tables in keys.h. Pure.
 */
#ifndef CONFIG_STARTER_H
#define CONFIG_STARTER_H

#include "base/text.h"

struct starter {
	const char *name;
	const char *rootfs;        /* absolute path; NULL: it is left to the writer, and told so */
	const char *template_name; /* NULL: none */
};

/*
 * Adds the text of the file. A line that begins with '#' and neither a blank nor another '#' behind it
 * is a setting: without the '#' it holds, as an example or with its default.
 */
void starter_print(const struct starter *starter, struct text *out);

#endif

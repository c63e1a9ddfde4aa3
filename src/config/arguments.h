/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arguments.h: keys of a container given on the command line, as a text in the language of the files,
 * which is then read as any file is. Pure.
 *
 *   limits.memory=256M limits.pids=5    limits : { memory = "256M"; pids = 5; };
 */
#ifndef CONFIG_ARGUMENTS_H
#define CONFIG_ARGUMENTS_H

#include "base/error.h"
#include "base/text.h"

/* Keys with their values as text of the files; zeroed it is empty. */
struct arguments {
	struct strlist keys;   /* with dots */
	struct strlist values; /* one for each key */
};

/*
 * "KEY=VALUE". VALUE stands as it would in a file, but a string needs no quotes: what is no number, no
 * boolean, and does not begin as a string, a list or a group is one. -1 where it has no key.
 */
int arguments_add(struct arguments *arguments, const char *assignment, struct error *err);

/* A key that is a string, or a list of strings. */
void arguments_add_string(struct arguments *arguments, const char *key, const char *value);
void arguments_add_strings(struct arguments *arguments, const char *key,
			   const struct strlist *values);

/* Whether there is something in that group. */
bool arguments_have_group(const struct arguments *arguments, const char *group);

/* A line for each key of the top, in their order; what is one group becomes one. */
void arguments_print(const struct arguments *arguments, struct text *out);

void arguments_clear(struct arguments *arguments);
#define AUTO_ARGUMENTS AUTO(arguments_clear)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hint.h: what a writer may have meant who knows other tools, or forgot the quotes. */
#ifndef CONFIG_HINT_H
#define CONFIG_HINT_H

/*
 * What to write instead of an unquoted word in the place of a value. The caller frees it.
 */
char *hint_for_unquoted(const char *word);

/*
 * How a setting is written that was named as in messages and on the command line, limits.memory;
 * NULL where the word does not look like that. The caller frees it.
 */
char *hint_for_dotted_key(const char *word);

/*
 * cman's word for a key of LXC, docker compose, jail(8) or systemd-nspawn, or the honest answer
 * that there is none; NULL when the key is unknown there as well. group is the path of the group
 * the key stands in, "" at the top. The caller frees it.
 */
char *hint_for_foreign_key(const char *group, const char *key);

#endif

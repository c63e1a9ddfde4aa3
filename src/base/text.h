/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h: strings, lists of strings, and text that grows. Allocation failure ends the program
 * (a short-lived command that cannot get a kilobyte has nothing better to do, and the undo of
 * what it did is found in the record by the next one).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

/* Heap memory, zeroed; never NULL. Released with free(). */
void *xalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A list of owned strings; items[count] is NULL, so items can serve as argv. */
struct strlist {
	char **items;
	size_t count;
};

void strlist_add(struct strlist *list, const char *text);
void strlist_add_taken(struct strlist *list, char *text); /* takes ownership of text */
void strlist_remove(struct strlist *list, const char *text); /* each that equals it */
void strlist_copy(struct strlist *to, const struct strlist *from); /* replaces what was in to */
bool strlist_contains(const struct strlist *list, const char *text);
bool strlist_contains_sorted(const struct strlist *list, const char *text); /* in few steps */
size_t strlist_find_sorted(const struct strlist *list, const char *text);   /* its index, or count */
bool strlist_equal(const struct strlist *a, const struct strlist *b);
void strlist_sort(struct strlist *list);
void strlist_clear(struct strlist *list);
#define AUTO_STRLIST AUTO(strlist_clear)

/* Text that grows. data is NUL-terminated once anything was added, else NULL. */
struct text {
	char *data;
	size_t length;
	size_t size;
};

void text_add(struct text *text, const char *bytes, size_t length);
/* Here, so that the length of what stands in the source is known. */
static inline void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}
void text_cut(struct text *text, size_t length); /* to what it was before something was added */
void text_addf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *text_value(const struct text *text); /* "" when empty */
void text_clear(struct text *text);
#define AUTO_TEXT AUTO(text_clear)

bool text_equal(const char *a, const char *b); /* NULL equals NULL */
bool text_starts_with(const char *text, const char *prefix);
bool text_has_line(const char *text, const char *line); /* the whole line, without its newline */

/*
 * What a terminal could take for more than text: control characters, those of C1 in UTF-8 among
 * them, and bytes that are no UTF-8. Replaced by '?', each byte.
 */
void text_replace_controls(char *text);
bool text_has_controls(const char *text);

/* Whether a path is that of directory or of something in it. Both without "//", "." and "..". */
bool path_is_at_or_below(const char *path, const char *directory);

/* Writes "1.5 GiB", "512 MiB", "17 B" into out. */
void text_format_size(char *out, size_t size, unsigned long long bytes);

/* Writes "3d 4h", "5m 12s", "7s" into out: the two largest units. */
void text_format_duration(char *out, size_t size, unsigned long long seconds);

/*
 * The candidate nearest to word by edit distance (Damerau-Levenshtein), or NULL when none is near
 * enough to be what was meant (more than a third of the letters differ).
 */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif

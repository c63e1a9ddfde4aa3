/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#define ADDED_GUESS 64 /* bytes */

static void *check_memory(void *pointer)
{
	if (!pointer) {
		static const char message[] = "cman: out of memory\n";
		ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

		(void)ignored;
		_exit(1);
	}
	return pointer;
}

void *xalloc(size_t count, size_t size)
{
	return check_memory(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t count, size_t size)
{
	return check_memory(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return check_memory(strdup(text));
}

char *xprintf(const char *fmt, ...)
{
	char buffer[256], *text;
	va_list args;
	int length;

	/* vasprintf(3) allocates twice; most of what is printed is short. */
	va_start(args, fmt);
	length = vsnprintf(buffer, sizeof(buffer), fmt, args);
	va_end(args);
	if (length < 0)
		check_memory(NULL);
	text = check_memory(malloc((size_t)length + 1));
	if ((size_t)length < sizeof(buffer))
		return memcpy(text, buffer, (size_t)length + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)length + 1, fmt, args);
	va_end(args);
	return text;
}

void strlist_add_taken(struct strlist *list, char *text)
{
	/* Capacity is the next power of two above count + 1: grow only when count reaches one. */
	if ((list->count & (list->count + 1)) == 0)
		list->items = xrealloc(list->items, 2 * (list->count + 1), sizeof(char *));
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void strlist_add(struct strlist *list, const char *text)
{
	strlist_add_taken(list, xstrdup(text));
}

void strlist_copy(struct strlist *to, const struct strlist *from)
{
	struct strlist copy = {0};

	for (size_t i = 0; i < from->count; i++)
		strlist_add(&copy, from->items[i]);
	strlist_clear(to);
	*to = copy;
}

bool strlist_contains(const struct strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

void strlist_remove(struct strlist *list, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	if (list->items)
		list->items[kept] = NULL;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t strlist_find_sorted(const struct strlist *list, const char *text)
{
	char *const *found = list->count > 0 ? bsearch(&text, list->items, list->count,
						       sizeof(*list->items), compare_items)
					     : NULL;

	return found ? (size_t)(found - list->items) : list->count;
}

bool strlist_contains_sorted(const struct strlist *list, const char *text)
{
	return strlist_find_sorted(list, text) < list->count;
}

bool strlist_equal(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

void strlist_sort(struct strlist *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(char *), compare_items);
}

void strlist_clear(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strlist){0};
}

/* Of so many more bytes, and a NUL. */
static void make_room(struct text *text, size_t length)
{
	if (text->length + length + 1 > text->size) {
		text->size = 2 * (text->length + length + 1);
		text->data = xrealloc(text->data, text->size, 1);
	}
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	make_room(text, length);
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_cut(struct text *text, size_t length)
{
	text->length = length;
	if (text->data)
		text->data[length] = '\0';
}

void text_addf(struct text *text, const char *fmt, ...)
{
	size_t needed = ADDED_GUESS;
	va_list args;
	int length;

	/* Formatted where it belongs: once, or, where it is longer than most, twice. */
	do {
		make_room(text, needed);
		va_start(args, fmt);
		length = vsnprintf(text->data + text->length, needed + 1, fmt, args);
		va_end(args);
		if (length < 0)
			check_memory(NULL);
	} while ((size_t)length > needed && (needed = (size_t)length, true));
	text->length += (size_t)length;
}

const char *text_value(const struct text *text)
{
	return text->data ? text->data : "";
}

void text_clear(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The bytes of the printable character at c, 0: it is none. */
static size_t printable(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;

	if (*c < ' ' || *c == 0x7f || *c > 0xf4 || (*c == 0xc2 && c[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool text_has_controls(const char *text)
{
	while (*text && printable(text))
		text += printable(text);
	return *text != '\0';
}

void text_replace_controls(char *text)
{
	while (*text) {
		size_t length = printable(text);

		if (length == 0)
			*text = '?';
		text += length ? length : 1;
	}
}

bool path_is_at_or_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_line(const char *text, const char *line)
{
	const size_t length = strlen(line);

	while (*text) {
		const size_t here = strcspn(text, "\n");

		if (here == length && memcmp(text, line, length) == 0)
			return true;
		text += here + (text[here] == '\n');
	}
	return false;
}

void text_format_size(char *out, size_t size, unsigned long long bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	if (value < 10 && unit > 0 && value != (double)(int)value)
		snprintf(out, size, "%.1f %s", value, units[unit]);
	else
		snprintf(out, size, "%.0f %s", value, units[unit]);
}

void text_format_duration(char *out, size_t size, unsigned long long seconds)
{
	unsigned long long days = seconds / 86400, hours = seconds / 3600 % 24;
	unsigned long long minutes = seconds / 60 % 60;

	if (days)
		snprintf(out, size, "%llud %lluh", days, hours);
	else if (hours)
		snprintf(out, size, "%lluh %llum", hours, minutes);
	else if (minutes)
		snprintf(out, size, "%llum %llus", minutes, seconds % 60);
	else
		snprintf(out, size, "%llus", seconds);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

#define WORD_MAX 64

/* Edit distance with transposition of neighbours counted as one. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t change = a[i - 1] != b[j - 1];

			row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two_above[j - 2] + 1 < row[j])
				row[j] = two_above[j - 2] + 1;
		}
	}
	return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t word_length = strlen(word);
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	if (word_length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(candidates[i]);
		size_t longer = length > word_length ? length : word_length;
		size_t distance;

		if (length > WORD_MAX)
			continue;
		distance = edit_distance(word, word_length, candidates[i], length);
		if (distance < best_distance && distance * 3 <= longer + 1) {
			best = candidates[i];
			best_distance = distance;
		}
	}
	return best;
}

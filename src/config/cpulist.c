/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cpulist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX 8192 /* NR_CPUS of the largest kernels */

struct set {
	bool has[NUMBERS_MAX + 1]; /* the last one is never there */
};

/* Up to four digits. */
static bool read_number(const char **text, unsigned int *number)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > 4)
		return false;
	*number = (unsigned int)strtoul(*text, NULL, 10);
	*text += digits;
	return *number < NUMBERS_MAX;
}

static bool read_set(const char *text, struct set *set)
{
	memset(set, 0, sizeof(*set));
	for (;;) {
		unsigned int first, last;

		if (!read_number(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!read_number(&text, &last) || last < first)
				return false;
		}
		while (first <= last)
			set->has[first++] = true;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

int cpulist_normalise(const char *text, char out[CPULIST_SIZE], struct error *err)
{
	char list[CPULIST_SIZE];
	size_t length = 0;
	struct set set;

	if (!read_set(text, &set)) {
		error_set(err, 0, "\"%s\" is not a list of numbers", text);
		return error_hint(err, "numbers and ranges from small to large, like \"0-3,6\"");
	}
	for (unsigned int i = 0; i < NUMBERS_MAX && length < sizeof(list); i++) {
		unsigned int first = i;

		if (!set.has[i])
			continue;
		while (set.has[i + 1])
			i++;
		length += (size_t)snprintf(list + length, sizeof(list) - length,
					   first == i ? "%s%u" : "%s%u-%u", length ? "," : "",
					   first, i);
	}
	if (length >= sizeof(list))
		return error_set(err, 0, "the list is too long, up to %d bytes", CPULIST_SIZE - 1);
	memcpy(out, list, length + 1);
	return 0;
}

int cpulist_first_outside(const char *list, const char *other)
{
	struct set wanted, there;

	if (!read_set(list, &wanted) || !read_set(other, &there))
		return -1;
	for (int i = 0; i < NUMBERS_MAX; i++)
		if (wanted.has[i] && !there.has[i])
			return i;
	return -1;
}

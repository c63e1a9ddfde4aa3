/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h: short texts of the supervisor, put together without libc. */
#ifndef SUPERVISOR_TEXT_H
#define SUPERVISOR_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What does not fit is left out; there is room for a NUL that nobody has put there. */
struct line {
	char bytes[200];
	size_t length;
};

static inline void line_add(struct line *line, const char *text)
{
	for (; *text && line->length < sizeof(line->bytes) - 1; text++)
		line->bytes[line->length++] = *text;
}

/* width: zeroes in front fill it up. */
static inline void line_add_digits(struct line *line, uint64_t number, size_t width)
{
	char digits[21];
	size_t at = sizeof(digits) - 1, first = at - width;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0 || at > first);
	line_add(line, digits + at);
}

/* The first newline at text or behind it; end: there is none. Eight bytes at once: much is printed. */
static inline char *find_newline(char *text, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	for (; end - text >= 8; text += 8) {
		uint64_t bytes;

		__builtin_memcpy(&bytes, text, sizeof(bytes));
		bytes ^= ones * '\n'; /* a newline becomes 0 */
		if ((bytes - ones) & ~bytes & ones << 7)
			break;
	}
	while (text < end && *text != '\n')
		text++;
	return text;
}

static inline void line_add_number(struct line *line, uint64_t number)
{
	line_add_digits(line, number, 1);
}

/*
 * "2026-11-22T18:30:05.123456Z" of seconds since the epoch, not negative: RFC 3339. The year begins
 * in March, so that the day that may be missing is its last; 146097 days are 400 years.
 */
static inline void line_add_moment(struct line *line, uint64_t seconds, uint64_t microseconds)
{
	const uint64_t days = seconds / 86400 + 719468, era = days / 146097;
	const uint64_t of_era = days % 146097;
	const uint64_t years =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const uint64_t of_year = of_era - (365 * years + years / 4 - years / 100);
	const uint64_t month = (5 * of_year + 2) / 153;

	line_add_digits(line, era * 400 + years + (month >= 10), 4);
	line_add(line, "-");
	line_add_digits(line, month < 10 ? month + 3 : month - 9, 2);
	line_add(line, "-");
	line_add_digits(line, of_year - (153 * month + 2) / 5 + 1, 2);
	line_add(line, "T");
	line_add_digits(line, seconds / 3600 % 24, 2);
	line_add(line, ":");
	line_add_digits(line, seconds / 60 % 60, 2);
	line_add(line, ":");
	line_add_digits(line, seconds % 60, 2);
	line_add(line, ".");
	line_add_digits(line, microseconds, 6);
	line_add(line, "Z");
}

#endif

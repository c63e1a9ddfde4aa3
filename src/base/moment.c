/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/moment.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define SECOND 1000000u

uint64_t moment_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* Takes ".123456", digits beyond the sixth are left out; what follows, or NULL. */
static const char *take_fraction(const char *text, uint64_t *microseconds)
{
	uint64_t unit = SECOND / 10;

	*microseconds = 0;
	if (*text != '.')
		return text;
	if (text[1] < '0' || text[1] > '9')
		return NULL;
	for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
		*microseconds += (uint64_t)(*text - '0') * unit;
	return text;
}

/* "", "Z" or "+01:00": false, it is none of them. */
static bool take_zone(const char *text, bool *local, long *offset)
{
	int hours, minutes, used = 0;
	char sign;

	*local = *text == '\0';
	*offset = 0;
	if (*local || strcmp(text, "Z") == 0)
		return true;
	if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || text[used] ||
	    (sign != '+' && sign != '-') || used != 6 || hours > 23 || minutes > 59)
		return false;
	*offset = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

static bool is_same_day(const struct tm *one, const struct tm *other)
{
	return one->tm_mday == other->tm_mday && one->tm_mon == other->tm_mon;
}

/* Whether text is of that format of strptime(3), and a date that there is. */
static bool take_format(const char *text, const char *format, uint64_t now, uint64_t *moment)
{
	time_t today = (time_t)(now / SECOND), seconds;
	struct tm fields = {0}, wanted;
	uint64_t microseconds = 0;
	const char *rest;
	bool local;
	long offset;

	if (!localtime_r(&today, &fields))
		return false;
	fields.tm_hour = fields.tm_min = fields.tm_sec = 0;
	rest = strptime(text, format, &fields);
	if (rest && strchr(format, 'S'))
		rest = take_fraction(rest, &microseconds);
	if (!rest || !take_zone(rest, &local, &offset))
		return false;
	fields.tm_isdst = -1;
	wanted = fields;
	seconds = local ? mktime(&fields) : timegm(&fields);
	if (!is_same_day(&wanted, &fields) || seconds < offset)
		return false;
	*moment = (uint64_t)(seconds - offset) * SECOND + microseconds;
	return true;
}

int moment_parse(const char *text, uint64_t now, uint64_t *moment, struct error *err)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
		"%Y-%m-%d",          "%H:%M:%S",          "%H:%M",
	};
	uint64_t ms;

	if (parse_duration(text, &ms, NULL) == 0) {
		*moment = ms < now / 1000 ? now - ms * 1000 : 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (take_format(text, formats[i], now, moment))
			return 0;
	error_set(err, 0, "\"%s\" is no time", text);
	return error_hint(err, "as \"10m\" (ago), \"18:30\" or \"2026-11-22 18:30\"");
}

void moment_format_utc(uint64_t moment, char out[MOMENT_TEXT_MAX])
{
	time_t seconds = (time_t)(moment / SECOND);
	char text[MOMENT_TEXT_MAX / 2];
	struct tm fields;

	gmtime_r(&seconds, &fields);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &fields);
	snprintf(out, MOMENT_TEXT_MAX, "%s.%06" PRIu64 "Z", text, moment % SECOND);
}

void moment_format_local(uint64_t moment, char out[MOMENT_TEXT_MAX])
{
	time_t seconds = (time_t)(moment / SECOND);
	char text[MOMENT_TEXT_MAX / 2];
	struct tm fields;

	localtime_r(&seconds, &fields);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &fields);
	snprintf(out, MOMENT_TEXT_MAX, "%s.%03" PRIu64, text, moment % SECOND / 1000);
}

static void format_whole(uint64_t seconds, bool with_zone, char out[MOMENT_TEXT_MAX])
{
	time_t when = (time_t)seconds;
	struct tm local;

	if (!localtime_r(&when, &local) ||
	    strftime(out, MOMENT_TEXT_MAX, with_zone ? "%Y-%m-%d %H:%M:%S %z" : "%Y-%m-%d %H:%M:%S",
		     &local) == 0)
		snprintf(out, MOMENT_TEXT_MAX, "%" PRIu64, seconds);
}

void moment_format_seconds(uint64_t seconds, char out[MOMENT_TEXT_MAX])
{
	format_whole(seconds, true, out);
}

void moment_format_local_seconds(uint64_t seconds, char out[MOMENT_TEXT_MAX])
{
	format_whole(seconds, false, out);
}

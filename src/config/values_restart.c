/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_restart.c: the members of restart. */
#include <inttypes.h>
#include <string.h>

#include "config/values.h"

#define DELAY_MIN_MS  100
#define DELAY_MAX_MS  3600000
#define RETRIES_MAX   1000

static const char *const policies[] = {
	[RESTART_NO] = "no",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};

static int read_policy(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(value->string, policies[i]) == 0) {
			*(enum restart_policy *)field = (enum restart_policy)i;
			return 0;
		}
	}
	return assignment_error(assignment, value,
				text_starts_with(value->string, "on-failure:")
					? "the number is restart.max_retries"
					: NULL,
				"expected \"no\", \"on-failure\", \"always\" or "
				"\"unless-stopped\"");
}

static bool print_policy(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(policies[*(const enum restart_policy *)field], out);
	return true;
}

static int read_delay(struct assignment *assignment, const struct node *value, void *field)
{
	return value_read_time(assignment, value, DELAY_MIN_MS, DELAY_MAX_MS, "100ms to 1h", field);
}

static bool print_delay(const void *field, bool resolved, struct text *out)
{
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	parse_format_duration(*(const uint32_t *)field, text);
	value_print_string(text, out);
	return true;
}

static int read_count(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number");
	if (value->integer < 0 || value->integer > RETRIES_MAX)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, 0 to %d", value->integer,
					RETRIES_MAX);
	*(uint32_t *)field = (uint32_t)value->integer;
	return 0;
}

static bool print_count(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%" PRIu32, *(const uint32_t *)field);
	return true;
}

const struct value_type type_restart_policy = {"string", read_policy, print_policy};
const struct value_type type_restart_delay = {"time", read_delay, print_delay};
const struct value_type type_restart_count = {"integer", read_count, print_count};

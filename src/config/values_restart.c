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
	struct error err;
	uint64_t ms;

	if (value->type == NODE_INTEGER)
		ms = value->integer < 0 || value->integer > DELAY_MAX_MS / 1000
			     ? UINT64_MAX
			     : (uint64_t)value->integer * 1000;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a time");
	else if (parse_duration(value->string, &ms, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (ms < DELAY_MIN_MS || ms > DELAY_MAX_MS)
		return assignment_error(assignment, value, NULL,
					"the time is out of range, 100ms to 1h");
	*(uint32_t *)field = (uint32_t)ms;
	return 0;
}

static bool print_delay(const void *field, bool resolved, struct text *out)
{
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	parse_format_duration(*(const uint32_t *)field, text);
	text_addf(out, "\"%s\"", text);
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

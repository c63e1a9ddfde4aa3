/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_boot.c: the members of boot. */
#include <inttypes.h>

#include "config/values.h"

#define PARALLEL_MAX 256

static int read_parallel(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number");
	if (value->integer < 0 || value->integer > PARALLEL_MAX)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, 0 to %d", value->integer,
					PARALLEL_MAX);
	*(uint32_t *)field = (uint32_t)value->integer;
	return 0;
}

static bool print_parallel(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%" PRIu32, *(const uint32_t *)field);
	return true;
}

static int read_group(struct assignment *assignment, const struct node *value, void *field)
{
	char **group = field;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (*value->string && value_check_group_name(value->string, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	free(*group);
	*group = *value->string ? xstrdup(value->string) : NULL;
	return 0;
}

static bool print_group(const void *field, bool resolved, struct text *out)
{
	const char *group = *(char *const *)field;

	(void)resolved;
	value_print_string(group ? group : "", out);
	return true;
}

const struct value_type type_parallel = {"integer", read_parallel, print_parallel};
const struct value_type type_group_name = {"string", read_group, print_group};

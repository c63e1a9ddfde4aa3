/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_ready.c: the values in the groups ready and health. */
#include <inttypes.h>
#include <string.h>

#include "config/values.h"

#define SECOND_MS   1000
#define HOUR_MS     3600000
#define DAY_MS      86400000
#define RETRIES_MAX 100

const char *const on_failure_names[ON_FAILURE_COUNT] = {"none", "restart", "stop", "kill"};

static int read_number(struct assignment *assignment, const struct node *value, int64_t least,
		       int64_t most, uint32_t *out)
{
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number");
	if (value->integer < least || value->integer > most)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, %" PRId64 " to %" PRId64,
					value->integer, least, most);
	*out = (uint32_t)value->integer;
	return 0;
}

static int read_port(struct assignment *assignment, const struct node *value, void *field)
{
	uint32_t port = 0;

	if (read_number(assignment, value, 0, UINT16_MAX, &port) < 0)
		return -1;
	*(uint16_t *)field = (uint16_t)port;
	return 0;
}

static bool print_port(const void *field, bool resolved, struct text *out)
{
	uint16_t port = *(const uint16_t *)field;

	(void)resolved;
	if (port != 0)
		text_addf(out, "%u", port);
	return port != 0;
}

static int read_retries(struct assignment *assignment, const struct node *value, void *field)
{
	return read_number(assignment, value, 1, RETRIES_MAX, field);
}

static bool print_retries(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%u", *(const uint32_t *)field);
	return true;
}

static int read_time(struct assignment *assignment, const struct node *value, uint64_t least_ms,
		     uint64_t most_ms, void *field)
{
	char least[PARSE_TEXT_MAX], most[PARSE_TEXT_MAX], form[2 * PARSE_TEXT_MAX + 4];

	parse_format_duration(least_ms, least);
	parse_format_duration(most_ms, most);
	snprintf(form, sizeof(form), "%s to %s", least, most);
	return value_read_time(assignment, value, least_ms, most_ms, form, field);
}

static int read_wait(struct assignment *assignment, const struct node *value, void *field)
{
	return read_time(assignment, value, SECOND_MS, HOUR_MS, field);
}

static int read_period(struct assignment *assignment, const struct node *value, void *field)
{
	return read_time(assignment, value, SECOND_MS, DAY_MS, field);
}

static int read_start_period(struct assignment *assignment, const struct node *value, void *field)
{
	return read_time(assignment, value, 0, DAY_MS, field);
}

static bool print_time(const void *field, bool resolved, struct text *out)
{
	return type_time.print(field, resolved, out);
}

static int read_on_failure(struct assignment *assignment, const struct node *value, void *field)
{
	const char *text = value->type == NODE_STRING ? value->string : "";

	for (unsigned int i = 0; i < ON_FAILURE_COUNT; i++) {
		if (strcmp(text, on_failure_names[i]) == 0) {
			*(enum on_failure *)field = (enum on_failure)i;
			return 0;
		}
	}
	return assignment_error(assignment, value, NULL,
				"expected \"none\", \"restart\", \"stop\" or \"kill\"");
}

static bool print_on_failure(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(on_failure_names[*(const enum on_failure *)field], out);
	return true;
}

/* Nothing is a value as well: it takes back what a template says. */
static bool is_nothing(const struct node *value)
{
	if (value->type == NODE_ARRAY || value->type == NODE_LIST)
		return value->count == 0;
	return value->type == NODE_STRING && *value->string == '\0';
}

static int read_command(struct assignment *assignment, const struct node *value, void *field)
{
	if (!is_nothing(value))
		return type_command.read(assignment, value, field);
	strlist_clear(field);
	return 0;
}

static bool print_command(const void *field, bool resolved, struct text *out)
{
	return type_command.print(field, resolved, out);
}

static int read_inner_path(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_STRING || *value->string)
		return type_plain_path.read(assignment, value, field);
	free(take_pointer(field));
	return 0;
}

static bool print_inner_path(const void *field, bool resolved, struct text *out)
{
	return type_plain_path.print(field, resolved, out);
}

const struct value_type type_check_command = {"string or array", read_command, print_command};
const struct value_type type_inner_path = {"path", read_inner_path, print_inner_path};
const struct value_type type_tcp_port = {"integer", read_port, print_port};
const struct value_type type_retries = {"integer", read_retries, print_retries};
const struct value_type type_wait = {"time", read_wait, print_time};
const struct value_type type_period = {"time", read_period, print_time};
const struct value_type type_start_period = {"time", read_start_period, print_time};
const struct value_type type_on_failure = {"string", read_on_failure, print_on_failure};

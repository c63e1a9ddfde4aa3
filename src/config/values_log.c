/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_log.c: the values of the group "log". */
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "config/values.h"

#define SIZE_MIN 65536
#define SIZE_MAX_BYTES (UINT64_C(1) << 60)

static const char *const drivers[] = {
	[LOG_FILE] = "file", [LOG_SYSLOG] = "syslog", [LOG_NONE] = "none"};

static int read_driver(struct assignment *assignment, const struct node *value, void *field)
{
	enum log_driver *driver = field;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (value->type == NODE_STRING && strcmp(value->string, drivers[i]) == 0) {
			*driver = (enum log_driver)i;
			return 0;
		}
	return assignment_error(assignment, value, NULL,
				"expected \"file\", \"syslog\" or \"none\"");
}

static bool print_driver(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(drivers[*(const enum log_driver *)field], out);
	return true;
}

static int read_size(struct assignment *assignment, const struct node *value, void *field)
{
	struct error err;
	uint64_t bytes = 0;

	if (value->type == NODE_INTEGER)
		bytes = value->integer < 0 ? 0 : (uint64_t)value->integer;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a size");
	else if (parse_size(value->string, &bytes, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (bytes < SIZE_MIN || bytes > SIZE_MAX_BYTES)
		return assignment_error(assignment, value, NULL,
					"the size is out of range, at least 64K");
	*(uint64_t *)field = bytes;
	return 0;
}

static bool print_size(const void *field, bool resolved, struct text *out)
{
	char size[PARSE_TEXT_MAX];

	(void)resolved;
	parse_format_size(*(const uint64_t *)field, size);
	value_print_string(size, out);
	return true;
}

static int read_files(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number");
	if (value->integer < 1 || value->integer > LOG_FILES_MAX)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, 1 to %d", value->integer,
					LOG_FILES_MAX);
	*(uint32_t *)field = (uint32_t)value->integer;
	return 0;
}

static bool print_files(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%" PRIu32, *(const uint32_t *)field);
	return true;
}

const struct value_type type_log_driver = {"string", read_driver, print_driver};
const struct value_type type_log_size = {"size", read_size, print_size};
const struct value_type type_log_files = {"integer", read_files, print_files};

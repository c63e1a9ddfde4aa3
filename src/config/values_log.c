/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_log.c: the values of the group "log". */
#include <inttypes.h>
#include <string.h>

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
	return value_read_size(assignment, value, SIZE_MIN, SIZE_MAX_BYTES, "at least 64K", field);
}

static bool print_size(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_size(*(const uint64_t *)field, out);
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

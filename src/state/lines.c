/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/lines.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

int lines_parse(char *text, lines_field *field, void *data, struct error *err)
{
	unsigned int number = 1;

	for (char *line = text, *next; line && *line; line = next, number++) {
		char *newline = strchr(line, '\n'), *value;

		if (!newline)
			break;
		*newline = '\0';
		next = newline + 1;
		if (strcmp(line, "end") == 0)
			return *next ? error_set(err, 0, "more behind its end") : 0;
		value = strchr(line, ' ');
		if (value)
			*value++ = '\0';
		if (!value || !field(data, line, value))
			return error_set(err, 0, "line %u is not understood", number);
	}
	return error_set(err, 0, "cut off at line %u", number);
}

bool lines_u64(const char *value, uint64_t *number)
{
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	*number = strtoull(value, &end, 10);
	return errno == 0 && *end == '\0';
}

bool lines_u32(const char *value, uint32_t *number)
{
	uint64_t wide;

	if (!lines_u64(value, &wide) || wide > UINT32_MAX)
		return false;
	*number = (uint32_t)wide;
	return true;
}

bool lines_bool(const char *value, bool *is_set)
{
	uint64_t number;

	if (!lines_u64(value, &number))
		return false;
	*is_set = number != 0;
	return true;
}

bool lines_text(const char *value, char **out)
{
	free(*out);
	*out = xstrdup(value);
	return true;
}

bool lines_fixed(const char *value, char *out, unsigned long size)
{
	if (strlen(value) + 1 != size)
		return false;
	memcpy(out, value, size);
	return true;
}

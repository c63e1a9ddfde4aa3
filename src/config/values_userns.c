/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_userns.c: security.userns, "auto", "none" or "INSIDE:HOST_FIRST:COUNT". */
#include <inttypes.h>
#include <string.h>

#include "config/values.h"

/* The container's terminals belong to group 5 ("tty"), which has to be among its ids. */
#define COUNT_MIN 6
/* 2^32 - 1 stands for "none" in the kernel. */
#define ID_MAX (UINT32_MAX - 1)

static int bad_form(const char *text, struct error *err)
{
	error_set(err, 0, "\"%s\" is no choice", text);
	return error_hint(err, "\"auto\", \"none\", or \"0:HOST_FIRST:COUNT\" like "
			       "\"0:100000:65536\"");
}

/* One of three numbers, up to its colon or the end. */
static int parse_part(const char **text, uint64_t *number, struct error *err)
{
	size_t length = strcspn(*text, ":");
	char digits[24];

	if (length >= sizeof(digits))
		return error_set(err, 0, "too long");
	memcpy(digits, *text, length);
	digits[length] = '\0';
	*text += length + ((*text)[length] == ':');
	return parse_number(digits, 0, UINT64_MAX, number, err);
}

static int parse_range(const char *text, struct userns *userns, struct error *err)
{
	uint64_t parts[3];
	const char *rest = text;
	size_t colons = 0;

	for (const char *c = text; *c; c++)
		colons += *c == ':';
	if (colons != 2)
		return bad_form(text, err);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parse_part(&rest, &parts[i], NULL) < 0)
			return bad_form(text, err);
	if (parts[0] != 0) {
		error_set(err, 0, "\"%s\" does not begin at 0 inside", text);
		return error_hint(err, "a container needs a root, so the first number is 0");
	}
	if (parts[1] == 0) {
		error_set(err, 0, "\"%s\" makes the host's root the container's", text);
		return error_hint(err, "choose ids that nobody on the host has; \"none\" stands for "
				       "no user namespace");
	}
	if (parts[2] < COUNT_MIN) {
		error_set(err, 0, "%" PRIu64 " ids are too few", parts[2]);
		return error_hint(err, "65536 are usual; with fewer than %d the group of terminals, "
				       "5, is missing", COUNT_MIN);
	}
	if (parts[1] > ID_MAX || parts[2] > ID_MAX || parts[1] + parts[2] - 1 > ID_MAX) {
		error_set(err, 0, "\"%s\" goes beyond the last id", text);
		return error_hint(err, "HOST_FIRST + COUNT is %u at most", UINT32_MAX);
	}
	*userns = (struct userns){USERNS_RANGE, (uint32_t)parts[1], (uint32_t)parts[2]};
	return 0;
}

static int read_userns(struct assignment *assignment, const struct node *value, void *field)
{
	struct userns *userns = field;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (strcmp(value->string, "auto") == 0)
		*userns = (struct userns){USERNS_AUTO, 0, 0};
	else if (strcmp(value->string, "none") == 0)
		*userns = (struct userns){USERNS_NONE, 0, 0};
	else if (parse_range(value->string, userns, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	return 0;
}

void userns_format(const struct userns *userns, char out[PARSE_TEXT_MAX])
{
	if (userns->mode == USERNS_RANGE)
		snprintf(out, PARSE_TEXT_MAX, "0:%" PRIu32 ":%" PRIu32, userns->host_first,
			 userns->count);
	else
		snprintf(out, PARSE_TEXT_MAX, "%s",
			 userns->mode == USERNS_NONE ? "none" : "auto");
}

static bool print_userns(const void *field, bool resolved, struct text *out)
{
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	userns_format(field, text);
	value_print_string(text, out);
	return true;
}

const struct value_type type_userns = {"string", read_userns, print_userns};

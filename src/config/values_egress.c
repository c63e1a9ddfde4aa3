/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_egress.c: the group net.egress. */
#include <string.h>

#include "config/egress.h"
#include "config/values.h"

static int read_default(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "\"allow\" or \"deny\"");
	if (strcmp(value->string, "allow") != 0 && strcmp(value->string, "deny") != 0)
		return assignment_error(assignment, value, NULL,
					"expected \"allow\" or \"deny\", found \"%s\"",
					value->string);
	*(bool *)field = value->string[0] == 'd';
	return 0;
}

static bool print_default(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_add_string(out, *(const bool *)field ? "\"deny\"" : "\"allow\"");
	return true;
}

static size_t count_items(const void *field)
{
	return ((const struct egress_list *)field)->count;
}

static void clear_items(void *field)
{
	struct egress_list *list = field;

	free(list->items);
	*list = (struct egress_list){0};
}

static int add_item(void *field, const char *text, struct error *err)
{
	struct egress_list *list = field;
	struct egress_item item;

	if (egress_parse(text, &item, err) < 0)
		return -1;
	if (list->count == EGRESS_MAX)
		return error_set(err, 0, "there are more than %d of them", EGRESS_MAX);
	egress_add(list, &item);
	return 0;
}

static int read_list(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_items, clear_items, add_item};

	return assign_list(assignment, value, field, &access);
}

static bool print_list(const void *field, bool resolved, struct text *out)
{
	const struct egress_list *list = field;
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	text_add_string(out, list->count ? "[ " : "[");
	for (size_t i = 0; i < list->count; i++) {
		egress_format(&list->items[i], text);
		text_addf(out, "%s\"%s\"", i ? ", " : "", text);
	}
	text_add_string(out, list->count ? " ]" : "]");
	return true;
}

const struct value_type type_egress_default = {"string", read_default, print_default};
const struct value_type type_egress_list = {"array", read_list, print_list};

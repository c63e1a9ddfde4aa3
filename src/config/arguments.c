/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/arguments.h"

#include <string.h>

#include "config/values.h"

void arguments_clear(struct arguments *arguments)
{
	strlist_clear(&arguments->keys);
	strlist_clear(&arguments->values);
}

/* Names with dots between them; which ones there are is for the tables to say. */
static bool is_key(const char *key, size_t length)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*";
	size_t part = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length && key[i] != '.' && strchr(name, key[i])) {
			part++;
			continue;
		}
		if (part == 0 || (i < length && key[i] != '.'))
			return false;
		part = 0;
	}
	return true;
}

static bool is_number(const char *value)
{
	const char *digits = value + (*value == '-' || *value == '+');
	size_t length = strspn(digits, "0123456789");

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		return digits[2] && digits[2 + strspn(digits + 2, "0123456789abcdefABCDEF")] == '\0';
	if (length > 0 && digits[length] == '.' && digits[length + 1])
		length += 1 + strspn(digits + length + 1, "0123456789");
	return length > 0 && digits[length] == '\0';
}

static bool is_quoted_already(const char *value)
{
	return is_number(value) || strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ||
	       (*value && strchr("\"([{", *value));
}

static void add(struct arguments *arguments, char *key, char *value)
{
	strlist_add_taken(&arguments->keys, key);
	strlist_add_taken(&arguments->values, value);
}

int arguments_add(struct arguments *arguments, const char *assignment, struct error *err)
{
	size_t length = strcspn(assignment, "=");
	const char *value = assignment + length + 1;

	if (!assignment[length] || !is_key(assignment, length))
		return error_set(err, 0, "\"%s\" is not KEY=VALUE", assignment);
	if (is_quoted_already(value))
		add(arguments, xprintf("%.*s", (int)length, assignment), xstrdup(value));
	else {
		AUTO_FREE char *key = xprintf("%.*s", (int)length, assignment);

		arguments_add_string(arguments, key, value);
	}
	return 0;
}

void arguments_add_string(struct arguments *arguments, const char *key, const char *value)
{
	struct text text = {0};

	value_print_string(value, &text);
	add(arguments, xstrdup(key), text.data);
}

void arguments_add_strings(struct arguments *arguments, const char *key,
			   const struct strlist *values)
{
	struct text text = {0};

	text_addf(&text, "[ ");
	for (size_t i = 0; i < values->count; i++) {
		text_addf(&text, "%s", i ? ", " : "");
		value_print_string(values->items[i], &text);
	}
	text_addf(&text, " ]");
	add(arguments, xstrdup(key), text.data);
}

/* The part of a key that is below prefix, which ends with a dot or is empty; NULL: it is not. */
static const char *below(const char *key, const char *prefix)
{
	return text_starts_with(key, prefix) ? key + strlen(prefix) : NULL;
}

bool arguments_have_group(const struct arguments *arguments, const char *group)
{
	AUTO_FREE char *prefix = xprintf("%s.", group);

	for (size_t i = 0; i < arguments->keys.count; i++)
		if (below(arguments->keys.items[i], prefix))
			return true;
	return false;
}

/* Whether an earlier key has opened the group that ends, in key i, after length. */
static bool is_printed(const struct arguments *arguments, size_t i, size_t length)
{
	const char *key = arguments->keys.items[i];

	for (size_t j = 0; j < i; j++)
		if (strncmp(arguments->keys.items[j], key, length + 1) == 0)
			return true;
	return false;
}

static void print_group(const struct arguments *arguments, const char *prefix, const char *end,
			struct text *out)
{
	for (size_t i = 0; i < arguments->keys.count; i++) {
		const char *key = arguments->keys.items[i], *name = below(key, prefix);
		const char *dot = name ? strchr(name, '.') : NULL;
		AUTO_FREE char *group = NULL;

		if (!name)
			continue;
		if (!dot) {
			text_addf(out, "%s = %s;%s", name, arguments->values.items[i], end);
			continue;
		}
		if (is_printed(arguments, i, (size_t)(dot - key)))
			continue;
		group = xprintf("%.*s.", (int)(dot - key), key);
		text_addf(out, "%.*s : { ", (int)(dot - name), name);
		print_group(arguments, group, " ", out);
		text_addf(out, "};%s", end);
	}
}

void arguments_print(const struct arguments *arguments, struct text *out)
{
	print_group(arguments, "", "\n", out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <jansson.h>
#include <string.h>

/* struct json is jansson's json_t under a name of ours. */
static json_t *unwrap(struct json *json)
{
	return (json_t *)(void *)json;
}

/* jansson has no other reason to fail once the text is valid UTF-8 */
static _Noreturn void out_of_memory(void)
{
	fprintf(stderr, "cman: out of memory\n");
	exit(EXIT_FAILURE);
}

static struct json *wrap(json_t *value)
{
	if (!value)
		out_of_memory();
	return (struct json *)(void *)value;
}

struct json *json_new_object(void)
{
	return wrap(json_object());
}

struct json *json_new_list(void)
{
	return wrap(json_array());
}

void json_free(struct json **json)
{
	json_decref(unwrap(*json));
	*json = NULL;
}

static struct json *new_string(const char *text)
{
	AUTO_FREE char *readable = NULL;
	json_t *value = json_string(text);

	if (value)
		return wrap(value);
	/* Command lines and environments are bytes; jansson takes UTF-8 only. */
	readable = xstrdup(text);
	for (char *c = readable; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return wrap(json_string(readable));
}

void json_add(struct json *object, const char *key, struct json *value)
{
	if (json_object_set_new(unwrap(object), key, unwrap(value)) < 0)
		out_of_memory();
}

void json_add_copy(struct json *object, const char *key, const struct json *value)
{
	json_add(object, key, wrap(json_deep_copy((const json_t *)(const void *)value)));
}

void json_append(struct json *list, struct json *value)
{
	if (json_array_append_new(unwrap(list), unwrap(value)) < 0)
		out_of_memory();
}

void json_add_text(struct json *object, const char *key, const char *text)
{
	json_add(object, key, text ? new_string(text) : wrap(json_null()));
}

void json_add_number(struct json *object, const char *key, uint64_t number)
{
	json_add(object, key,
		 wrap(number > INT64_MAX ? json_null() : json_integer((json_int_t)number)));
}

void json_add_real(struct json *object, const char *key, double number)
{
	json_add(object, key, wrap(number == number ? json_real(number) : json_null()));
}

void json_add_bool(struct json *object, const char *key, bool value)
{
	json_add(object, key, wrap(json_boolean(value)));
}

void json_add_strings(struct json *object, const char *key, const struct strlist *strings)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < strings->count; i++)
		json_append(list, new_string(strings->items[i]));
	json_add(object, key, list);
}

void json_print(const struct json *json, FILE *stream)
{
	if (json_dumpf((const json_t *)(const void *)json, stream,
		       JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0)
		fputc('\n', stream);
}

void json_add_line(const struct json *json, struct text *text)
{
	AUTO_FREE char *line = json_dumps((const json_t *)(const void *)json, JSON_COMPACT);

	if (!line)
		out_of_memory();
	text_add(text, line, strlen(line));
}

void json_merge(struct json *object, struct json *from)
{
	if (json_object_update(unwrap(object), unwrap(from)) < 0)
		out_of_memory();
	json_free(&from);
}

struct json *json_parse_object(const char *bytes, size_t length, struct error *err)
{
	json_error_t reason;
	json_t *value = json_loadb(bytes, length, 0, &reason);

	if (value && json_is_object(value))
		return wrap(value);
	if (value)
		error_set(err, 0, "no JSON object");
	else
		error_set(err, 0, "%s", reason.text);
	json_decref(value);
	return NULL;
}

const char *json_get_text(const struct json *object, const char *key)
{
	return json_string_value(json_object_get((const json_t *)(const void *)object, key));
}

static void visit_list(const json_t *list, const char *key,
		       void (*visit)(void *data, const char *key, const char *value), void *data)
{
	AUTO_TEXT struct text joined = {0};
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (!json_is_string(item))
			return;
		text_addf(&joined, "%s%s", i ? " " : "", json_string_value(item));
	}
	if (joined.length > 0)
		visit(data, key, text_value(&joined));
}

void json_visit(const struct json *object,
		void (*visit)(void *data, const char *key, const char *value), void *data)
{
	/* The iterator wants an object it may change. */
	json_t *members = unwrap((struct json *)(uintptr_t)object);
	const char *key;
	json_t *value;

	json_object_foreach(members, key, value)
	{
		char number[32];

		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		if (json_is_string(value))
			visit(data, key, json_string_value(value));
		else if (json_is_integer(value))
			visit(data, key, number);
		else if (json_is_boolean(value))
			visit(data, key, json_is_true(value) ? "true" : "false");
		else if (json_is_null(value))
			visit(data, key, "-");
		else if (json_is_array(value))
			visit_list(value, key, visit, data);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h: (jansson) results for programs. A value that is added belongs to what it was added to. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

struct json; /* an object or a list */

struct json *json_new_object(void);
struct json *json_new_list(void);
void json_free(struct json **json);
#define AUTO_JSON AUTO(json_free)

/* Members of an object. Text that is NULL and UINT64_MAX (unknown, not limited) become null. */
void json_add_text(struct json *object, const char *key, const char *text);
void json_add_number(struct json *object, const char *key, uint64_t number);
void json_add_real(struct json *object, const char *key, double number); /* NaN: null */
void json_add_bool(struct json *object, const char *key, bool value);
void json_add_strings(struct json *object, const char *key, const struct strlist *strings);
void json_add(struct json *object, const char *key, struct json *value);

void json_add_copy(struct json *object, const char *key, const struct json *value);

void json_append(struct json *list, struct json *value);

/* Two blanks of indentation, a newline at the end. Bytes that are no UTF-8 become '?'. */
void json_print(const struct json *json, FILE *stream);

/* Adds it to text in one line, without blanks and without a newline. */
void json_add_line(const struct json *json, struct text *text);

/* Members of from are added to object, in the place of those of the same name. Takes from. */
void json_merge(struct json *object, struct json *from);

/* An object out of text of that length; NULL with err: it is none, or cut. */
struct json *json_parse_object(const char *bytes, size_t length, struct error *err);

/* The text of a member, owned by object; NULL: there is none, or it is no text. */
const char *json_get_text(const struct json *object, const char *key);

/*
 * Calls visit for each member in its order, with its value as text: text as it is, "17", "true",
 * null as "-", texts of a list with a blank in between. Other lists and objects are passed over.
 */
void json_visit(const struct json *object,
		void (*visit)(void *data, const char *key, const char *value), void *data);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h: (jansson) results for programs. A value that is added belongs to what it was added to. */
#ifndef CMD_JSON_H
#define CMD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

struct json; /* an object or a list */

struct json *json_new_object(void);
struct json *json_new_list(void);
void json_free(struct json **json);
#define AUTO_JSON AUTO(json_free)

/* Members of an object. Text that is NULL and UINT64_MAX (unknown, not limited) become null. */
void json_add_text(struct json *object, const char *key, const char *text);
void json_add_number(struct json *object, const char *key, uint64_t number);
void json_add_bool(struct json *object, const char *key, bool value);
void json_add_strings(struct json *object, const char *key, const struct strlist *strings);
void json_add(struct json *object, const char *key, struct json *value);

void json_append(struct json *list, struct json *value);

/* Two blanks of indentation, a newline at the end. Bytes that are no UTF-8 become '?'. */
void json_print(const struct json *json, FILE *stream);

#endif

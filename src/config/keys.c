/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/keys.h"

#include <string.h>

const struct key *keys_find(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	return NULL;
}

static void visit_table(const struct key_table *table, const char *prefix,
			void (*visit)(const char *path, const struct key *key, void *data),
			void *data)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		AUTO_FREE char *path = xprintf("%s%s", prefix, key->name);
		AUTO_FREE char *inside = xprintf("%s%s.", path,
						 key->named    ? ".NAME"
						 : key->listed ? "[]"
							       : "");

		visit(path, key, data);
		if (key->members && key->members != &container_keys)
			visit_table(key->members, inside, visit, data);
	}
}

void keys_each(const struct key_table *table,
	       void (*visit)(const char *path, const struct key *key, void *data), void *data)
{
	visit_table(table, "", visit, data);
}

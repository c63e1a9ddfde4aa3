/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/assign.h"

#include <stdarg.h>
#include <string.h>

#include "config/hint.h"
#include "config/keys.h"
#include "config/origin.h"

#define ERRORS_MAX 50 /* shown of one file */

static int report(struct assignment *assignment, struct location location, const char *hint,
		  const char *message)
{
	if (++assignment->errors > ERRORS_MAX || !assignment->diagnostics)
		return -1;
	diagnostics_add(assignment->diagnostics, SEVERITY_ERROR, location, hint, "%s", message);
	location.line = 0;
	if (assignment->errors == ERRORS_MAX)
		diagnostics_add(assignment->diagnostics, SEVERITY_ERROR, location, NULL,
				"too many errors, further ones are not shown");
	return -1;
}

int assignment_error(struct assignment *assignment, const struct node *node, const char *hint,
		     const char *fmt, ...)
{
	AUTO_FREE char *text = NULL, *message = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup(fmt);
	va_end(args);
	message = xprintf("%s: %s", assignment->path, text);
	return report(assignment, node->at, hint, message);
}

int assignment_wrong_type(struct assignment *assignment, const struct node *node,
			  const char *expected)
{
	if (node->type == NODE_BROKEN)
		return -1;
	return assignment_error(assignment, node, NULL, "expected %s, found %s", expected,
				node_type_name(node->type));
}

static void note_origin(struct assignment *assignment, struct location location)
{
	if (assignment->origins)
		origin_set(assignment->origins, assignment->path + assignment->origin_offset,
			   location, assignment->layer);
}

/* Appends ".NAME" to the path, cut where there is no more room. */
static void extend_path(struct assignment *assignment, size_t length, const char *name)
{
	size_t room = sizeof(assignment->path) - 1 - length, name_length = strlen(name);

	if (length > 0 && room > 0) {
		assignment->path[length++] = '.';
		room--;
	}
	if (name_length > room)
		name_length = room;
	memcpy(assignment->path + length, name, name_length);
	assignment->path[length + name_length] = '\0';
}

/* Adds one element and notes where it came from, under "PATH[INDEX]". */
static int add_element(struct assignment *assignment, const struct node *element, void *field,
		       const struct list_access *access)
{
	size_t length = strlen(assignment->path), index = access->count(field);
	struct error err;

	if (element->type != NODE_STRING)
		return assignment_wrong_type(assignment, element, "a string");
	if (access->add(field, element->string, &err) < 0)
		return assignment_error(assignment, element, err.hint, "%s", err.text);
	snprintf(assignment->path + length, sizeof(assignment->path) - length, "[%zu]", index);
	note_origin(assignment, element->at);
	assignment->path[length] = '\0';
	return 0;
}

int assign_list(struct assignment *assignment, const struct node *value, void *field,
		const struct list_access *access)
{
	bool list = value->type == NODE_ARRAY || value->type == NODE_LIST;
	bool append = list && value->count > 0 && value->children[0].type == NODE_STRING &&
		      strcmp(value->children[0].string, "+") == 0;
	int result = 0;

	if (!append) {
		access->clear(field);
		if (assignment->origins)
			origin_remove_elements(assignment->origins,
					       assignment->path + assignment->origin_offset);
	}
	if (!list) {
		if (value->type != NODE_STRING)
			return assignment_wrong_type(assignment, value, "an array of strings");
		return add_element(assignment, value, field, access);
	}
	for (size_t i = append ? 1 : 0; i < value->count; i++)
		if (add_element(assignment, &value->children[i], field, access) < 0)
			result = -1;
	return result;
}

int assign_groups(struct assignment *assignment, const struct node *value, void *field,
		  const struct group_access *access)
{
	const struct node *elements = value;
	size_t length = strlen(assignment->path), count = 1, first = 0;
	int result = 0;

	if (value->type == NODE_LIST || (value->type == NODE_ARRAY && value->count == 0)) {
		elements = value->children;
		count = value->count;
		if (count > 0 && elements[0].type == NODE_STRING &&
		    strcmp(elements[0].string, "+") == 0)
			first = 1;
	} else if (value->type != NODE_GROUP) {
		return assignment_wrong_type(assignment, value, "a list of groups ( { } )");
	}
	if (first == 0) {
		access->clear(field);
		if (assignment->origins)
			origin_remove_elements(assignment->origins,
					       assignment->path + assignment->origin_offset);
	}
	for (size_t i = first; i < count; i++) {
		snprintf(assignment->path + length, sizeof(assignment->path) - length, "[%zu]",
			 access->count(field));
		if (access->add(assignment, &elements[i], field) < 0)
			result = -1;
		assignment->path[length] = '\0';
	}
	return result;
}

/* The group that has a key of that name, or NULL. */
static const char *find_in_groups(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->keys[i].members && !table->keys[i].named &&
		    table->keys[i].members != &container_keys &&
		    keys_find(table->keys[i].members, name))
			return table->keys[i].name;
	return NULL;
}

/* The key of a table that was probably meant, or NULL. */
static const char *nearest_key(const struct key_table *table, const char *name)
{
	AUTO_FREE const char **names = xalloc(table->count, sizeof(*names));

	for (size_t i = 0; i < table->count; i++)
		names[i] = table->keys[i].name;
	return text_nearest(name, names, table->count);
}

/* The same over a table and the groups in it. */
static char *hint_for_misspelt(const struct key_table *table, const char *name)
{
	const char *nearest = nearest_key(table, name);

	for (size_t i = 0; i < table->count && !nearest; i++) {
		const struct key *key = &table->keys[i];

		if (!key->members || key->members == &container_keys)
			continue;
		nearest = nearest_key(key->members, name);
		if (nearest)
			return xprintf("did you mean \"%s\" in the group %s?", nearest, key->name);
	}
	return nearest ? xprintf("did you mean \"%s\"?", nearest) : NULL;
}

/* The best that can be said about a key that is not in the table; group is its path. */
static char *hint_for_unknown(const struct assignment *assignment, const struct key_table *table,
			      const char *group, const char *name)
{
	bool in_container = assignment->root == &container_keys;
	const char *other = *group ? NULL : find_in_groups(table, name);
	char *hint = NULL;

	if (in_container)
		hint = hint_for_foreign_key(group, name);
	if (!hint && other)
		hint = xprintf("it belongs into the group %s: %s : { %s = ...; };", other, other,
			       name);
	if (!hint && table != &container_keys && in_container && keys_find(&container_keys, name))
		hint = xprintf("it belongs at the top of the file, not into %s", group);
	if (!hint && table == &manager_keys && keys_find(&container_keys, name))
		hint = xprintf("%s is a key of containers: write it into their files in conf_dir, or"
			       " into defaults",
			       name);
	if (!hint)
		hint = hint_for_misspelt(table, name);
	if (!hint && table == &container_keys && keys_find(&manager_keys, name))
		hint = xprintf("%s is a key of the manager file", name);
	return hint;
}

/* restart = "always", for example: which of its keys that would be is for the writer to say. */
static void no_group(struct assignment *assignment, const struct key *key,
		     const struct node *setting)
{
	AUTO_FREE char *hint = NULL;

	if (key->members && !key->named)
		hint = xprintf("%s : { %s = ...; };", key->name, key->members->keys[0].name);
	assignment_error(assignment, setting, hint, "expected a group { }, found %s",
			 node_type_name(setting->type));
}

static void assign_setting(struct assignment *assignment, const struct key_table *table,
			   const char *group, const struct node *setting, void *object)
{
	const struct key *key = keys_find(table, setting->name);
	AUTO_FREE char *message = NULL, *hint = NULL;

	if (!key) {
		hint = hint_for_unknown(assignment, table, group, setting->name);
		message = xprintf("unknown key \"%s\"%s%s", setting->name, *group ? " in " : "",
				  group);
		report(assignment, setting->name_at, hint, message);
		return;
	}
	if (key->exclusive && assignment->shared) {
		message = xprintf("%s cannot be shared by containers", assignment->path);
		report(assignment, setting->name_at, "set it in the file of each container",
		       message);
		return;
	}
	if (setting->type == NODE_BROKEN)
		return;
	note_origin(assignment,
		    key->members && setting->type != NODE_STRING ? setting->name_at : setting->at);
	if (key->type)
		key->type->read(assignment, setting, (char *)object + key->offset);
	else if (key->members && setting->type == NODE_GROUP)
		assign_group(assignment, key->members, setting, (char *)object + key->offset);
	else
		no_group(assignment, key, setting);
}

void assign_group(struct assignment *assignment, const struct key_table *table,
		  const struct node *group, void *object)
{
	size_t length = strlen(assignment->path);
	AUTO_FREE char *name = xstrdup(assignment->path);

	for (size_t i = 0; i < group->count; i++) {
		extend_path(assignment, length, group->children[i].name);
		assign_setting(assignment, table, name, &group->children[i], object);
		assignment->path[length] = '\0';
	}
}

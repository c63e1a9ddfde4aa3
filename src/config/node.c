/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/node.h"

#include <string.h>

struct node *node_add(struct node *parent, struct node *child)
{
	/* Grown at powers of two from four on. */
	if (parent->count == 0 || (parent->count >= 4 && (parent->count & (parent->count - 1)) == 0))
		parent->children = xrealloc(parent->children, parent->count ? 2 * parent->count : 4,
					    sizeof(*parent->children));
	parent->children[parent->count] = *child;
	*child = (struct node){.type = NODE_BROKEN};
	return &parent->children[parent->count++];
}

const struct node *node_find(const struct node *group, const char *name)
{
	for (size_t i = 0; group && i < group->count; i++)
		if (group->children[i].name && strcmp(group->children[i].name, name) == 0)
			return &group->children[i];
	return NULL;
}

const char *node_type_name(enum node_type type)
{
	static const char *const names[] = {
		[NODE_GROUP] = "a group { }",      [NODE_LIST] = "a list ( )",
		[NODE_ARRAY] = "an array [ ]",     [NODE_STRING] = "a string",
		[NODE_INTEGER] = "a whole number", [NODE_FLOAT] = "a number with a fraction",
		[NODE_BOOLEAN] = "true or false",  [NODE_BROKEN] = "something broken",
	};

	return names[type];
}

void node_clear(struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		node_clear(&node->children[i]);
	free(node->children);
	free(node->name);
	free(node->string);
	*node = (struct node){.type = NODE_BROKEN};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node.h: the tree of a file: settings with their values and the places of both. */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/spec.h"

enum node_type {
	NODE_GROUP, /* { }, and the file itself */
	NODE_LIST,  /* ( ) */
	NODE_ARRAY, /* [ ] */
	NODE_STRING,
	NODE_INTEGER,
	NODE_FLOAT,
	NODE_BOOLEAN,
	NODE_BROKEN, /* what was reported already; nobody is to look at it */
};

struct node {
	enum node_type type;
	char *name; /* NULL for elements of lists and arrays */
	struct location name_at;
	struct location at; /* of the value */
	char *string;
	int64_t integer;
	double real;
	bool boolean;
	struct node *children; /* of groups, lists and arrays */
	size_t count;
};

/* Moves child to the end of the parent's children and returns where it is now. */
struct node *node_add(struct node *parent, struct node *child);

/* The setting of a group, or NULL. group may be NULL. */
const struct node *node_find(const struct node *group, const char *name);

/* "a string", "a group" ...: for messages. */
const char *node_type_name(enum node_type type);

void node_clear(struct node *node);
#define AUTO_NODE AUTO(node_clear)

#endif

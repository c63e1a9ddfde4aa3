/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assign.h: the settings of a tree written into a struct, by the tables of keys.h. Layers are
 * applied one after the other onto the same struct: groups go in key by key, values replace, and
 * a list whose first element is "+" is added to what is there.
 */
#ifndef CONFIG_ASSIGN_H
#define CONFIG_ASSIGN_H

#include "config/diagnostic.h"
#include "config/node.h"

struct key_table;

struct assignment {
	const struct key_table *root;    /* of the whole file: container_keys or manager_keys */
	struct diagnostics *diagnostics; /* NULL: faults were reported at an earlier pass */
	struct origins *origins;         /* where it is noted what came from where; may be NULL */
	const char *layer;               /* see struct origin */
	bool shared;                     /* defaults or a template: no exclusive keys */
	char path[256];                  /* of the key being read: "net.ports" */
	size_t origin_offset;            /* what of path is not part of the keys in origins */
	unsigned int errors;
};

/* Applies the settings of group to object; faults are counted in assignment->errors. */
void assign_group(struct assignment *assignment, const struct key_table *table,
		  const struct node *group, void *object);

/* Puts "PATH: " before the message and reports it at node. Always -1. */
int assignment_error(struct assignment *assignment, const struct node *node, const char *hint,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A value of another type than the one expected ("a string"). Always -1. */
int assignment_wrong_type(struct assignment *assignment, const struct node *node,
			  const char *expected);

/* A list that is kept in a struct. */
struct list_access {
	size_t (*count)(const void *field);
	void (*clear)(void *field);
	int (*add)(void *field, const char *text, struct error *err);
};

/*
 * Reads strings into a list: an array, a list, or a single string. An element that add() refuses
 * is reported and left out.
 */
int assign_list(struct assignment *assignment, const struct node *value, void *field,
		const struct list_access *access);

/* A list of groups that is kept in a struct. */
struct group_access {
	size_t (*count)(const void *field);
	void (*clear)(void *field);
	/* Reads one, whatever its type; -1 when it was reported. */
	int (*add)(struct assignment *assignment, const struct node *group, void *field);
};

/* Reads groups into a list: a list, an empty array, or a single group. */
int assign_groups(struct assignment *assignment, const struct node *value, void *field,
		  const struct group_access *access);

#endif

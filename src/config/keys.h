/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h: every key of the files, in tables: what reads it, what prints it, its default and its
 * line of meaning. The reader, the printer, the manual page and the sample all follow them.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/assign.h"
#include "config/node.h"
#include "config/spec.h"

/* What it takes for a new value to reach a running container. */
enum change_class {
	CHANGE_LIVE,    /* L: applied while it runs */
	CHANGE_ATTACH,  /* A: the interface is attached anew in the running namespace */
	CHANGE_RESTART, /* R */
	CHANGE_NONE,    /* N: read at the next start or boot only */
};

struct value_type {
	const char *name; /* as the manual calls it: "string", "size" */
	/* Reads into the key's field. Faults are reported through assignment_error(). */
	int (*read)(struct assignment *assignment, const struct node *value, void *field);
	/*
	 * Appends the value as it stands behind "NAME = " (NULL: never printed). resolved: also
	 * what cman chose. Returns false when there is nothing to print.
	 */
	bool (*print)(const void *field, bool resolved, struct text *out);
};

/* A list of groups, for who looks at one after the other. */
struct key_elements {
	size_t (*count)(const void *field);
	const void *(*get)(const void *field, size_t index);
	const char *(*name)(const void *element); /* what tells one from the others */
	const struct key_table *members;          /* NULL: those of the key */
};

struct key {
	const char *name;
	const struct value_type *type;   /* NULL: a group whose members follow the table below */
	const struct key_table *members; /* of a group; NULL: a plain value */
	const struct key_elements *elements; /* of a list of groups, and of net */
	size_t offset;                   /* of the field in the struct the table is about */
	const char *default_text;        /* as it would stand in a file; NULL: help tells */
	const char *form;                /* range or form: "2 to 4194304, or \"max\"" */
	const char *help;                /* one line of meaning */
	enum change_class change;
	bool (*is_set)(const void *group); /* of a group: whether it says more than nothing; NULL: always */
	bool listed;    /* a list of groups; the members are those of one of them */
	bool named;     /* a group of groups with names of the writer's choice ("networks") */
	bool exclusive; /* of one container only: refused in defaults and templates */
};

struct key_table {
	const struct key *keys;
	size_t count;
};
#define KEY_TABLE(array)                                                                           \
	{                                                                                          \
		array, ARRAY_SIZE(array)                                                           \
	}

extern const struct key_table container_keys; /* fields of struct spec */
extern const struct key_table manager_keys;   /* fields of struct manager */

/* Groups of container_keys, in files of their own. */
extern const struct key_table rootfs_keys;   /* fields of struct spec */
extern const struct key_table mount_keys;    /* struct mount */
extern const struct key_table limits_keys;   /* struct limits */
extern const struct key_table net_keys;      /* struct interface */
extern const struct key_table security_keys; /* struct security */
extern const struct key_table restart_keys;  /* struct restart */
extern const struct key_table log_keys;      /* struct log_settings */
extern const struct key_table hooks_keys;    /* struct hooks */
extern const struct key_table ready_keys;    /* struct ready */
extern const struct key_table health_keys;   /* struct health */

/* Groups of manager_keys: fields of struct manager. */
extern const struct key_table boot_keys, shutdown_keys;

bool ready_is_set(const void *group);
bool health_is_set(const void *group);

/*
 * Calls visit for every key with its path, groups before their members: "limits",
 * "limits.memory", "mounts[].source", "networks.NAME.subnet". "defaults" and "templates" are not entered.
 */
void keys_each(const struct key_table *table,
	       void (*visit)(const char *path, const struct key *key, void *data), void *data);

const struct key *keys_find(const struct key_table *table, const char *name);

#endif

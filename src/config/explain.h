/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h: the value of each key of a container, and who said so: its file, templates, defaults, the
 * manager file, or nobody. Reads files, changes nothing.
 */
#ifndef CONFIG_EXPLAIN_H
#define CONFIG_EXPLAIN_H

#include "config/conf.h"
#include "config/keys.h"

/* A key of a spec that has a value of its own, as its file has it. */
struct key_leaf {
	const char *path;      /* "limits.memory", "net[1].ip", "mounts[0].target" */
	const struct key *key; /* of a list of groups without elements the list itself */
	const void *object;    /* the struct that the table of the key is about */
	const struct interface *interface; /* it is a key of that one, or NULL */
	size_t index;                      /* of the element of the list it is in; else 0 */
};
void spec_each_leaf(const struct spec *spec, void (*visit)(const struct key_leaf *leaf, void *data),
		    void *data);

/* As it stands in a file, with what cman chose; NULL: it has none. The caller frees it. */
char *key_leaf_value(const struct key_leaf *leaf);

/* The value of the key of that path; NULL: there is no such key, or it has none. */
char *spec_value(const struct spec *spec, const char *path);

/*
 * Whether a path is what somebody means by key: the same, a group or an element it is in, or the key of
 * each element of a list ("net.ip" of "net[1].ip").
 */
bool key_is_meant(const char *key, const char *path);

/* What is to be said about a key that is meant for nothing there is: always -1. */
int key_unknown(const char *key, struct error *err);

/* A value, and where it stands. */
struct key_value {
	char *value;
	struct location at; /* line 0: built in, or found by cman */
	char *layer;        /* see struct change; NULL: the container's own file, or line 0 */
};

struct explanation {
	struct key_value holds;
	struct key_value *older; /* what it was said in the place of, the newest first, the built-in last */
	size_t older_count;
	struct key_value *parts; /* elements of a list that several have written, by "+" */
	size_t part_count;
};

/*
 * Explains one key of spec, whose file was read as part of conf. The file is read again; what is wrong
 * in it has been told.
 */
int conf_explain(const struct conf *conf, const struct spec *spec, const struct key_leaf *leaf,
		 struct explanation *explanation, struct error *err);
void explanation_clear(struct explanation *explanation);
#define AUTO_EXPLANATION AUTO(explanation_clear)

#endif

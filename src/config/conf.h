/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h: the whole configuration: the manager file and every container's file, read, merged
 * (built-in < defaults < extends from left to right < the container's file) and checked as a
 * set. Pure: reads files, changes nothing, needs no root.
 */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include "base/error.h"
#include "config/diagnostic.h"
#include "config/paths.h"
#include "config/spec.h"

#define CONF_DEFAULT_FILE PATH_MANAGER_FILE

struct node;

struct conf {
	struct manager manager;
	struct spec *containers; /* sorted by name; a file with errors is in it as far as read */
	size_t container_count;
	struct node *manager_root; /* tree of the manager file: defaults and templates; private */
};

/* What is known from outside the files; used to keep running addresses where they are. */
struct conf_hints {
	/* The address a running container holds on a network, or INADDR_ANY. May be NULL. */
	struct in_addr (*held_address)(void *data, const char *container, const char *network);
	void *data;
};

/*
 * Reads manager_file and all CONF_DIR/NAME.conf. What is wrong goes to diagnostics, by
 * container. Returns -1 (with err) only when nothing sensible can go on: the manager file
 * cannot be read or has errors (these are in diagnostics as well).
 */
int conf_load(const char *manager_file, const struct conf_hints *hints, struct conf *conf,
	      struct diagnostics *diagnostics, struct error *err);

/* The same with the manager file alone, for who needs no container's: conf has none. */
int conf_load_manager(const char *manager_file, struct conf *conf, struct diagnostics *diagnostics,
		      struct error *err);

/*
 * The same with the files of these containers alone (sorted). Nothing is to be started by that: an address
 * that is given may be another one's.
 */
int conf_load_some(const char *manager_file, const struct strlist *names,
		   const struct conf_hints *hints, struct conf *conf,
		   struct diagnostics *diagnostics, struct error *err);

/* Adds the names of the containers that have a file, sorted; of conf the manager is enough. */
int conf_list(const struct conf *conf, struct strlist *names, struct error *err);

/* Adds the names of the templates of the manager file, in its order. */
void conf_list_templates(const struct conf *conf, struct strlist *names);

/*
 * Reads one more container file that is not in conf_dir (cman check FILE), or reads it anew,
 * checked together with the set. Name from the file's name. -1: it cannot be the name of a
 * container, nothing was added.
 */
int conf_load_file(struct conf *conf, const char *file, struct diagnostics *diagnostics,
		   struct error *err);

/* The same with text that no file has; place is what it is called in messages. */
int conf_load_text(struct conf *conf, const char *place, const char *text, const char *name,
		   struct diagnostics *diagnostics, struct error *err);

/* Adds a container that runs and has no file, as it is recorded; spec is empty then. */
void conf_add(struct conf *conf, struct spec *spec);

/* The name of the container that a file is about: its last part without ".conf". Freed by the
 * caller. */
char *conf_name_of_file(const char *file);

const struct spec *conf_find(const struct conf *conf, const char *name);

/*
 * The effective configuration of a container in the language of the files, complete (no
 * defaults or templates needed): reading it again gives an equal spec. resolved: also the
 * values chosen by us (ip = "10.83.0.3" instead of "auto"), as the record wants it.
 */
void conf_print_spec(const struct spec *spec, bool resolved, struct text *out);

/* Reads what conf_print_spec() printed with resolved (a record): no merging, no set checks. */
int conf_parse_spec(const char *text, const char *file, const char *name, struct spec *spec,
		    struct error *err);

void conf_clear(struct conf *conf);
#define AUTO_CONF AUTO(conf_clear)

#endif

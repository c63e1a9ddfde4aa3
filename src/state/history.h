/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h: the configurations a container has run with, DATA_DIR/history/NAME/NUMBER.HOW/NAME.conf,
 * complete and in the language of the files, so that each can be read like the container's own. Only
 * root reads them. Written under the container's lock.
 */
#ifndef STATE_HISTORY_H
#define STATE_HISTORY_H

#include <time.h>

#include "base/error.h"
#include "base/text.h"

#define HISTORY_MAX 20 /* kept of each container */

struct history_entry {
	unsigned int number; /* from 1, never given twice */
	char how[16];        /* "up", "apply", "rollback" */
	time_t at;
	char *path; /* of the file */
};

struct history {
	struct history_entry *items; /* the oldest first */
	size_t count;
};
void history_clear(struct history *history);
#define AUTO_HISTORY AUTO(history_clear)

/* Adds a configuration, unless the newest is the same; the oldest go. */
int history_add(const char *data_dir, const char *name, const char *how, const struct text *text,
		struct error *err);

/* All there are; a container without any has none. */
int history_list(const char *data_dir, const char *name, struct history *history,
		 struct error *err);

int history_read(const struct history_entry *entry, struct text *text, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view_list.h: the containers that ps and status show. Of a thousand that run as their files say no
 * file is read: what was read at the start is known by its times and sizes.
 */
#ifndef CMD_VIEW_LIST_H
#define CMD_VIEW_LIST_H

#include "cmd/command.h"
#include "cmd/view.h"

struct view_list {
	struct conf conf;   /* of containers those whose file had to be read */
	struct state state; /* if there is one */
	struct strlist names;
	struct view *views; /* of each name */
	size_t count;
};

/*
 * argv, which must have a file or a record, or all there are. Marks are complete: besides those of the
 * record "changed", where the file says something else, "file-errors", where it cannot be told, and
 * "no-file".
 */
int view_list_take(const struct options *options, int argc, char *argv[], struct view_list *list,
		   struct error *err);
void view_list_clear(struct view_list *list);
#define AUTO_VIEW_LIST AUTO(view_list_clear)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edit_file.h: a private copy of a container's file, DATA_DIR/edit/NAME/NAME.conf, while somebody edits
 * it. The copy outlives whoever made it, until it is installed or thrown away.
 */
#ifndef CMD_EDIT_FILE_H
#define CMD_EDIT_FILE_H

#include <sys/stat.h>

#include "base/text.h"
#include "config/spec.h"

struct edit_file {
	char *path;    /* the file itself, behind all links */
	struct stat was;
	struct text original; /* what is in it */
	char *directory;      /* of the copy */
	char *name;           /* "web.conf" */
	char *copy;
	int parent_fd, directory_fd; /* the latter locked, against a second edit of the file */
	bool is_left; /* there is a copy, with another text: somebody has kept it, or was killed */
};
#define EDIT_FILE_INIT {.parent_fd = -1, .directory_fd = -1}

/*
 * Reads the file and takes the lock. ENOENT: there is none. EAGAIN: somebody edits it, the hint says
 * who.
 */
int edit_file_open(const struct manager *manager, const char *name, struct edit_file *edit,
		   struct error *err);
void edit_file_close(struct edit_file *edit); /* what is in the copy stays */
#define AUTO_EDIT_FILE AUTO(edit_file_close)

/* Makes the copy, or makes it anew, of what the file says. */
int edit_file_begin(struct edit_file *edit, struct error *err);

/* Runs $VISUAL, $EDITOR or vi on the copy and waits for it. -1: it could not, or failed. */
int edit_file_run_editor(const struct edit_file *edit, struct error *err);

int edit_file_read(const struct edit_file *edit, struct text *text, struct error *err);

/*
 * Puts the text in the place of the file, whole or not at all, with its owner, mode and extended
 * attributes; EBUSY: it is not as it was read, and stays as it is.
 */
int edit_file_install(const struct edit_file *edit, const struct text *text, struct error *err);

/* Removes the copy. */
int edit_file_discard(struct edit_file *edit, struct error *err);

#endif

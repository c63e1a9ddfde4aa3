/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.h: what the supervisor leaves in the run directory for others to read. */
#ifndef SUPERVISOR_FILE_H
#define SUPERVISOR_FILE_H

#include "supervisor/log.h"

/* Whole or not at all: by way of temporary. False: it cannot be written. */
static bool replace_file(const struct supervisor *supervisor, const char *temporary, const char *name,
		       const struct line *text)
{
	int dir_fd = supervisor->args.run_dir_fd;
	long fd = system_open_at(dir_fd, temporary,
				 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written;

	/* A `down` that was quicker has removed the directory, and nobody asks any more. */
	if (fd == SYSTEM_ENOENT)
		return true;
	if (fd < 0)
		return false;
	written = system_write((int)fd, text->bytes, text->length) == (long)text->length;
	system_close((int)fd);
	return written && system_rename_at(dir_fd, temporary, name) >= 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/wish.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"

int wish_note_stopped(const char *data_dir, const char *name, struct error *err)
{
	AUTO_FREE char *directory = xprintf("%s/stopped", data_dir);
	AUTO_FD int directory_fd = fs_open_directory(directory, 0700, err);
	AUTO_FD int fd = -1;

	if (directory_fd < 0)
		return -1;
	fd = fs_open_at(directory_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600, err);
	if (fd < 0)
		return -1;
	/* The next thing that happens may be that somebody pulls the plug. */
	return fsync(directory_fd) < 0 ? error_set(err, errno, "write %s", directory) : 0;
}

int wish_forget_stopped(const char *data_dir, const char *name, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/stopped/%s", data_dir, name);

	return fs_remove_at(AT_FDCWD, path, err);
}

bool wish_is_stopped(const char *data_dir, const char *name)
{
	AUTO_FREE char *path = xprintf("%s/stopped/%s", data_dir, name);

	return fs_exists_at(AT_FDCWD, path);
}

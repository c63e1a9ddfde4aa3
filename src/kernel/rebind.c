/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rebind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/inside.h"
#include "kernel/mount.h"

struct rebind {
	int file_fd;
	const struct stat *was; /* NULL: only an orphan is replaced */
	const char *name;
};

/* Whether what is bound now is to go: a file without a name, or the one that was there. */
static bool is_outdated(const struct stat *now, const struct stat *was)
{
	return S_ISREG(now->st_mode) &&
	       (now->st_nlink == 0 ||
		(was && now->st_dev == was->st_dev && now->st_ino == was->st_ino));
}

static int bind_inside(int root_fd, const void *data, struct error *err)
{
	const struct rebind *rebind = data;
	AUTO_FD int etc_fd = -1;
	struct stat st;

	/* Whatever it has made of its own /etc, the way does not lead out. */
	etc_fd = fs_open_in_root(root_fd, "etc", O_PATH | O_DIRECTORY, err);
	if (etc_fd < 0)
		return -1;
	if (fstatat(etc_fd, rebind->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !is_outdated(&st, rebind->was))
		return 0;
	/* Nothing can be mounted over a file without a name, so it goes first. */
	if (fchdir(etc_fd) < 0 || umount2(rebind->name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return error_set(err, errno, "unmount");
	return mount_attach(rebind->file_fd, etc_fd, rebind->name, err);
}

int rebind_other_file(pid_t pid, int file_fd, const struct stat *was, const char *name,
		      struct error *err)
{
	const struct rebind rebind = {file_fd, was, name};

	if (inside_mounts(pid, bind_inside, &rebind, err) < 0)
		return error_wrap(err, "bind /etc/%s", name);
	return 0;
}

int rebind_file(pid_t pid, int file_fd, const char *name, struct error *err)
{
	return rebind_other_file(pid, file_fd, NULL, name, err);
}

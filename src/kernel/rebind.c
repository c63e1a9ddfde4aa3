/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rebind.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/mount.h"
#include "kernel/namespace.h"

/* In a process of its own, which does not come back. Its root is the container's. */
static int bind_inside(int mntns_fd, int file_fd, const char *name, struct error *err)
{
	AUTO_FD int root_fd = -1, etc_fd = -1;
	struct stat st;

	if (setns(mntns_fd, CLONE_NEWNS) < 0)
		return error_set(err, errno, "enter mount namespace");
	root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	if (root_fd < 0)
		return -1;
	/* Whatever it has made of its own /etc, the way does not lead out. */
	etc_fd = fs_open_in_root(root_fd, "etc", O_PATH | O_DIRECTORY, err);
	if (etc_fd < 0)
		return -1;
	if (fstatat(etc_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_nlink != 0)
		return 0;
	/* Nothing can be mounted over a file without a name, so it goes first. */
	if (fchdir(etc_fd) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return error_set(err, errno, "unmount");
	return mount_attach(file_fd, etc_fd, name, err);
}

int rebind_file(pid_t pid, int file_fd, const char *name, struct error *err)
{
	AUTO_FD int mntns_fd = namespace_open(pid, "mnt", err);
	struct error why = {0};
	pid_t child;
	int status;

	if (mntns_fd < 0)
		return -1;
	child = fork();
	if (child < 0)
		return error_set(err, errno, "fork");
	if (child == 0)
		_exit(bind_inside(mntns_fd, file_fd, name, &why) == 0 ? 0
		      : why.code > 0 && why.code < 128		      ? why.code
								      : EIO);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "wait for the bind of /etc/%s", name);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, WIFEXITED(status) ? WEXITSTATUS(status) : EIO,
				 "bind /etc/%s", name);
	return 0;
}

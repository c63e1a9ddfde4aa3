/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/mount.h"

int procfs_open(struct error *err)
{
	AUTO_FD int proc_fd = mount_new(
		"proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	struct statfs fs;

	if (proc_fd < 0)
		return error_wrap(err, "a procfs of our own");
	if (fstatfs(proc_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return error_set(err, 0, "a procfs of our own is none");
	return take_fd(&proc_fd);
}

int procfs_open_file(int proc_fd, const char *path, int flags, struct error *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, proc_fd, path, &how, sizeof(how));

	return fd < 0 ? error_set(err, errno, "open /proc/%s", path) : fd;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/quota.h"

#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK 512 /* what quotactl(2) counts in, whatever the file system */

/* The commands named after xfs are those of every file system with such quotas. */
static int call(int fd, unsigned int command, uint32_t project, void *data)
{
	return (int)syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), project, data);
}

bool quota_is_enforced(int fd)
{
	struct fs_quota_statv state = {.qs_version = FS_QSTATV_VERSION1};

	return call(fd, Q_XGETQSTATV, 0, &state) == 0 && state.qs_flags & FS_QUOTA_PDQ_ENFD;
}

int quota_read(int fd, uint32_t project, struct quota *quota, struct error *err)
{
	struct fs_disk_quota found = {0};

	if (call(fd, Q_XGETQUOTA, project, &found) < 0 && errno != ENOENT)
		return error_set(err, errno, "read the quota of project %u", project);
	*quota = (struct quota){
		.bytes = found.d_bcount * BLOCK,
		.files = found.d_icount,
		.bytes_limit = found.d_blk_hardlimit * BLOCK,
		.files_limit = found.d_ino_hardlimit,
	};
	return 0;
}

int quota_set_limits(int fd, uint32_t project, uint64_t bytes, uint64_t files, struct error *err)
{
	struct fs_disk_quota wanted = {
		.d_version = FS_DQUOT_VERSION,
		.d_flags = FS_PROJ_QUOTA,
		.d_fieldmask = FS_DQ_BHARD | FS_DQ_BSOFT | FS_DQ_IHARD | FS_DQ_ISOFT,
		.d_id = project,
		.d_blk_hardlimit = bytes / BLOCK,
		.d_ino_hardlimit = files,
	};

	/* No soft limit: it would become a hard one after a week, in the middle of a night. */
	if (call(fd, Q_XSETQLIM, project, &wanted) < 0)
		return error_set(err, errno, "set the quota of project %u", project);
	return 0;
}

int quota_get_project(int dir_fd, uint32_t *project, struct error *err)
{
	struct fsxattr attributes;

	if (ioctl(dir_fd, FS_IOC_FSGETXATTR, &attributes) < 0) {
		if (errno != ENOTTY && errno != EOPNOTSUPP)
			return error_set(err, errno, "read the project of a directory");
		*project = 0; /* a file system without projects */
		return 0;
	}
	*project = attributes.fsx_projid;
	return 0;
}

int quota_set_project(int dir_fd, uint32_t project, struct error *err)
{
	struct fsxattr attributes;

	if (ioctl(dir_fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return error_set(err, errno, "read the project of a directory");
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(dir_fd, FS_IOC_FSSETXATTR, &attributes) < 0)
		return error_set(err, errno, "set the project of a directory");
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quota.h: how much the files of one project may take, on a file system that counts it: ext4 with
 * the option prjquota, xfs with pquota. quotactl_fd(2), FS_IOC_FSSETXATTR; Linux 5.14. fd: any file
 * of the file system.
 */
#ifndef KERNEL_QUOTA_H
#define KERNEL_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct quota {
	uint64_t bytes, files;             /* in use */
	uint64_t bytes_limit, files_limit; /* 0: not limited */
};

/* Whether limits of projects are kept here, not counted alone. */
bool quota_is_enforced(int fd);

/* All zero where nothing is known of the project. */
int quota_read(int fd, uint32_t project, struct quota *quota, struct error *err);

/* 0: not limited. A limit below what is in use keeps more from being written. */
int quota_set_limits(int fd, uint32_t project, uint64_t bytes, uint64_t files, struct error *err);

/* The project of a directory; 0: none. What is made in it later has the same. */
int quota_get_project(int dir_fd, uint32_t *project, struct error *err);
int quota_set_project(int dir_fd, uint32_t project, struct error *err);

#endif

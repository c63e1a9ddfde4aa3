/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs.h: a procfs of our own that is mounted nowhere, so that nothing of an image can stand in
 * the place of what is written there for a container (CVE-2019-16884, CVE-2025-52881). proc(5)
 */
#ifndef KERNEL_PROCFS_H
#define KERNEL_PROCFS_H

#include "base/error.h"

/*
 * That of the caller's pid namespace, known to be one; the fd is owned by the caller. In a user
 * namespace it takes a /proc of which nothing is hidden, as the host's.
 */
int procfs_open(struct error *err);

/*
 * Opens a file of it by its path without "/proc/": through no link and no mount. The fd is owned
 * by the caller; err has the code of open(2).
 */
int procfs_open_file(int proc_fd, const char *path, int flags, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cover.h: paths of a container that it shall not read, or not change, besides those that
 * rootfs_enter() takes care of. Each is resolved within the root, once; what a symlink of the
 * image leads to is what is covered. One that is missing has nothing to hide: success.
 */
#ifndef KERNEL_COVER_H
#define KERNEL_COVER_H

#include "base/error.h"

/*
 * root_fd: the container's "/", entered, as id 0 of its user namespace. Mounts the null device over
 * a file (which then is empty), an empty read-only file system over a directory. EINVAL: it is "/".
 */
int cover_mask(int root_fd, const char *path, struct error *err);

/* Makes a file, or a directory with all that is mounted in it, read-only. */
int cover_make_read_only(int root_fd, const char *path, struct error *err);

#endif

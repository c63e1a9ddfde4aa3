/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rebind.h: a generated file (/etc/hosts and the like) of a running container that nobody can write
 * to any more, because its name on the host has gone or leads to another file: the one that is there
 * now is bound in its place; for a moment the container sees that of its image.
 * mount_namespaces(7), move_mount(2).
 */
#ifndef KERNEL_REBIND_H
#define KERNEL_REBIND_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * file_fd: as of rootfs_open_file(); name: in /etc of the container whose process pid is. Where no
 * such orphan is bound (the container may have unmounted it) nothing is done: success.
 */
int rebind_file(pid_t pid, int file_fd, const char *name, struct error *err);

/*
 * Binds file_fd in the place of another file, which is bound there: was, as of fstat(2). Where neither
 * of them nor an orphan is bound, nothing is done: success.
 */
int rebind_other_file(pid_t pid, int file_fd, const struct stat *was, const char *name,
		      struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside.h: something done to the mounts of a container that runs, by a child that enters its mount
 * namespace, and no other of its namespaces, and does not come back. mount_namespaces(7)
 */
#ifndef KERNEL_INSIDE_H
#define KERNEL_INSIDE_H

#include <sys/types.h>

#include "base/error.h"

/*
 * act runs in the child, with the container's root as O_PATH fd and with the host's rights: it resolves
 * paths within root_fd only. Its result and error are those of inside_mounts(). pid: of a process of
 * the container.
 */
typedef int inside_action(int root_fd, const void *data, struct error *err);
int inside_mounts(pid_t pid, inside_action *act, const void *data, struct error *err);

#endif

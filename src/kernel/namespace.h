/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespace.h: clone3(2), setns(2), user namespace maps. namespaces(7), user_namespaces(7). */
#ifndef KERNEL_NAMESPACE_H
#define KERNEL_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A range of ids: 0..size-1 inside are host_first..host_first+size-1 outside. */
struct id_range {
	uint32_t host_first;
	uint32_t size;
};

/*
 * clone3 without a shared address space: 0 in the child, its pid in the caller (with *pidfd,
 * close-on-exec, owned by the caller), -1 on error. namespaces: CLONE_NEW* flags,
 * and CLONE_PARENT for a child of our parent.
 * cgroup_v2_fd: the child is born in that cgroup, -1: in ours. Call it with one thread only;
 * the child may go on as after fork(2), but pthread_atfork(3) handlers do not run.
 */
pid_t namespace_clone(uint64_t namespaces, int cgroup_v2_fd, int *pidfd, struct error *err);

/* Writes uid_map and gid_map of a process in a new user namespace; can be done once. */
int namespace_map_ids(pid_t pid, const struct id_range *range, struct error *err);

/* The user namespace of a process, as an fd for MOUNT_ATTR_IDMAP. Its maps must be written. */
int namespace_open_user(pid_t pid, struct error *err);

/* "net", "mnt", ... of a process as an fd for setns. */
int namespace_open(pid_t pid, const char *type, struct error *err);

/* Whether a process is in our own namespace of that type. */
int namespace_is_ours(pid_t pid, const char *type, bool *ours, struct error *err);

/*
 * Joins all namespaces of the process behind pidfd (setns(2) with a pidfd, Linux 5.8). user: that
 * of its user too, which must then be another than ours (EINVAL). The pid namespace takes effect
 * for children only.
 */
int namespace_join(int pidfd, bool user, struct error *err);

/*
 * Becomes uid 0 and gid 0 without supplementary groups: in the user namespace just entered (by
 * clone or join), once its maps are written, else on the host. Until then files we make have no
 * valid owner.
 */
int namespace_become_root(struct error *err);

#endif

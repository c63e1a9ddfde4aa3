/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespace.h: clone3(2), setns(2), user namespace maps. namespaces(7), user_namespaces(7). */
#ifndef KERNEL_NAMESPACE_H
#define KERNEL_NAMESPACE_H

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
 * close-on-exec, owned by the caller), -1 on error. namespaces: CLONE_NEW* flags.
 * cgroup_v2_fd: the child is born in that cgroup, -1: in ours.
 */
pid_t namespace_clone(uint64_t namespaces, int cgroup_v2_fd, int *pidfd, struct error *err);

/* Writes uid_map and gid_map of a process in a new user namespace. */
int namespace_map_ids(pid_t pid, const struct id_range *range, struct error *err);

/* The user namespace of a process, as an fd for MOUNT_ATTR_IDMAP. */
int namespace_open_user(pid_t pid, struct error *err);

/* "net", "mnt", ... of a process as an fd for setns. */
int namespace_open(pid_t pid, const char *type, struct error *err);

/*
 * Joins all namespaces of the process behind pidfd (setns(2) with a pidfd, Linux 5.8). The pid
 * namespace takes effect for children only.
 */
int namespace_join(int pidfd, struct error *err);

#endif

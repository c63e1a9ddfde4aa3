/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootfs.h: the file system a container sees. Built in two halves: what needs the host's rights
 * is opened outside as detached mounts (open_tree(2), mount_setattr(2)), the rest happens inside
 * the new user and mount namespaces (rootfs_enter()). The rootfs belongs to the container: every
 * path in it may be a trap and is resolved within it. Nothing is ever written into it.
 */
#ifndef KERNEL_ROOTFS_H
#define KERNEL_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/device.h"

/* Fds are owned by the struct, -1 when absent. */
struct rootfs {
	const char *path;   /* on the host, for messages */
	int tree_fd;        /* detached, idmapped mount of the rootfs */
	int resolv_conf_fd; /* detached mounts of generated files, bound over /etc/... */
	int hosts_fd;
	int hostname_fd;
	int layers_fd;       /* of an overlay, from overlay_open_layers() */
	bool is_overlay;     /* with layers_fd -1: on a tmpfs, gone with the container */
	uint64_t tmpfs_size; /* of that, bytes; 0: half of the memory */
	bool delegated;      /* its cgroup is: see cgroup_delegate() */
	bool read_only;      /* that too: the tree is made so by rootfs_make_read_only() */
	bool nesting;        /* user namespaces inside may mount a proc and a sysfs */
	bool uncovered;      /* nothing of /proc and /sys is masked or read-only */
	bool host_ids;       /* no user namespace: more of the host is covered then */
	int sys_fd;          /* of rootfs_open_sys(), where the network namespace is the host's */
	int notify_fd;       /* directory of the socket of ready.notify, for /dev/.notify */
	int devices_fd;      /* nodes of devices, from device_make_nodes() */
	const struct device_policy *devices;
};
#define ROOTFS_INIT                                                                                \
	{                                                                                          \
		.tree_fd = -1, .resolv_conf_fd = -1, .hosts_fd = -1, .hostname_fd = -1,            \
		.layers_fd = -1, .sys_fd = -1, .notify_fd = -1, .devices_fd = -1                  \
	}
void rootfs_close(struct rootfs *rootfs);

/*
 * A detached mount of path and of all that is mounted below it, idmapped to the user namespace
 * (whose maps are written; -1: there is none, owners stay as they are), private, nosuid left as it
 * is, nodev set. EINVAL where a file system cannot be idmapped: text and hint name it and the ways
 * out.
 */
int rootfs_open_tree(const char *path, int userns_fd, struct error *err);

/*
 * Idmaps a detached copy of what path_fd is (path: for messages) to the user namespace (-1: to
 * none) and sets nodev. flags: AT_RECURSIVE or 0. EINVAL as above.
 */
int rootfs_map_owners(int tree_fd, int path_fd, const char *path, int userns_fd, unsigned int flags,
		      struct error *err);

/* Makes a detached tree and all that is mounted in it read-only. */
int rootfs_make_read_only(int tree_fd, struct error *err);

/* A detached, read-only mount of one file below dir_fd, to be bound over another file. */
int rootfs_open_file(int dir_fd, const char *name, struct error *err);

/*
 * A detached sysfs with the links of our own network namespace, nosuid, nodev and noexec: nobody
 * in a user namespace that does not own the network namespace may mount one. read_only: that too.
 */
int rootfs_open_sys(bool read_only, struct error *err);

/*
 * Looks whether path can serve: absolute, a directory, not "/", has /proc /sys /dev /etc, and
 * what is above it is root's alone (fs_check_trusted(); the directory itself is the container's).
 * Changes nothing. Warnings (no /etc/resolv.conf to bind over) go to log_warning().
 */
int rootfs_check(const char *path, struct error *err);

/*
 * Inside the new namespaces (user unless host_ids, pid, mount, net unless sys_fd is there, ipc, and
 * cgroup once it is where it belongs), as uid 0 of the user namespace: makes propagation private,
 * mounts the tree, the generated files, /proc, /sys (read-only), the cgroup view (version 2 only,
 * read-only unless delegated), /dev, /dev/pts, /dev/shm, /dev/mqueue, masked and read-only paths, then
 * pivot_root(2); the old root is gone.
 * With nesting a proc and a sysfs lie hidden below /dev/.nesting.
 * A generated file whose name the image lacks is left out. The current directory is the new "/".
 * The fds stay open. Does not allocate from the heap. After a failure only _exit(2) makes sense.
 */
int rootfs_enter(const struct rootfs *rootfs, struct error *err);

#endif

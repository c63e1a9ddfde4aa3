/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount.h: mounts as file descriptors. A mount is made detached, visible to nobody, changed
 * while it is, and attached in one step to a place that is an fd too, so no path is looked up
 * twice. fsopen(2), open_tree(2), mount_setattr(2), move_mount(2); Linux 5.12. Nothing here
 * allocates from the heap.
 */
#ifndef KERNEL_MOUNT_H
#define KERNEL_MOUNT_H

#include <stdint.h>
#include <sys/mount.h>

#include "base/error.h"

struct mount_option {
	const char *key;   /* NULL ends the list */
	const char *value; /* NULL: a flag, as "ro" */
};

/*
 * A new instance of a file system, detached. options may be NULL; a "source" stands first among
 * them, without one the type does (or "none" would in /proc/self/mounts). attributes: MOUNT_ATTR_*.
 * ENODEV: the kernel lacks the type. EPERM: see mount_too_revealing() in the kernel for proc
 * and sysfs. The fd is owned by the caller, as are those below.
 */
int mount_new(const char *type, const struct mount_option *options, unsigned int attributes,
	      struct error *err);

/*
 * A detached copy (a bind mount) of what path below dir_fd is; "": of dir_fd itself. A symlink
 * at the end is not followed. flags: 0, or AT_RECURSIVE to take the mounts below along.
 */
int mount_clone(int dir_fd, const char *path, unsigned int flags, struct error *err);

/*
 * Changes the options of the file system that is mounted at place_fd (O_PATH, its root). fspick(2)
 */
int mount_reconfigure(int place_fd, const char *type, const struct mount_option *options,
		      struct error *err);

struct mount_change {
	uint64_t attributes;  /* MOUNT_ATTR_* to set; of those about atime one at most */
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, 0: leave it */
	int userns_fd;        /* with MOUNT_ATTR_IDMAP */
};

/* Changes a mount; all or nothing where flags is AT_RECURSIVE. */
int mount_change(int mount_fd, const struct mount_change *change, unsigned int flags,
		 struct error *err);

/*
 * Attaches a detached mount (all of its tree) at path below dir_fd, or on dir_fd itself, an
 * O_PATH fd, where path is "". No symlink at the end is followed: it is mounted over.
 */
int mount_attach(int mount_fd, int dir_fd, const char *path, struct error *err);

#endif

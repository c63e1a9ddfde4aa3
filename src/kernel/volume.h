/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volume.h: what is mounted in a container besides its root filesystem: parts of the host's file
 * system, and tmpfs. Opened outside like the rootfs (volume_open()), attached inside by fd. The
 * place belongs to the container: it is resolved within its root, once, and looked at before use.
 */
#ifndef KERNEL_VOLUME_H
#define KERNEL_VOLUME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* What of the host is taken. */
struct volume_source {
	const char *path;    /* absolute */
	bool recursive;      /* with what is mounted below it */
	bool follow_host;    /* and with what will be (MS_SLAVE) */
	uint64_t attributes; /* MOUNT_ATTR_*; nodev in any case */
};

/*
 * A detached mount of it, idmapped to the user namespace (-1: to none), where nothing on the path is a
 * symlink (ELOOP) and nothing is a device. ENOENT: there is no such file. EINVAL: see rootfs_open_tree().
 */
int volume_open(const struct volume_source *source, int userns_fd, struct error *err);

struct volume {
	const char *target; /* absolute path in the container, without "." and ".." */
	int mount_fd;       /* from volume_open(), owned by the caller; -1: a tmpfs is to be made */
	uint64_t size;      /* of the tmpfs, bytes */
	unsigned int mode;  /* of its root */
	uint64_t attributes; /* of it, MOUNT_ATTR_*; nodev in any case */
	/*
	 * A directory which holds nothing but what we made, such as /dev: the place is made in it.
	 * -1: it has to exist. base_length: how much of target stands for it.
	 */
	int base_fd;
	unsigned int base_length;
};

/*
 * Mounts it below root_fd, the container's "/", as id 0 of its user namespace. A new tmpfs stays
 * open as mount_fd. ENOENT: no such place. A place that turns out to be "/", /dev, or in a file
 * system of the kernel such as /proc is refused. rootfs_path: for messages. No heap.
 */
int volume_attach(struct volume *volume, int root_fd, const char *rootfs_path, struct error *err);

/*
 * Gives the tmpfs mounted at target in the container of process pid another size (bytes). EBUSY: it
 * holds more than that. Where the container has put something else there, that is an error (ENOENT,
 * EINVAL). fspick(2), Linux 5.2; in a child that enters its mount namespace alone.
 */
int volume_resize(pid_t pid, const char *target, uint64_t size, struct error *err);

#endif

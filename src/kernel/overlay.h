/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overlay.h: a directory tree with a layer on top that takes the changes. overlayfs.rst. It cannot
 * be idmapped, its layers can (Linux 5.19), so it is made inside the user namespace.
 * Without one it is made in the same place, of layers as they are.
 */
#ifndef KERNEL_OVERLAY_H
#define KERNEL_OVERLAY_H

#include <stdint.h>

#include "base/error.h"

/*
 * On the host: a detached mount, idmapped to the user namespace (-1: to none), of the directory that
 * keeps the upper layer (in upper/) and what overlayfs needs; it is made where it is missing.
 */
int overlay_open_layers(const char *path, int userns_fd, struct error *err);

/* The same of a detached mount, taken over, of a file system that is the layers' alone. */
int overlay_map_layers(int mount_fd, const char *path, int userns_fd, struct error *err);

/*
 * Inside: a detached overlay on top of lower_fd, a detached mount which it takes over for good
 * (what is mounted below it is not seen). layers_fd: from overlay_open_layers(), taken over too,
 * or -1: a new tmpfs of size bytes (0: half of the memory). Attributes: MOUNT_ATTR_*. Mounts of the
 * caller's namespace must be private; changes the current directory.
 */
int overlay_new(int lower_fd, int layers_fd, uint64_t size, unsigned int attributes,
		struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overlay.h: a directory tree with a layer on top that takes the changes. overlayfs.rst. It cannot
 * be idmapped, its layers can (Linux 5.19), so it is made inside the user namespace.
 */
#ifndef KERNEL_OVERLAY_H
#define KERNEL_OVERLAY_H

#include <stdint.h>

#include "base/error.h"

/*
 * A detached overlay of lower_fd, a detached mount which it takes over for good (what is mounted
 * below it is not seen), and a new tmpfs of size bytes (0: half of the memory). Attributes:
 * MOUNT_ATTR_*. Mounts of the caller's namespace must be private; changes the current directory.
 */
int overlay_new_volatile(int lower_fd, uint64_t size, unsigned int attributes, struct error *err);

#endif

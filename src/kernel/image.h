/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.h: (libext2fs) a file that holds a file system of a size, ext4, mounted by way of a loop
 * device. Only the kernel writes into it once it is made. It is sparse: it takes what is in it, and
 * gives back what is deleted where the file system below can. Whoever has it mounted holds its lock
 * (flock(2)), until the kernel is through with the unmount; two mounts of one image cannot happen.
 */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <stdint.h>

#include "base/error.h"

/*
 * Makes path a file of size bytes with an empty ext4, or makes the file that is there as long as
 * that; what is in it grows when it is mounted. It has a journal, as a host that crashes must not
 * leave it in need of a repair that nobody runs. EINVAL: it holds no ext4, is damaged, or is larger
 * already. The library is opened by the first one who makes an image: hardly a start does.
 */
int image_prepare(const char *path, uint64_t size, struct error *err);

/*
 * A detached mount of it, nosuid and nodev. EUCLEAN and others where it is damaged. Takes
 * CAP_SYS_RESOURCE when size has become larger. A fault found while it is mounted makes it
 * read-only.
 */
int image_mount(const char *path, uint64_t size, struct error *err);

/* Waits until nobody has it mounted any more; EAGAIN when it was not within timeout_ms. */
int image_await_release(const char *path, int timeout_ms, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_format.h: the part of image.h that needs libext2fs. */
#ifndef KERNEL_IMAGE_FORMAT_H
#define KERNEL_IMAGE_FORMAT_H

#include <stdint.h>

#include "base/error.h"

/*
 * Writes an empty ext4 with a journal into a file of size bytes in which everything is zero: what
 * is zero is not written again, so it stays sparse. ENOSYS: the library is not installed.
 */
int image_format(const char *path, uint64_t size, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h: a file as a block device. loop(4); LOOP_CONFIGURE, Linux 5.8. */
#ifndef KERNEL_LOOP_H
#define KERNEL_LOOP_H

#include "base/error.h"

#define LOOP_PATH_SIZE 32

/*
 * An fd of a loop device on file_fd, and its path. The device is free again with the last one who
 * has it open, be it this fd or a mount: nobody has to take it back. Until then it holds the open
 * file of file_fd, and so a flock(2) on it.
 */
int loop_open(int file_fd, char path[LOOP_PATH_SIZE], struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/fs.h"
#include "kernel/module.h"

#define CONTROL  "/dev/loop-control"
#define ATTEMPTS 1000 /* others take the device that was free a moment ago */

static int open_control(struct error *err)
{
	int fd = fs_open_at(AT_FDCWD, CONTROL, O_RDWR, 0, err);

	if (fd >= 0 || !err || (err->code != ENOENT && err->code != ENODEV && err->code != ENXIO))
		return fd;
	if (module_load("loop", err) < 0)
		return -1;
	return fs_open_at(AT_FDCWD, CONTROL, O_RDWR, 0, err);
}

/* The fd of a device that was free; -1 with EBUSY when somebody was faster. */
static int try_one(int control_fd, int file_fd, char path[LOOP_PATH_SIZE], struct error *err)
{
	const struct loop_config config = {
		.fd = (unsigned int)file_fd,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int number = ioctl(control_fd, LOOP_CTL_GET_FREE);
	AUTO_FD int fd = -1;

	if (number < 0)
		return error_set(err, errno, "find a free loop device");
	snprintf(path, LOOP_PATH_SIZE, "/dev/loop%d", number);
	fd = fs_open_at(AT_FDCWD, path, O_RDWR, 0, err);
	if (fd < 0)
		return -1;
	if (ioctl(fd, LOOP_CONFIGURE, &config) < 0)
		return error_set(err, errno, "%s", path);
	return take_fd(&fd);
}

int loop_open(int file_fd, char path[LOOP_PATH_SIZE], struct error *err)
{
	AUTO_FD int control_fd = open_control(err);

	if (control_fd < 0)
		return error_wrap(err, "loop device");
	for (int attempt = 1;; attempt++) {
		struct error reason;
		int fd = try_one(control_fd, file_fd, path, &reason);

		if (fd >= 0)
			return fd;
		if (reason.code == EBUSY && attempt < ATTEMPTS)
			continue;
		if (err)
			*err = reason;
		return error_wrap(err, "loop device");
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/cover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fs.h"
#include "kernel/mount.h"

/* An fd of the place, or -1: with an error, or with *missing. */
static int open_place(int root_fd, const char *path, struct stat *place, bool *missing,
		      struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_PATH, err);
	struct stat root;

	*missing = fd < 0 && (err->code == ENOENT || err->code == ENOTDIR);
	if (fd < 0)
		return -1;
	if (fstat(fd, place) < 0 || fstat(root_fd, &root) < 0)
		return error_set(err, errno, "stat");
	if (place->st_dev == root.st_dev && place->st_ino == root.st_ino)
		return error_set(err, EINVAL, "it is the container's root");
	return take_fd(&fd);
}

/* Ours, out of the tmpfs that is /dev, and still looked at: CVE-2025-31133. */
static int copy_null_device(int root_fd, struct error *err)
{
	AUTO_FD int null_fd = fs_open_in_root(root_fd, "dev/null", O_PATH | O_NOFOLLOW, err);
	struct stat st;

	if (null_fd < 0)
		return -1;
	if (fstat(null_fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, 0, "/dev/null is not the null device");
	return mount_clone(null_fd, "", 0, err);
}

static int make_empty_directory(struct error *err)
{
	static const struct mount_option options[] = {
		{"mode", "0555"},
		{"size", "4k"},
		{"nr_inodes", "1"},
		{NULL, NULL},
	};

	return mount_new(
		"tmpfs", options,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
}

int cover_mask(int root_fd, const char *path, struct error *err)
{
	bool missing;
	struct stat st;
	AUTO_FD int place_fd = open_place(root_fd, path, &st, &missing, err);
	AUTO_FD int cover_fd = -1;

	if (missing)
		return 0;
	if (place_fd >= 0)
		cover_fd = S_ISDIR(st.st_mode) ? make_empty_directory(err)
					       : copy_null_device(root_fd, err);
	if (cover_fd < 0 || mount_attach(cover_fd, place_fd, "", err) < 0)
		return error_wrap(err, "mask %s", path);
	return 0;
}

int cover_make_read_only(int root_fd, const char *path, struct error *err)
{
	static const struct mount_change read_only = {.attributes = MOUNT_ATTR_RDONLY};
	bool missing;
	struct stat st;
	AUTO_FD int place_fd = open_place(root_fd, path, &st, &missing, err);
	AUTO_FD int copy_fd = -1;

	if (missing)
		return 0;
	if (place_fd >= 0)
		copy_fd = mount_clone(place_fd, "", AT_RECURSIVE, err);
	if (copy_fd < 0 || mount_change(copy_fd, &read_only, AT_RECURSIVE, err) < 0 ||
	    mount_attach(copy_fd, place_fd, "", err) < 0)
		return error_wrap(err, "make %s read-only", path);
	return 0;
}

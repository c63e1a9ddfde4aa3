/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "kernel/mount.h"
#include "kernel/rootfs.h"

static int make_tmpfs(uint64_t size, struct error *err)
{
	char size_text[32];
	const struct mount_option options[] = {
		{"mode", "0700"},
		{size ? "size" : NULL, size_text},
		{NULL, NULL},
	};

	snprintf(size_text, sizeof(size_text), "%" PRIu64, size);
	return mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}

/* Under another name until it is complete: what is there is the container's, and left as it is. */
#define UPPER_BEGUN "upper.new"

/* What shows as the root of the overlay is the upper one's. */
static int make_upper(int layers_fd, int lower_fd, struct error *err)
{
	struct stat st;

	if (mkdirat(layers_fd, UPPER_BEGUN, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "make upper");
	if (fstat(lower_fd, &st) < 0 ||
	    fchownat(layers_fd, UPPER_BEGUN, st.st_uid, st.st_gid, 0) < 0 ||
	    fchmodat(layers_fd, UPPER_BEGUN, st.st_mode & 07777, 0) < 0)
		return error_set(err, errno, "set the owner and mode of upper");
	if (renameat(layers_fd, UPPER_BEGUN, layers_fd, "upper") < 0)
		return error_set(err, errno, "make upper");
	return 0;
}

/* The directories of the layers, and where the lower one is to be mounted. */
static int make_layers(int layers_fd, int lower_fd, struct error *err)
{
	static const char *const others[] = {"lower", "work"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (mkdirat(layers_fd, others[i], 0700) < 0 && errno != EEXIST)
			return error_set(err, errno, "make %s", others[i]);
	return fs_exists_at(layers_fd, "upper") ? 0 : make_upper(layers_fd, lower_fd, err);
}

int overlay_map_layers(int mount_fd, const char *path, int userns_fd, struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	AUTO_FD int taken_fd = mount_fd;

	if (mount_change(mount_fd, &change, 0, err) < 0 ||
	    rootfs_map_owners(mount_fd, mount_fd, path, userns_fd, 0, err) < 0)
		return error_wrap(err, "layers in %s", path);
	return take_fd(&taken_fd);
}

int overlay_open_layers(const char *path, int userns_fd, struct error *err)
{
	AUTO_FD int dir_fd = fs_open_directory(path, 0700, err);
	int mount_fd;

	if (dir_fd < 0)
		return -1;
	mount_fd = mount_clone(dir_fd, "", 0, err);
	if (mount_fd < 0)
		return error_wrap(err, "layers in %s", path);
	return overlay_map_layers(mount_fd, path, userns_fd, err);
}

int overlay_new(int lower_fd, int layers_fd, uint64_t size, unsigned int attributes,
		struct error *err)
{
	/* Relative to the current directory: an absolute path would have to be found first. */
	static const struct mount_option options[] = {
		{"lowerdir", "lower"}, {"upperdir", "upper"}, {"workdir", "work"},
		{"userxattr", NULL}, /* of trusted xattrs a user namespace has none */
		{NULL, NULL},
	};
	AUTO_FD int tmpfs_fd = layers_fd < 0 ? make_tmpfs(size, err) : -1;
	AUTO_FD int overlay_fd = -1;

	if (layers_fd < 0)
		layers_fd = tmpfs_fd;
	if (layers_fd < 0 || make_layers(layers_fd, lower_fd, err) < 0)
		return error_wrap(err, "layers");
	/* Layers must be attached, if only for a moment: overlayfs makes copies of its own. */
	if (mount_attach(layers_fd, AT_FDCWD, "/", err) < 0)
		return error_wrap(err, "layers");
	if (mount_attach(lower_fd, layers_fd, "lower", err) < 0)
		return error_wrap(err, "lower layer");
	if (fchdir(layers_fd) < 0)
		return error_set(err, errno, "change into the layers");
	if (FAULT("make overlay", "", err) == 0)
		overlay_fd = mount_new("overlay", options, attributes, err);
	if (overlay_fd < 0 && err && err->code == ENODEV)
		return error_hint(err, "modprobe overlay, or take a kernel with CONFIG_OVERLAY_FS");
	if (overlay_fd < 0)
		return error_hint(err,
				  "layers of other owners take Linux 5.19 and a file system that "
				  "overlayfs can use: see overlayfs.rst of the kernel; "
				  "security.userns = \"none\" needs neither map nor Linux 5.19");
	if (umount2(".", MNT_DETACH) < 0)
		return error_set(err, errno, "detach the layers");
	return take_fd(&overlay_fd);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/mount.h"

/* A tmpfs with the directories of the layers, and where the lower one is to be mounted. */
static int make_layers(int lower_fd, uint64_t size, struct error *err)
{
	static const char *const names[] = {"lower", "upper", "work"};
	char size_text[32];
	const struct mount_option options[] = {
		{"mode", "0700"},
		{size ? "size" : NULL, size_text},
		{NULL, NULL},
	};
	AUTO_FD int fd = -1;
	struct stat st;

	snprintf(size_text, sizeof(size_text), "%" PRIu64, size);
	fd = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (mkdirat(fd, names[i], 0755) < 0)
			return error_set(err, errno, "make %s", names[i]);
	/* What shows as the root of the overlay is the upper one's. */
	if (fstat(lower_fd, &st) < 0 || fchownat(fd, "upper", st.st_uid, st.st_gid, 0) < 0 ||
	    fchmodat(fd, "upper", st.st_mode & 07777, 0) < 0)
		return error_set(err, errno, "set the owner and mode of upper");
	return take_fd(&fd);
}

int overlay_new_volatile(int lower_fd, uint64_t size, unsigned int attributes, struct error *err)
{
	/* Relative to the current directory: an absolute path would have to be found first. */
	static const struct mount_option options[] = {
		{"lowerdir", "lower"}, {"upperdir", "upper"}, {"workdir", "work"},
		{"userxattr", NULL}, /* of trusted xattrs a user namespace has none */
		{NULL, NULL},
	};
	AUTO_FD int layers_fd = make_layers(lower_fd, size, err);
	AUTO_FD int overlay_fd = -1;

	/* Layers must be attached, if only for a moment: overlayfs makes copies of its own. */
	if (layers_fd < 0 || mount_attach(layers_fd, AT_FDCWD, "/", err) < 0)
		return error_wrap(err, "layers");
	if (mount_attach(lower_fd, layers_fd, "lower", err) < 0)
		return error_wrap(err, "lower layer");
	if (fchdir(layers_fd) < 0)
		return error_set(err, errno, "change into the layers");
	overlay_fd = mount_new("overlay", options, attributes, err);
	if (overlay_fd < 0)
		return error_hint(err,
				  "layers of other owners take Linux 5.19 and a file system that "
				  "overlayfs can use: see overlayfs.rst of the kernel");
	if (umount2(".", MNT_DETACH) < 0)
		return error_set(err, errno, "detach the layers");
	return take_fd(&overlay_fd);
}

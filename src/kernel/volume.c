/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/inside.h"
#include "kernel/mount.h"
#include "kernel/mount_table.h"
#include "kernel/rootfs.h"

#define MQUEUE_MAGIC   0x19800202 /* in no header */
#define BYTES_PER_FILE 4096
#define FILES_AT_LEAST 1024

int volume_open(const struct volume_source *source, int userns_fd, struct error *err)
{
	const unsigned int flags = source->recursive ? AT_RECURSIVE : 0;
	const struct mount_change change = {
		.attributes = source->attributes | MOUNT_ATTR_NODEV,
		.propagation = source->follow_host ? MS_SLAVE : MS_PRIVATE,
	};
	AUTO_FD int path_fd = fs_open_without_links(source->path, O_PATH, err);
	AUTO_FD int mount_fd = -1;
	struct stat st;

	if (path_fd < 0)
		return -1;
	if (fstat(path_fd, &st) < 0)
		return error_set(err, errno, "stat %s", source->path);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return error_set(err, EINVAL, "%s is a device", source->path);
	mount_fd = mount_clone(path_fd, "", flags, err);
	if (mount_fd < 0 || mount_change(mount_fd, &change, flags, err) < 0 ||
	    rootfs_map_owners(mount_fd, path_fd, source->path, userns_fd, flags, err) < 0)
		return error_wrap(err, "%s", source->path);
	return take_fd(&mount_fd);
}

/* The id of the mount it is on, and the file itself. */
static int look_at(int fd, struct statx *out, struct error *err)
{
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO | STATX_MNT_ID, out) < 0)
		return error_set(err, errno, "stat");
	return 0;
}

/* File systems that show the kernel, where nothing may be put in the place of anything. */
static bool is_kernel_view(int fd)
{
	static const long views[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,        CGROUP_SUPER_MAGIC,
				     CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, MQUEUE_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (fs.f_type == views[i])
			return true;
	return false;
}

/* Where a symlink of the image may have led to. */
static int check_place(int place_fd, int root_fd, bool directory, struct error *err)
{
	AUTO_FD int dev_fd = fs_open_in_root(root_fd, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, err);
	struct statx place, root, dev;

	if (dev_fd < 0 || look_at(place_fd, &place, err) < 0 || look_at(root_fd, &root, err) < 0 ||
	    look_at(dev_fd, &dev, err) < 0)
		return -1;
	if (place.stx_mnt_id == root.stx_mnt_id && place.stx_ino == root.stx_ino)
		return error_set(err, EINVAL, "it leads to the container's root");
	if (place.stx_mnt_id == dev.stx_mnt_id || is_kernel_view(place_fd))
		return error_set(err, EINVAL, "it leads into /proc, /sys or /dev");
	if (directory && !S_ISDIR(place.stx_mode))
		return error_set(err, ENOTDIR, "mount a directory on it");
	if (!directory && S_ISDIR(place.stx_mode))
		return error_set(err, EISDIR, "mount a file on it");
	if (!directory && !S_ISREG(place.stx_mode) && !S_ISSOCK(place.stx_mode))
		return error_set(err, EINVAL, "it is neither a regular file nor a socket");
	return 0;
}

static int open_place(const struct volume *volume, int root_fd, const char *rootfs_path,
		      bool directory, struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, volume->target, O_PATH, err);

	if (fd < 0) {
		/* To make it by that path on the host would follow the link out. */
		if (err->code == ENOENT && fs_has_link_in_root(root_fd, volume->target))
			error_hint(err, "a symbolic link in the root filesystem leads to where "
					"there is nothing in it");
		else if (err->code == ENOENT)
			error_hint(err,
				   "make it, as cman does not write to the root filesystem: "
				   "%s %s%s",
				   directory ? "mkdir -p" : "touch", rootfs_path, volume->target);
		return -1;
	}
	return check_place(fd, root_fd, directory, err) < 0 ? -1 : take_fd(&fd);
}

/* Makes the rest of target in a directory of ours, in which there are no symlinks. */
static int make_place(const struct volume *volume, bool directory, struct error *err)
{
	const int flags = O_PATH | O_NOFOLLOW | O_DIRECTORY;
	const char *part = volume->target + volume->base_length + 1;
	AUTO_FD int at_fd = fs_open_at(volume->base_fd, ".", flags, 0, err);
	char name[256];

	while (at_fd >= 0) {
		size_t length = strcspn(part, "/");
		bool last = part[length] == '\0';
		int made, next_fd;

		if (length >= sizeof(name))
			return error_set(err, ENAMETOOLONG, "%s", volume->target);
		memcpy(name, part, length);
		name[length] = '\0';
		made = !last || directory ? mkdirat(at_fd, name, 0755)
					  : mknodat(at_fd, name, S_IFREG | 0644, 0);
		if (made < 0 && errno != EEXIST)
			return error_set(err, errno, "make %s", volume->target);
		next_fd = fs_open_at(at_fd, name, last && !directory ? O_PATH | O_NOFOLLOW : flags,
				     0, err);
		close_fd(&at_fd);
		at_fd = next_fd;
		if (last)
			break;
		part += length + 1;
	}
	return take_fd(&at_fd);
}

static void print_size(uint64_t bytes, char size[32], char files[32])
{
	uint64_t count = bytes / BYTES_PER_FILE;

	snprintf(size, 32, "%" PRIu64, bytes);
	snprintf(files, 32, "%" PRIu64, count > FILES_AT_LEAST ? count : FILES_AT_LEAST);
}

static int make_tmpfs(const struct volume *volume, struct error *err)
{
	char size[32], mode[16], files[32];
	const struct mount_option options[] = {
		{"size", size},
		{"mode", mode},
		{"nr_inodes", files},
		{NULL, NULL},
	};

	print_size(volume->size, size, files);
	snprintf(mode, sizeof(mode), "%o", volume->mode);
	return mount_new("tmpfs", options, (unsigned int)volume->attributes | MOUNT_ATTR_NODEV, err);
}

int volume_attach(struct volume *volume, int root_fd, const char *rootfs_path, struct error *err)
{
	AUTO_FD int place_fd = -1;
	bool directory = true;
	struct stat st;

	if (volume->mount_fd >= 0) {
		if (fstat(volume->mount_fd, &st) < 0)
			return error_set(err, errno, "stat");
		directory = S_ISDIR(st.st_mode);
	} else {
		volume->mount_fd = make_tmpfs(volume, err);
		if (volume->mount_fd < 0)
			return -1;
	}
	place_fd = volume->base_fd < 0 ? open_place(volume, root_fd, rootfs_path, directory, err)
				       : make_place(volume, directory, err);
	if (place_fd < 0 || mount_attach(volume->mount_fd, place_fd, "", err) < 0)
		return error_wrap(err, "%s", volume->target);
	return 0;
}

/* ---- of one that runs ---- */

struct resize {
	const char *target;
	uint64_t size;
	const char *host_mounts; /* our mount table */
};

/*
 * Something else may be there by now: the root of a tmpfs is the one we made, or as good, unless it
 * is one of the host's that the container has got by a mount.
 */
static int check_tmpfs(int place_fd, const char *host_mounts, struct error *err)
{
	struct statx st;
	struct statfs fs;
	char device[32];

	if (fstatfs(place_fd, &fs) < 0 ||
	    statx(place_fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return error_set(err, errno, "stat");
	snprintf(device, sizeof(device), " %u:%u ", st.stx_dev_major, st.stx_dev_minor);
	if (fs.f_type != TMPFS_MAGIC || !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	    strstr(host_mounts, device))
		return error_set(err, EINVAL, "the tmpfs is not mounted there any more");
	return 0;
}

static int resize_inside(int root_fd, const void *data, struct error *err)
{
	const struct resize *resize = data;
	char size[32], files[32];
	const struct mount_option options[] = {{"size", size}, {"nr_inodes", files}, {NULL, NULL}};
	AUTO_FD int place_fd =
		fs_open_in_root(root_fd, resize->target, O_PATH | O_DIRECTORY, err);

	print_size(resize->size, size, files);
	if (place_fd < 0 || check_tmpfs(place_fd, resize->host_mounts, err) < 0)
		return -1;
	if (mount_reconfigure(place_fd, "tmpfs", options, err) == 0)
		return 0;
	if (err->code == EINVAL) {
		err->code = EBUSY;
		return error_hint(err, "it holds more than that: remove files, or choose another size");
	}
	return -1;
}

int volume_resize(pid_t pid, const char *target, uint64_t size, struct error *err)
{
	AUTO_TEXT struct text mounts = {0};
	struct resize resize = {target, size, NULL};

	if (mount_table_read(0, &mounts, err) < 0)
		return -1;
	resize.host_mounts = text_value(&mounts);
	return inside_mounts(pid, resize_inside, &resize, err);
}

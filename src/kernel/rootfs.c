/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of rootfs.h that runs on the host; rootfs_enter.c is the other. */
#include "kernel/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "kernel/mount.h"
#include "kernel/mount_table.h"

void rootfs_close(struct rootfs *rootfs)
{
	close_fd(&rootfs->tree_fd);
	close_fd(&rootfs->resolv_conf_fd);
	close_fd(&rootfs->hosts_fd);
	close_fd(&rootfs->hostname_fd);
	close_fd(&rootfs->layers_fd);
	close_fd(&rootfs->sys_fd);
	close_fd(&rootfs->notify_fd);
	close_fd(&rootfs->devices_fd);
}

static int map_ids(int tree_fd, int userns_fd, unsigned int flags, struct error *err)
{
	const struct mount_change change = {
		.attributes = (userns_fd < 0 ? 0u : MOUNT_ATTR_IDMAP) | MOUNT_ATTR_NODEV,
		.userns_fd = userns_fd,
	};

	return mount_change(tree_fd, &change, flags, err);
}

static bool can_be_mapped(int dir_fd, const char *path, int userns_fd)
{
	AUTO_FD int tree_fd = mount_clone(dir_fd, path, 0, NULL);

	return tree_fd < 0 || map_ids(tree_fd, userns_fd, 0, NULL) == 0;
}

static bool is_below(const char *path, const char *directory)
{
	return text_starts_with(path, directory) && path[strlen(directory)] == '/';
}

/* The other way out. Chowned files are none: where there is a user namespace owners are mapped. */
#define WITHOUT_USERNS "or do without a user namespace: security.userns = \"none\""

static void blame_mount(const char *path, const struct mount_line *culprit, bool is_root,
			struct error *err)
{
	const char *since = strcmp(culprit->type, "tmpfs") == 0 ? " before Linux 6.3" : "";

	if (is_root) {
		error_set(err, EINVAL, "map owners: file system type %s", culprit->type);
		error_hint(err,
			   "%s cannot show files with other owners%s: keep %s on ext4, xfs "
			   "or btrfs, " WITHOUT_USERNS,
			   culprit->type, since, path);
		return;
	}
	error_set(err, EINVAL, "map owners: file system type %s on %s", culprit->type,
		  culprit->point);
	error_hint(err, "%s cannot show files with other owners%s: umount %s, " WITHOUT_USERNS,
		   culprit->type, since, culprit->point);
}

/* Names the mount, at or below path, that cannot be mapped; else err stays as it is. */
static void explain_map_failure(int root_fd, const char *path, int userns_fd, struct error *err)
{
	AUTO_FREE char *resolved = realpath(path, NULL);
	AUTO_TEXT struct text table = {0}, line = {0};
	struct mount_line entry;
	struct statx root;
	const char *rest;
	bool found = false;

	if (!resolved || statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0 ||
	    mount_table_read(0, &table, NULL) < 0)
		return;
	rest = text_value(&table);
	while (!found && mount_table_next(&rest, NULL, &line, &entry)) {
		if (entry.id == root.stx_mnt_id)
			found = !can_be_mapped(root_fd, "", userns_fd);
		else if (is_below(entry.point, resolved))
			found = !can_be_mapped(AT_FDCWD, entry.point, userns_fd);
	}
	if (found)
		blame_mount(path, &entry, entry.id == root.stx_mnt_id, err);
}

int rootfs_map_owners(int tree_fd, int path_fd, const char *path, int userns_fd, unsigned int flags,
		      struct error *err)
{
	if (map_ids(tree_fd, userns_fd, flags, err) == 0)
		return 0;
	if (userns_fd < 0)
		return -1;
	error_wrap(err, "map owners");
	error_hint(err, "keep it on ext4, xfs or btrfs, " WITHOUT_USERNS);
	explain_map_failure(path_fd, path, userns_fd, err);
	return -1;
}

int rootfs_open_tree(const char *path, int userns_fd, struct error *err)
{
	/* Private: copies of shared mounts would hand the container's mounts on to the host. */
	static const struct mount_change separate = {.propagation = MS_PRIVATE};
	AUTO_FD int root_fd = -1;
	AUTO_FD int tree_fd = -1;

	root_fd = fs_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, err);
	if (root_fd < 0)
		return error_wrap(err, "root filesystem");
	tree_fd = mount_clone(root_fd, "", AT_RECURSIVE, err);
	if (tree_fd < 0 || mount_change(tree_fd, &separate, AT_RECURSIVE, err) < 0 ||
	    rootfs_map_owners(tree_fd, root_fd, path, userns_fd, AT_RECURSIVE, err) < 0)
		return error_wrap(err, "root filesystem %s", path);
	return take_fd(&tree_fd);
}

int rootfs_make_read_only(int tree_fd, struct error *err)
{
	static const struct mount_change change = {.attributes = MOUNT_ATTR_RDONLY};

	if (mount_change(tree_fd, &change, AT_RECURSIVE, err) < 0)
		return error_wrap(err, "make the root filesystem read-only");
	return 0;
}

int rootfs_open_file(int dir_fd, const char *name, struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};
	AUTO_FD int file_fd = mount_clone(dir_fd, name, 0, err);

	if (file_fd < 0 || mount_change(file_fd, &change, 0, err) < 0)
		return error_wrap(err, "%s", name);
	return take_fd(&file_fd);
}

int rootfs_open_sys(bool read_only, struct error *err)
{
	/* New, and no copy of /sys: that may be of another network namespace, or have mounts on it. */
	return mount_new("sysfs", NULL,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
				 (read_only ? MOUNT_ATTR_RDONLY : 0),
			 err);
}

static int check_parents(const char *resolved, struct error *err)
{
	AUTO_FREE char *parent = xstrdup(resolved);
	char *slash = strrchr(parent, '/');

	/* The directory itself is the container's, which may do with it as it likes. */
	slash[slash == parent] = '\0';
	return fs_check_trusted(parent, err);
}

static int check_directory(int root_fd, const char *path, const char *name, int flags,
			   struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, name, O_PATH | O_DIRECTORY | flags, err);

	if (fd >= 0)
		return 0;
	if (err && err->code == ENOENT && fs_has_link_in_root(root_fd, name))
		return error_hint(err, "the symbolic link %s/%s leads to where there is nothing in "
				       "the root filesystem", path, name);
	if (err && err->code == ENOENT)
		return error_hint(err, "mkdir %s/%s", path, name);
	return error_hint(err, "%s/%s must be a directory%s", path, name,
			  flags & O_NOFOLLOW ? " and no symbolic link" : "");
}

static void warn_of_missing_files(int root_fd, const char *path)
{
	static const char *const names[] = {"resolv.conf", "hosts"};
	AUTO_FD int etc_fd = fs_open_in_root(root_fd, "etc", O_PATH | O_DIRECTORY, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!fs_exists_at(etc_fd, names[i]))
			log_warning("%s/etc/%s is missing, so there is nothing to put the container's "
				    "own over: touch %s/etc/%s",
				    path, names[i], path, names[i]);
}

int rootfs_check(const char *path, struct error *err)
{
	static const char *const mount_points[] = {"proc", "sys", "dev"};
	AUTO_FREE char *resolved = NULL;
	AUTO_FD int root_fd = -1;

	if (path[0] != '/')
		return error_set(err, EINVAL, "root filesystem %s: not an absolute path", path);
	resolved = realpath(path, NULL);
	if (!resolved)
		return error_set(err, errno, "root filesystem %s", path);
	if (strcmp(resolved, "/") == 0)
		return error_set(err, EINVAL, "root filesystem %s: it is the host's own", path);
	root_fd = fs_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, err);
	if (root_fd < 0)
		return error_wrap(err, "root filesystem");
	if (check_parents(resolved, err) < 0)
		return error_wrap(err, "root filesystem %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(mount_points); i++)
		if (check_directory(root_fd, path, mount_points[i], O_NOFOLLOW, err) < 0)
			return error_wrap(err, "root filesystem %s", path);
	if (check_directory(root_fd, path, "etc", 0, err) < 0)
		return error_wrap(err, "root filesystem %s", path);
	warn_of_missing_files(root_fd, path);
	return 0;
}

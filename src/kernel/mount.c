/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The reason in the words of the file system, where it gave any: "e tmpfs: Bad value for 'size'". */
static int set_with_log(struct error *err, int fs_fd, const char *doing, const char *type)
{
	char log[256];
	int code = errno;
	ssize_t length = read(fs_fd, log, sizeof(log) - 1);

	if (length < 3 || log[0] != 'e')
		return error_set(err, code, "%s %s", doing, type);
	log[length] = '\0';
	log[strcspn(log, "\n")] = '\0';
	return error_set(err, code, "%s %s: %s", doing, type, log + 2);
}

static int set_options(int fs_fd, const struct mount_option *options, const char *type,
		       struct error *err)
{
	for (; options && options->key; options++) {
		unsigned int command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(fs_fd, command, options->key, options->value, 0) < 0) {
			set_with_log(err, fs_fd, "configure", type);
			return error_wrap(err, "option %s", options->key);
		}
	}
	return 0;
}

int mount_reconfigure(int place_fd, const char *type, const struct mount_option *options,
		      struct error *err)
{
	AUTO_FD int fs_fd = fspick(place_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	if (fs_fd < 0)
		return error_set(err, errno, "open the mounted %s", type);
	if (set_options(fs_fd, options, type, err) < 0)
		return -1;
	if (fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return set_with_log(err, fs_fd, "change", type);
	return 0;
}

int mount_new(const char *type, const struct mount_option *options, unsigned int attributes,
	      struct error *err)
{
	AUTO_FD int fs_fd = fsopen(type, FSOPEN_CLOEXEC);
	const char *source = type;
	int mount_fd;

	if (fs_fd < 0)
		return error_set(err, errno, "open file system type %s", type);
	if (options && options->key && strcmp(options->key, "source") == 0)
		source = options++->value;
	if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return set_with_log(err, fs_fd, "name", type);
	if (set_options(fs_fd, options, type, err) < 0)
		return -1;
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return set_with_log(err, fs_fd, "create", type);
	mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes);
	if (mount_fd < 0)
		return set_with_log(err, fs_fd, "mount", type);
	return mount_fd;
}

int mount_clone(int dir_fd, const char *path, unsigned int flags, struct error *err)
{
	int mount_fd = open_tree(dir_fd, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW |
					 AT_EMPTY_PATH | flags);

	if (mount_fd < 0)
		return error_set(err, errno, "copy the mount%s%s", *path ? " of " : "", path);
	return mount_fd;
}

int mount_change(int mount_fd, const struct mount_change *change, unsigned int flags,
		 struct error *err)
{
	struct mount_attr attr = {
		.attr_set = change->attributes,
		.propagation = change->propagation,
	};

	/* One value of a field, not a flag. */
	if (change->attributes & MOUNT_ATTR__ATIME)
		attr.attr_clr = MOUNT_ATTR__ATIME;
	if (change->attributes & MOUNT_ATTR_IDMAP)
		attr.userns_fd = (unsigned int)change->userns_fd;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) < 0)
		return error_set(err, errno, "change a mount");
	return 0;
}

int mount_attach(int mount_fd, int dir_fd, const char *path, struct error *err)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH;

	if (*path == '\0')
		flags |= MOVE_MOUNT_T_EMPTY_PATH;
	if (move_mount(mount_fd, "", dir_fd, path, flags) < 0)
		return error_set(err, errno, "mount%s%s", *path ? " on " : "", path);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys_mounts.c: the keys of the root filesystem and of what is mounted in it. */
#include "config/keys.h"
#include "config/values.h"

static const struct key rootfs_keys_array[] = {
	{
		.name = "path",
		.type = &type_path,
		.offset = offsetof(struct spec, rootfs),
		.form = "absolute path of a directory other than /",
		.help = "the directory; must be there, as with the string alone",
		.change = CHANGE_RESTART,
	},
	{
		.name = "mode",
		.type = &type_rootfs_mode,
		.offset = offsetof(struct spec, rootfs_mode),
		.default_text = "\"bind\"",
		.form = "\"bind\", \"volatile\" or \"overlay\"",
		.help = "changes go to the directory; to memory, and with the container; or beside it",
		.change = CHANGE_RESTART,
	},
	{
		.name = "size",
		.type = &type_rootfs_size,
		.offset = offsetof(struct spec, rootfs_size),
		.default_text = "\"max\"",
		.form = "1M or more (\"overlay\": 8M), or \"max\"",
		.help = "how much can be changed in a volatile one or an overlay",
		.change = CHANGE_RESTART,
	},
	{
		.name = "upper",
		.type = &type_plain_path,
		.offset = offsetof(struct spec, rootfs_upper),
		.form = "absolute path without a symbolic link",
		.help = "directory of the changes of an overlay; default: DATA_DIR/overlays/NAME",
		.change = CHANGE_RESTART,
		.exclusive = true,
	},
};
const struct key_table rootfs_keys = KEY_TABLE(rootfs_keys_array);

static const struct key mount_keys_array[] = {
	{
		.name = "source",
		.type = &type_plain_path,
		.offset = offsetof(struct mount, source),
		.form = "absolute path without a symbolic link",
		.help = "directory or file of the host; must be there for a bind mount",
		.change = CHANGE_RESTART,
	},
	{
		.name = "target",
		.type = &type_mount_target,
		.offset = offsetof(struct mount, target),
		.form = "absolute path, not at or below /proc or /sys",
		.help = "where it is mounted in the container; must be there",
		.change = CHANGE_RESTART,
	},
	{
		.name = "type",
		.type = &type_mount_type,
		.offset = offsetof(struct mount, type),
		.default_text = "\"bind\"",
		.form = "\"bind\" or \"tmpfs\"",
		.help = "a part of the host's file system, or an empty one in memory",
		.change = CHANGE_RESTART,
	},
	{
		.name = "read_only",
		.type = &type_boolean,
		.offset = offsetof(struct mount, read_only),
		.default_text = "false",
		.form = "true or false",
		.help = "nothing on it can be changed by the container",
		.change = CHANGE_RESTART,
	},
	{
		.name = "size",
		.type = &type_mount_size,
		.offset = offsetof(struct mount, size),
		.default_text = "\"64M\"",
		.form = "4K or more",
		.help = "how much fits into a tmpfs",
		.change = CHANGE_LIVE,
	},
	{
		.name = "mode",
		.type = &type_mode,
		.offset = offsetof(struct mount, mode),
		.default_text = "\"0755\"",
		.form = "up to 4 octal digits in quotes",
		.help = "permissions of the directory that a tmpfs is",
		.change = CHANGE_RESTART,
	},
	{
		.name = "options",
		.type = &type_mount_options,
		.offset = offsetof(struct mount, options),
		.default_text = "[ \"nosuid\", \"nodev\" ]",
		.form = "noexec, nosuid, suid, nodev, noatime, rbind, rslave",
		.help = "how it is mounted",
		.change = CHANGE_RESTART,
	},
	{
		.name = "optional",
		.type = &type_boolean,
		.offset = offsetof(struct mount, optional),
		.default_text = "false",
		.form = "true or false",
		.help = "go on without it, with a warning, where there is no source",
		.change = CHANGE_RESTART,
	},
};
const struct key_table mount_keys = KEY_TABLE(mount_keys_array);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys_security.c: the keys of the group "security". */
#include "config/keys.h"
#include "config/values.h"

static const struct key device_keys_array[] = {
	{
		.name = "path",
		.type = &type_device_path,
		.offset = offsetof(struct device, path),
		.form = "absolute path below /dev without a symbolic link",
		.help = "character or block device of the host; must be there",
		.change = CHANGE_LIVE,
	},
	{
		.name = "access",
		.type = &type_device_access,
		.offset = offsetof(struct device, access),
		.default_text = "\"rw\"",
		.form = "letters of \"rwm\"",
		.help = "read, write, make nodes of it",
		.change = CHANGE_LIVE,
	},
};
static const struct key_table device_keys = KEY_TABLE(device_keys_array);

static const struct key security_keys_array[] = {
	{
		.name = "userns",
		.type = &type_userns,
		.offset = offsetof(struct security, userns),
		.default_text = "\"auto\"",
		.form = "\"auto\", \"none\", or \"0:HOST_FIRST:COUNT\"",
		.help = "which ids of the host its users are",
		.change = CHANGE_RESTART,
	},
	{
		.name = "cap_drop",
		.type = &type_capabilities,
		.offset = offsetof(struct security, cap_drop),
		.default_text = "[]",
		.form = "capabilities without CAP_, or \"ALL\"",
		.help = "capabilities taken out of the default set",
		.change = CHANGE_RESTART,
	},
	{
		.name = "cap_add",
		.type = &type_capabilities,
		.offset = offsetof(struct security, cap_add),
		.default_text = "[]",
		.form = "capabilities without CAP_, or \"ALL\"",
		.help = "capabilities added to what cap_drop has left",
		.change = CHANGE_RESTART,
	},
	{
		.name = "no_new_privs",
		.type = &type_boolean,
		.offset = offsetof(struct security, no_new_privs),
		.default_text = "true",
		.form = "true or false",
		.help = "programs that are set-user-ID or have file capabilities gain nothing by them",
		.change = CHANGE_RESTART,
	},
	{
		.name = "nesting",
		.type = &type_boolean,
		.offset = offsetof(struct security, nesting),
		.default_text = "false",
		.form = "true or false",
		.help = "containers and sandboxes can be made inside",
		.change = CHANGE_RESTART,
	},
	{
		.name = "privileged",
		.type = &type_boolean,
		.offset = offsetof(struct security, privileged),
		.default_text = "false",
		.form = "true or false",
		.help = "it has all capabilities, and nothing of /proc and /sys is covered",
		.change = CHANGE_RESTART,
	},
	{
		.name = "seccomp",
		.type = &type_seccomp,
		.offset = offsetof(struct security, seccomp),
		.default_text = "\"default\"",
		.form = "\"default\", \"none\", or the path of a file",
		.help = "which system calls it may make",
		.change = CHANGE_RESTART,
	},
	{
		.name = "apparmor",
		.type = &type_apparmor,
		.offset = offsetof(struct security, apparmor),
		.default_text = "\"unconfined\"",
		.form = "\"unconfined\", or the name of a loaded profile",
		.help = "AppArmor profile that confines it, besides all else",
		.change = CHANGE_RESTART,
	},
	{
		.name = "masked_paths",
		.type = &type_paths,
		.offset = offsetof(struct security, masked_paths),
		.default_text = "[]",
		.form = "up to 64 absolute paths",
		.help = "files and directories that look empty, besides those of the kernel",
		.change = CHANGE_RESTART,
	},
	{
		.name = "readonly_paths",
		.type = &type_paths,
		.offset = offsetof(struct security, readonly_paths),
		.default_text = "[]",
		.form = "up to 64 absolute paths",
		.help = "files and directories that cannot be changed, besides those of the kernel",
		.change = CHANGE_RESTART,
	},
	{
		.name = "sysctls",
		.type = &type_sysctls,
		.offset = offsetof(struct security, sysctls),
		.default_text = "[]",
		.form = "up to 64 of \"NAME=VALUE\"",
		.help = "switches of the kernel that are the container's own: net.* and those of IPC",
		.change = CHANGE_LIVE, /* of those of net; compare.c knows which are not */
	},
	{
		.name = "devices",
		.type = &type_devices,
		.members = &device_keys,
		.elements = &device_elements,
		.help = "devices of the host that it may open besides the usual ones",
		.change = CHANGE_LIVE,
		.listed = true,
	},
};
const struct key_table security_keys = KEY_TABLE(security_keys_array);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups boot and shutdown of the manager file. */
#include "config/keys.h"
#include "config/values.h"

static const struct key boot_keys_array[] = {
	{
		.name = "parallel",
		.type = &type_parallel,
		.offset = offsetof(struct manager, boot.parallel),
		.default_text = "0",
		.form = "0 to 256",
		.help = "how many containers are on their way at a time; 0 for all that can be",
	},
	{
		.name = "group",
		.type = &type_group_name,
		.offset = offsetof(struct manager, boot.group),
		.default_text = "\"\"",
		.form = "a name in groups of containers, or \"\" for none",
		.help = "containers that are brought up before all others at boot",
	},
	{
		.name = "timeout",
		.type = &type_wait,
		.offset = offsetof(struct manager, boot.timeout_ms),
		.default_text = "\"90s\"",
		.form = "1s to 1h",
		.help = "time after which nothing more is started or waited for at boot",
	},
};
const struct key_table boot_keys = KEY_TABLE(boot_keys_array);

static const struct key shutdown_keys_array[] = {
	{
		.name = "timeout",
		.type = &type_wait,
		.offset = offsetof(struct manager, shutdown_timeout_ms),
		.default_text = "\"60s\"",
		.form = "1s to 1h",
		.help = "time all containers have together to end in when the host goes down",
	},
};
const struct key_table shutdown_keys = KEY_TABLE(shutdown_keys_array);
